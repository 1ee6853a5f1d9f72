"""What only real processes show: one run at a time, kills at every named point of a run, signals, a lost ledger."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from retention_cli import crash
from support.shell import process, retention, start
from support.smtp_sink import Say, SmtpSink, Turn
from support.tiny_shop import SETTINGS, make_shop

PEOPLE = 40
EVERYONE = "name: everyone\nwhere: {everyone: true}\n"
HELLO = "name: hello\ntrigger: {enters: everyone, backfill: true}\ngoals: {back: {when: {did: order}, window: 5 days}}\nsteps: [{send: letter}]\n"


def crowd(folder: Path, sink: SmtpSink, people: int = PEOPLE) -> Path:
    """Return a shop in which everybody gets one letter, by SMTP."""
    target = f'{{ledger: sqlite, public_url: https://mail.example.com, deliver: {{email: {{to: smtp, url: "{sink.url}"}}}}}}'
    settings = SETTINGS.split("targets:")[0] + f"policies: {{surge: {{at_most: 100%}}}}\ntargets:\n  default: {target}\n"
    rows = [(f"c{number}", f"person{number}@example.com", "Ann", "CZ", "2026-01-01") for number in range(people)]
    return make_shop(folder, {"retention.yml": settings, "segments/everyone.yml": EVERYONE, "campaigns/hello.yml": HELLO}, customers=rows)


def slow(turn: Turn) -> Say | None:
    """Take a while over every message."""
    return Say(b"250 2.0.0 ok\r\n", delay=0.05, keep=True) if turn.phase == "DOT" else None


def recipients(sink: SmtpSink) -> Counter[str]:
    """Count the copies that the server has, by address."""
    return Counter(str(message_from_bytes(received.raw)["To"]) for received in sink.accepted)


DECIDING = (
    "lock-taken",
    "ledger-opened",
    "snapshot-written",
    "sources-imported",
    "tick-planned",
    "before-delta-commit",
    "after-delta-commit",
    "run-finished",
)
"""The points before and after sending; those of sending itself are passed in tests/prove, and by `make prove` here too."""


SENDING = [pytest.param(point, marks=pytest.mark.prove) for point in crash.POINTS if point not in DECIDING]


@pytest.mark.parametrize("point", [*DECIDING, *SENDING])
def test_killed_at_any_named_point_the_next_run_ends_the_job(tmp_path: Path, point: str) -> None:
    """C02, C13: kill -9 at each point of a run; the next one needs nobody's help, loses nothing and sends nothing twice."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        first = process(shop, "run", "--as-of", "2026-05-01T09:00", env={"RETENTION_TEST_CRASH": f"{point}:1"})
        assert first.code == -signal.SIGKILL, first.said
        second = retention(shop, "run", "--as-of", "2026-05-01T09:01", "--format", "json")
        assert second.code in (0, 5), second.said
        doubtful = {row["customer"] for row in retention(shop, "unknown", "list", "--format", "json").json}
        got = recipients(sink)
    assert all(copies == 1 for copies in got.values()), "nothing twice"
    assert len(doubtful) <= 4, "at most one a connection"
    reached = {address.partition("@")[0].replace("person", "c") for address in got}
    assert reached | doubtful == {f"c{number}" for number in range(PEOPLE)}, "nothing lost"


def test_of_eight_runs_at_once_one_works(tmp_path: Path) -> None:
    """K01: eight starters at the same moment; one does the work, the others exit 4 and name its owner."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        assert retention(shop, "data", "import", "--as-of", "2026-05-01T09:00").code == 0
        runs = [start(shop, "run", "--as-of", "2026-05-01T09:00") for _ in range(4)]
        ends = [(run.communicate(timeout=120), run.returncode) for run in runs]
        got = recipients(sink)
    codes = Counter(code for _, code in ends)
    assert set(codes) <= {0, 4}
    assert codes[0] >= 1
    assert all("another run is at work: pid" in said for (_, said), code in ends if code == 4)
    assert sorted(got.values()) == [1] * PEOPLE


def test_sigterm_ends_a_run_in_order(tmp_path: Path) -> None:
    """C08: what is in flight finishes, nothing more is claimed, and the next run sends the rest once."""
    with SmtpSink(slow) as sink:
        shop = crowd(tmp_path / "shop", sink, people=200)
        run = start(shop, "run", "--as-of", "2026-05-01T09:00", "--format", "json")
        until = time.monotonic() + 60
        while len(sink.received) < 5 and time.monotonic() < until:
            time.sleep(0.01)
        run.send_signal(signal.SIGTERM)
        out, said = run.communicate(timeout=60)
        assert run.returncode == 5, said
        report = json.loads(out)
        assert report["messages"]["unknown"] == 0
        assert 5 <= report["messages"]["sent"] < 200
        before = sink.url
    with SmtpSink() as sink_again:
        settings = (shop / "retention.yml").read_text(encoding="utf-8").replace(before, sink_again.url)
        (shop / "retention.yml").write_text(settings, encoding="utf-8")
        assert retention(shop, "send").code == 0
        assert report["messages"]["sent"] + sum(recipients(sink_again).values()) == 200


def test_a_lost_ledger_is_refused_not_replaced(tmp_path: Path) -> None:
    """K13, R1: with its ledger gone a project does not start from nothing; that would write to everybody again."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        assert retention(shop, "run", "--as-of", "2026-05-01T09:00").code == 0
        for path in (shop / ".retention").glob("ledger.db*"):
            if path.is_file():
                path.unlink()
        refused = retention(shop, "run", "--as-of", "2026-05-01T10:00")
        assert refused.code == 6
        assert not (shop / ".retention" / "ledger.db").exists()
        assert retention(shop, "plan", "--as-of", "2026-05-01T10:00").code == 6
        assert sum(recipients(sink).values()) == PEOPLE


def test_a_server_that_is_away_defers_everything(tmp_path: Path) -> None:
    """S01: nothing is lost and nothing is called sent; exit 5, and the next send delivers."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
    away = retention(shop, "run", "--as-of", "2026-05-01T09:00", "--format", "json")
    assert (away.code, away.json["messages"]["deferred"], away.json["messages"]["sent"]) == (5, PEOPLE, 0)


def test_nothing_private_is_said(tmp_path: Path) -> None:
    """SEC22, SEC23: neither the password of the server nor anybody's address turns up in what a run says."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        settings = (shop / "retention.yml").read_text(encoding="utf-8").replace(sink.url, "${SMTP_URL}")
        (shop / "retention.yml").write_text(settings, encoding="utf-8")
        secret = {"SMTP_URL": sink.url.replace("smtp://", "smtp://user:SECRET_CANARY_1@")}
        said = ""
        for command in (("validate",), ("plan",), ("run",), ("status",), ("send",)):
            extra = ("--as-of", "2026-05-01T09:00") if command[0] in ("plan", "run") else ()
            ran = process(shop, *command, *extra, env=secret)
            said += ran.out + ran.said
    assert "SECRET_CANARY_1" not in said
    assert "@example.com" not in said.replace("shop@example.com", "").replace("stop@example.com", "")
    assert not any(b"SECRET_CANARY_1" in path.read_bytes() for path in shop.rglob("*") if path.is_file() and os.access(path, os.R_OK))
