"""What a person can stop while messages leave: everything by a file, one campaign by its switch. Real processes and a slow server."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from cli.test_processes import HELLO, crowd, slow
from retention_cli.ledger.location import Location
from support.ledgers import check_invariants
from support.shell import process, retention, start
from support.smtp_sink import SmtpSink
from support.tiny_shop import write

PEOPLE = 400
AS_OF = "2026-05-01T09:00"
SECOND = HELLO.replace("name: hello", "name: hello_too").replace("send: letter", "send: letter, id: too")


def begun(shop: Path, sink: SmtpSink, *command: str) -> subprocess.Popen[str]:
    """Start a command and wait until messages are leaving."""
    running = start(shop, *command, "--format", "json")
    until = time.monotonic() + 60
    while len(sink.received) < 8 and time.monotonic() < until:
        time.sleep(0.01)
    assert running.poll() is None
    return running


def ended(running: subprocess.Popen[str]) -> tuple[Any, str]:
    """Return what a command printed and said at its end; exit 5."""
    out, said = running.communicate(timeout=60)
    assert running.returncode == 5, said
    return json.loads(out), said


def at_rest(sink: SmtpSink, after: float) -> int:
    """Return how many messages the server has a second after a moment, when nothing more may come."""
    time.sleep(max(0.0, after + 1.0 - time.monotonic()))
    return len(sink.received)


@pytest.mark.parametrize("command", ["run", "send"])
def test_j21_the_stop_file_halts_a_dispatch_within_a_second(tmp_path: Path, command: str) -> None:
    """J21: another process makes the file; after a second the server gets nothing more; what is left is planned, nothing in doubt."""
    with SmtpSink(slow) as sink:
        shop = crowd(tmp_path / "shop", sink, people=PEOPLE)
        if command == "send":
            planned_only(shop)
        running = begun(shop, sink, command, *(("--as-of", AS_OF) if command == "run" else ()))
        subprocess.run(["touch", ".retention/stop"], cwd=shop, check=True)
        received = at_rest(sink, time.monotonic())
        report, _ = ended(running)
        assert len(sink.received) == received < PEOPLE
    assert (report["messages"]["sent"], report["messages"]["unknown"]) == (received, 0)
    assert report.get("left", PEOPLE - received) == PEOPLE - received
    assert retention(shop, "status", "--format", "json").json["messages"] == [
        {"campaign": "hello", "state": "planned", "count": PEOPLE - received},
        {"campaign": "hello", "state": "sent", "count": received},
    ]
    check_invariants(Location.parse("sqlite", shop))


def planned_only(shop: Path) -> None:
    """Have everything planned and nothing sent: a run is killed right after it has recorded."""
    assert process(shop, "run", "--as-of", AS_OF, env={"RETENTION_TEST_CRASH": "after-delta-commit:1"}).code == -signal.SIGKILL


def test_while_the_file_is_there_nothing_is_decided_or_sent_and_afterwards_nobody_is_missed(tmp_path: Path) -> None:
    """Exit 5 each time, with what is left; `plan` says it too; once the file is gone everybody gets one letter."""
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        write(shop, ".retention/stop", "")
        ran = retention(shop, "run", "--as-of", AS_OF, "--format", "json")
        assert (ran.code, ran.json["run"], ran.json["campaigns"], ran.json["exit"]) == (5, None, [], 5)
        told = retention(shop, "run", "--as-of", AS_OF)
        assert (told.code, ".retention/stop is there; nothing leaves until it is removed" in told.said) == (5, True)
        assert ".retention/stop is there" in retention(shop, "plan", "--as-of", AS_OF).said
        assert retention(shop, "send", "--format", "json").code == 5
        assert retention(shop, "status", "--format", "json").json["runs"] == []
        assert sink.connections == 0
        (shop / ".retention" / "stop").unlink()
        assert retention(shop, "run", "--as-of", AS_OF).code == 0
        assert len(sink.received) == 40


def test_j21_a_campaign_that_is_switched_off_is_held_at_once_and_the_others_go_on(tmp_path: Path) -> None:
    """`enabled: false` is saved while both campaigns' letters leave: within a second that one's stop, the other's all arrive."""
    with SmtpSink(slow) as sink:
        shop = crowd(tmp_path / "shop", sink, people=150)
        write(shop, "campaigns/hello_too.yml", SECOND)
        running = begun(shop, sink, "run", "--as-of", AS_OF)
        write(shop, "campaigns/hello.yml", HELLO.replace("name: hello\n", "name: hello\nenabled: false\n"))
        report, said = ended(running)
    sent = {row["campaign"]: row["count"] for row in retention(shop, "status", "--format", "json").json["messages"] if row["state"] == "sent"}
    assert (sent["hello_too"], sent["hello"] < 150) == (150, True)
    assert (report["messages"]["sent"], report["messages"]["held"]) == (150 + sent["hello"], 150 - sent["hello"])
    assert f"{150 - sent['hello']} messages held: their campaign is off" in said
    check_invariants(Location.parse("sqlite", shop))


def test_send_holds_what_belongs_to_a_campaign_that_is_off_and_a_run_frees_it(tmp_path: Path) -> None:
    with SmtpSink() as sink:
        shop = crowd(tmp_path / "shop", sink)
        planned_only(shop)
        write(shop, "campaigns/hello.yml", HELLO.replace("name: hello\n", "name: hello\nenabled: false\n"))
        sent = retention(shop, "send", "--format", "json")
        assert (sent.code, sent.json["messages"]["held"], sent.json["messages"]["sent"], sink.connections) == (5, 40, 0, 0)
        write(shop, "campaigns/hello.yml", HELLO)
        assert retention(shop, "run", "--as-of", AS_OF).code == 0
        assert len(sink.received) == 40


def test_a_campaign_file_in_the_middle_of_a_change_switches_nothing(tmp_path: Path) -> None:
    """What cannot be read says nothing: the letters go on."""
    with SmtpSink(slow) as sink:
        shop = crowd(tmp_path / "shop", sink, people=150)
        running = begun(shop, sink, "run", "--as-of", AS_OF)
        write(shop, "campaigns/hello.yml", HELLO + "steps: [\n")
        out, said = running.communicate(timeout=120)
        assert (running.returncode, json.loads(out)["messages"]["sent"]) == (0, 150), said
