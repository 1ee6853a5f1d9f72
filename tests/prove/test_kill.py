"""kill -9 in the middle of sending: nothing is lost, nothing arrives twice, every doubt is on the list."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from prove.killing import Proof, prove
from retention_cli.model.state import MessageState
from support.planned_ledger import faults, plan_messages, states
from support.postgres import postgres_cluster, postgres_url  # noqa: F401 - fixtures
from support.smtp_sink import Say, SmtpSink, Turn

if TYPE_CHECKING:
    from pathlib import Path


def test_killed_again_and_again(tmp_path: Path) -> None:
    """C01, C04, C05, C06 (R1, R2): 500 messages over 4 connections, 8 kills when the server has got 20 to 80 more."""
    verdict = prove(Proof(tmp_path, messages=500, kills=8, seed=8))
    assert verdict.broken == []
    assert verdict.kills == 8
    assert verdict.states == {"sent": verdict.sent, "unknown": verdict.unknown}


@pytest.mark.prove
def test_killed_at_length(tmp_path: Path) -> None:
    """C01 (R1, R2, R3): 5,000 messages, at least 50 kills; the figures are printed."""
    verdict = prove(Proof(tmp_path, messages=5000, kills=60))
    sys.stdout.write(f"\n{verdict}\n")
    assert verdict.broken == []
    assert verdict.kills >= 50
    assert verdict.unknown_not_received <= max(1, verdict.unknown // 100), "doubts are true: at least 99 in 100 did arrive"


def test_a_kill_before_the_intent_leaves_no_doubt(tmp_path: Path) -> None:
    """C02, C03, C04: the messages go again by themselves, in one copy, and none is ever unknown."""
    points = ("claimed:1", "rendered:1", "before-body:1", "before-committing:1")
    verdict = prove(Proof(tmp_path, messages=20, kills=0, connections=1, points=points))
    assert verdict.broken == []
    assert (verdict.kills, verdict.unknown, verdict.sent) == (len(points), 0, 20)


def test_a_kill_after_the_dot_is_a_listed_doubt(tmp_path: Path) -> None:
    """C02, C05, C06: each has arrived, is `unknown`, and is not sent again; what was answered and noted is `sent`."""
    points = ("after-dot:1", "after-reply:2", "before-result-commit:1")
    verdict = prove(Proof(tmp_path, messages=20, kills=0, connections=1, points=points))
    assert verdict.broken == []
    assert (verdict.kills, verdict.unknown, verdict.unknown_not_received) == (3, 2, 0)
    assert (verdict.sent, verdict.received) == (18, 20)


def test_a_kill_around_the_marks(tmp_path: Path) -> None:
    """C02: durable but not yet sent is a doubt too, and the only one that has not arrived; a durable outcome is none."""
    verdict = prove(Proof(tmp_path, messages=20, kills=0, connections=1, points=("after-committing:1", "after-result-commit:3", "before-body:2")))
    assert verdict.broken == []
    assert verdict.kills == 3
    assert 1 <= verdict.unknown_not_received <= 2  # an outcome becomes durable together with the next intent
    assert verdict.unknown <= 3


def test_killed_on_postgresql(tmp_path: Path, postgres_url: str) -> None:  # noqa: F811 - a fixture is asked for by its name
    """C01 on a server: a sender's death is known by the lock of its session."""
    verdict = prove(Proof(tmp_path, messages=200, kills=3, ledger=postgres_url))
    assert verdict.broken == []
    assert verdict.kills == 3


def test_senders_beside_each_other(tmp_path: Path) -> None:
    """Two processes on one ledger, each with a lock of its own: nothing twice, and the death of one leaves the other at work."""
    proof = Proof(tmp_path, messages=400, kills=0)
    plan_messages(proof.location, proof.witness, proof.messages)
    enough = threading.Event()
    with SmtpSink(on_message=lambda count: enough.set() if count >= 100 else None) as sink:
        senders = [subprocess.Popen(proof.command(sink.url), env=proof.environment("")) for _ in range(2)]
        assert enough.wait(60)
        senders[0].kill()
        assert [sender.wait(60) for sender in senders] == [-signal.SIGKILL, 0]
        assert subprocess.run(proof.command(sink.url), env=proof.environment(""), check=False, timeout=60).returncode == 0
    found = states(proof.location)
    got = [message.rcpts[0] for message in sink.received]
    doubts = sum(state is MessageState.UNKNOWN for state in found.values())
    assert faults(proof.location) == []
    assert len(got) == len(set(got))
    assert doubts <= proof.connections
    assert set(found.values()) <= {MessageState.SENT, MessageState.UNKNOWN}
    assert proof.messages - doubts <= len(got) <= proof.messages


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux to limit another process")
@pytest.mark.parametrize("size", [120_000, 300_000, 500_000])
def test_a_full_disk_stops_and_loses_nothing(size: int, tmp_path: Path) -> None:
    """K08: not one final dot without a durable mark; once there is room again the next start finishes."""
    proof = Proof(tmp_path, messages=300, kills=0)
    plan_messages(proof.location, proof.witness, proof.messages)
    with SmtpSink() as sink:
        surroundings = {**proof.environment(""), "PYTHONDONTWRITEBYTECODE": "1"}  # a compiled module must not be cut short
        sender = subprocess.Popen(proof.command(sink.url), env=surroundings, stderr=subprocess.DEVNULL)
        resource.prlimit(sender.pid, resource.RLIMIT_FSIZE, (size, size))
        assert sender.wait(60) not in (0, -signal.SIGKILL)
        assert len(sink.received) < proof.messages
        assert subprocess.run(proof.command(sink.url), env=proof.environment(""), check=False, timeout=60).returncode == 0
    found = states(proof.location)
    got = [message.rcpts[0] for message in sink.received]
    doubts = sum(state is MessageState.UNKNOWN for state in found.values())
    assert faults(proof.location) == []
    assert len(got) == len(set(got)) >= proof.messages - doubts
    assert doubts <= proof.connections


def test_sigterm_ends_in_order(tmp_path: Path) -> None:
    """C08: what is in flight finishes, nothing is claimed any more, nothing is unknown, the rest is planned."""
    enough = threading.Event()

    def behave(turn: Turn) -> Say | None:
        return Say(b"250 2.0.0 ok\r\n", delay=0.02, keep=True) if turn.phase == "DOT" else None

    proof = Proof(tmp_path, messages=400, kills=0)
    plan_messages(proof.location, proof.witness, proof.messages)
    with SmtpSink(behave, on_message=lambda count: enough.set() if count >= 30 else None) as sink:
        sender = subprocess.Popen(proof.command(sink.url), env=proof.environment(""))
        assert enough.wait(60)
        sender.send_signal(signal.SIGTERM)
        assert sender.wait(60) == 0
    found = states(proof.location)
    assert faults(proof.location) == []
    assert sum(state is MessageState.SENT for state in found.values()) == len(sink.received)
    assert set(found.values()) == {MessageState.SENT, MessageState.PLANNED}
