"""What policies and campaigns say of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from project.case_files import told
from project.shop import FILES, make
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """\
kind: {kind}
topic: {topic}
trigger: {{enters: vip}}
goals: {{ordered: {{when: {{did: order}}, window: 5 days}}}}
steps: [{{send: hello}}]
"""
CHANGES = "policies: {consent: {source: orders, topics: {news: opt_in, service: opt_out}}, caps: [{at_most: 1, per: day, topic: service}]}\n"
TARGET = 'targets: {live: {ledger: sqlite, deliver: {email: {to: smtp, url: "smtp://127.0.0.1"}}}}\n'


def problems(root: Path, settings: str, *, kind: str = "brand", topic: str = "news", file: str = "retention.yml") -> tuple[str, ...]:
    """Return what is wrong, as cases write it."""
    files = {"retention.yml": FILES["retention.yml"] + settings, "campaigns/c.yml": CAMPAIGN.format(kind=kind, topic=topic)}
    return told(load(make(root, files), {})[1], file)


def test_a_campaign_is_about_a_topic_that_consent_has(tmp_path: Path) -> None:
    assert problems(tmp_path, CHANGES) == ()
    wrong = problems(tmp_path, CHANGES, topic="srvice", file="campaigns/c.yml")
    assert wrong == ("2:8 unknown-topic: there is no topic 'srvice' | did you mean 'service'?",)


@pytest.mark.parametrize("consent", ["", "consent: {email: newsletter}, "])
def test_without_topics_of_consent_a_topic_is_a_name_for_caps(tmp_path: Path, consent: str) -> None:
    assert problems(tmp_path, f"policies: {{{consent}caps: [{{at_most: 1, per: day, topic: news}}]}}\n") == ()
    [wrong] = problems(tmp_path, f"policies: {{{consent}caps: [{{at_most: 1, per: day, topic: nwes}}]}}\n")
    assert wrong.endswith("unknown-topic: there is no topic 'nwes' | did you mean 'news'?")


def test_what_nothing_holds_back_is_a_warning_where_marketing_is_truly_sent(tmp_path: Path) -> None:
    """Once each; a rehearsal and what is transactional need no policy."""
    found = problems(tmp_path, TARGET)
    assert [problem.partition(": ")[0] for problem in found] == ["7:11 warning no-policy"] * 3
    assert "nobody is asked whether they consented" in found[0]
    with_all = (
        f'policies: {{consent: {{email: newsletter}}, quiet_hours: {{from: "21:00", to: "08:00"}}, caps: [{{at_most: 3, per: 7 days}}]}}\n{TARGET}'
    )
    assert problems(tmp_path, with_all) == ()
    assert problems(tmp_path, TARGET, kind="transactional") == ()
    assert problems(tmp_path, "") == ()
