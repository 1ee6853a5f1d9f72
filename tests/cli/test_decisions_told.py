"""What plan, run, send and status print: tables like the analyst's, by the shop's locale; talk goes to stderr."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from support.shell import retention
from support.terminal import STYLE, in_terminal
from support.tiny_shop import SETTINGS, make_shop

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "retention.yml": SETTINGS.replace("locale: en_US", "locale: cs_CZ") + "policies: {surge: {at_most: 100%}}\n",
    "segments/everybody.yml": "where: {everyone: true}\n",
    "campaigns/greeting.yml": """\
        trigger: {enters: everybody, backfill: true}
        audience: {country: {in: [CZ, SK]}}
        exit: {ordered: {did: order, since: entry}}
        goals: {visited: {when: {did: page_view}, window: 5 days}}
        steps: [{send: letter}, {wait: 3 days}]
        """,
}
RULE = "─"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """1,203 people, of whom two live abroad and one has no address."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(platform, "node", lambda: "box")
    crowd = [(f"p{n}", f"p{n}@example.com", "Pat", "CZ" if n > 1 else "DE", "2026-01-01") for n in range(1_202)]
    return make_shop(tmp_path / "shop", FILES, customers=[*crowd, ("c", "", "", "CZ", "2026-01-03")])


def test_in_a_pipe_a_campaign_is_one_whole_line(shop: Path) -> None:
    ran = retention(shop, "plan", "--as-of", "2026-05-01T09:00")
    assert ran.out == (
        "campaign  enter   send  waiting  exit  held back     turned away        baseline\n"
        f"{RULE * 80}\n"
        "greeting  1\u00a0201  1\u00a0200    1\u00a0201        no address 1  not_in_audience 2\n"
    )
    assert ran.said.endswith("as of 1. 5. 2026 9:00: a run would send 1,200 messages\n")


def test_on_a_terminal_a_row_is_folded_and_nothing_is_cut(shop: Path) -> None:
    commands = [("plan", "--as-of", "2026-05-01T09:00")]
    styled, plain = in_terminal(shop, commands), in_terminal(shop, commands, env={"NO_COLOR": "1"})
    assert STYLE.sub("", styled) == plain
    assert ("\x1b[1m" in styled, "\x1b" in plain) == (True, False)
    assert max(map(len, plain.splitlines())) <= 80
    narrow = in_terminal(shop, commands, columns=76, env={"NO_COLOR": "1"})
    assert max(map(len, narrow.splitlines())) <= 76
    assert narrow.splitlines()[3].startswith("greeting  1\u00a0201  1\u00a0200    1\u00a0201")
    assert all(word in narrow for word in ("no address 1", "not_in_audie")), narrow


def test_what_was_done_is_told_in_tables_with_a_line_between(shop: Path) -> None:
    ran = retention(shop, "run", "--as-of", "2026-05-01T09:00")
    assert ran.code == 0, ran.said
    assert ran.out.split("\n\n")[1] == f"messages    count\n{RULE * 17}\nsent        1\u00a0200\nsuppressed      1\n"
    status = retention(shop, "status")
    assert [part.splitlines()[0] for part in status.out.split("\n\n")] == ["Runs", "Journeys", "Messages"]
    assert status.out.splitlines()[:4] == [
        "Runs",
        "run  as of            messages                  target   host",
        RULE * 61,
        "  1  1. 5. 2026 9:00  sent 1\u00a0200, suppressed 1  default  box",
    ]
    assert status.said == ""
    again = retention(shop, "send")
    assert (again.code, again.out, again.said) == (0, "", "no message left and none was stopped\n")


def test_where_nothing_has_run_only_talk_comes(shop: Path) -> None:
    assert (retention(shop, "status").out, retention(shop, "status").said) == ("", "nothing has run yet\n")
    assert retention(shop, "status", "--format", "json").json == {
        "runs": [],
        "journeys": [],
        "messages": [],
        "goals": [],
        "held": [],
        "vouchers": [],
        "daemon": None,
        "stopped": False,
    }
