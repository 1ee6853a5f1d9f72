"""The next question wherever a field may stand: what is shown of it, tests of it, a campaign that asks, and the mail that names it."""

from __future__ import annotations

import shutil
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from support.shell import retention
from support.tiny_shop import write

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
name: Tiny shop
timezone: Europe/Prague
sender: {email: shop@example.com, unsubscribe: stop@example.com}
sources:
  customers: {path: data/customers.csv, key: customer_id, types: {hobbies: list, how_many: integer}}
  answers: {path: data/answers.csv, customer: customer_id, time: answered_at, event: answer}
questions:
  - {ask: hobby, field: hobbies, answers: {cycling: Bicycles, running: Running}, several: true}
  - {ask: channel, field: preferred_channel, answers: [email, sms]}
  - {ask: how_many, field: how_many, answers: [2, 4, 8]}
targets:
  default: {deliver: {email: {to: folder, path: outbox}}, public_url: https://mail.example.com}
"""
CUSTOMERS = """\
customer_id,email,hobbies,preferred_channel,how_many
ann,ann@example.com,,,
bob,bob@example.com,cycling,sms,4
cyd,cyd@example.com,cycling|running,email,
"""
ANSWERS = "customer_id,answered_at,question,answer\nann,2026-04-01 10:00,hobby,running\n"
LATER = "ann,2026-05-01 10:00,channel,sms\nann,2026-05-01 10:01,how_many,2\n"
CAMPAIGN = """\
trigger: {enters: to_ask, backfill: true}
audience: {next_question: present}
exit: {complete: {next_question: missing}}
goals: {answered: {when: {did: answer}, window: 14 days}}
steps: [{send: one-question}, {wait: 10 days}, {if: {next_question: channel}, then: [{send: one-question, id: again}]}]
"""
TEMPLATE = """\
---
subject: One question
---
<p>Today we ask: {{ customer.next_question }}. Thank you for the answer, it takes a minute.</p>
<p><a href="{{ unsubscribe_url }}">No more letters</a></p>
"""
TEST = """\
as_of: 2026-05-01
given:
  customers: [{customer_id: new}, {customer_id: told, hobbies: [cycling], preferred_channel: sms, how_many: 2}]
  answers: [{customer_id: new, question: hobby, answer: cycling, answered_at: 2026-04-01}]
expect: [{segment: to_ask, is: [new]}, {metric: next_question, values: {new: channel, told: missing}}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        "retention.yml": SETTINGS,
        "segments/to_ask.yml": "where: {next_question: present}\n",
        "segments/hobby_first.yml": "where: {next_question: {is: hobby}}\n",
        "campaigns/ask.yml": CAMPAIGN,
        "templates/one-question.html": TEMPLATE,
        "tests/asked.yml": TEST,
        "data/customers.csv": CUSTOMERS,
        "data/answers.csv": ANSWERS,
    }
    folder = tmp_path_factory.mktemp("questions") / "shop"
    for name, text in files.items():
        write(folder, name, text)
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return shutil.copytree(made, tmp_path / "shop")


def run(shop: Path, as_of: str) -> None:
    done = retention(shop, "run", "--as-of", as_of)
    assert done.code == 0, done.said


def questions_sent(shop: Path) -> dict[str, str]:
    """Return what was asked of whom, of all messages in the outbox."""
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((shop / "outbox").glob("*.eml"))]
    bodies = {str(mail["to"]): mail.get_body(("plain",)) for mail in mails}
    return {to: body.get_content().partition("ask: ")[2].partition(".")[0] for to, body in bodies.items() if body is not None}


def test_the_project_is_sound_and_its_test_passes(shop: Path) -> None:
    assert retention(shop, "validate").code == 0
    ran = retention(shop, "test")
    assert (ran.code, "✗" in ran.out) == (0, False), ran.out


def test_previews_and_explanations_tell_it(shop: Path) -> None:
    as_of = ("--as-of", "2026-04-10")
    preview = retention(shop, "segment", "preview", "to_ask", "--fields", "next_question", "--format", "json", *as_of)
    assert {row["customer_id"]: row["next_question"] for row in preview.json["rows"]} == {"ann": "channel", "cyd": "how_many"}
    assert "✗ next_question = hobby  (channel)" in retention(shop, "segment", "explain", "hobby_first", "ann", *as_of).out
    assert "✗ next_question" in retention(shop, "segment", "explain", "to_ask", "bob", *as_of).out


def test_the_list_of_metrics_tells_what_it_stands_on(shop: Path) -> None:
    found = {each["name"]: each for each in retention(shop, "metric", "list", "--format", "json").json}["next_question"]
    assert (found["type"], found["unit"], found["sources"], found["not_there"]) == ("text", None, ["customers", "answers"], None)
    write(shop, "retention.yml", SETTINGS.partition("questions:")[0])
    without = {each["name"]: each for each in retention(shop, "metric", "list", "--format", "json").json}["next_question"]
    assert without["not_there"] == "needs questions in retention.yml"


def test_who_has_answered_everything_leaves_the_campaign_that_asks(shop: Path) -> None:
    run(shop, "2026-04-10T09:00")
    assert questions_sent(shop) == {"ann@example.com": "channel", "cyd@example.com": "how_many"}
    write(shop, "data/answers.csv", ANSWERS + LATER)
    [asked] = retention(shop, "run", "--as-of", "2026-05-02T09:00", "--format", "json").json["campaigns"]
    assert (asked["exit"], asked["send"]) == ({"complete": 1}, 0)


def test_who_has_not_is_asked_the_same_once_more(shop: Path) -> None:
    write(shop, "campaigns/ask.yml", CAMPAIGN.replace("{next_question: channel}", "{next_question: {in: [channel, how_many]}}"))
    run(shop, "2026-04-10T09:00")
    run(shop, "2026-04-21T09:00")
    assert len(list((shop / "outbox").glob("*.eml"))) == 4
