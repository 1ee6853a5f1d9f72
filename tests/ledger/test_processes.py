"""Real processes on one ledger: locks, claims, kills and a full disk (K01, K04, K08, C01)."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import LedgerRefused, LockHeld
from retention_cli.ledger.connect import log_of
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.lock import run_lock, sender_is_dead
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, begin, check_invariants, query, seed, states, tick

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention_cli.ledger.location import Location

PRELUDE = """
import os, signal, sys
from pathlib import Path
from support.ledgers import AS_OF, begin, seed, tick
from retention_cli.errors import LockHeld
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.lock import run_lock
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.model.state import MessageState
location = Location.parse(sys.argv[1], Path("."))
if location.url is not None:
    import sqlalchemy.dialects.postgresql.psycopg, psycopg  # once, before the processes part
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def in_processes(count, work):
    for number in range(count):
        if os.fork() == 0:
            work(number)
            os._exit(0)
    for _ in range(count):
        os.wait()
"""

STARTERS = """
def work(number):
    try:
        with run_lock(location, host="here", pid=os.getpid(), since="now"):
            say("ran", os.getpid())
            sys.stdin.read()
    except LockHeld as held:
        say("held", held)
in_processes(8, work)
"""

CLAIMERS = """
def work(number):
    with Outbox(location, f"sender{number}") as outbox:
        while claims := outbox.claim(50, AS_OF, "email"):
            say(*(claim.message for claim in claims))
            outbox.mark([Mark(claim.message, MessageState.COMMITTING, AS_OF) for claim in claims])
            outbox.mark([Mark(claim.message, MessageState.SENT, AS_OF) for claim in claims])
in_processes(4, work)
"""

OWNER = """
with run_lock(location, host="here", pid=os.getpid(), since="then"):
    say("ran")
    sys.stdin.read()
"""

PLANNER_AND_SENDER = """
with open_ledger(location) as ledger, Outbox(location, "mortal") as outbox:
    outbox.recover(AS_OF)
    while True:
        seed(ledger, 25)
        say("ticks")
        for claims in iter(lambda: outbox.claim(10, AS_OF, "email"), []):
            committing = outbox.mark([Mark(claim.message, MessageState.COMMITTING, AS_OF) for claim in claims])
            say("committing", *committing)
            outbox.mark([Mark(message, MessageState.SENT, AS_OF) for message in committing])
            say("sent", *committing)
"""


def start(location: Location, script: str) -> subprocess.Popen[str]:
    """Start a process on a ledger."""
    address = f"sqlite:{location.path}" if location.url is None else location.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, address],
        env={**os.environ, "PYTHONPATH": "tests"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    """Read so many lines of what a process says."""
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def test_k01_of_eight_that_start_together_one_runs(location: Location) -> None:
    with start(location, STARTERS) as process:
        said = lines(process, 8)
        [ran] = [line for line in said if line.startswith("ran")]
        held = [line for line in said if line.startswith("held")]
        process.communicate("")
    assert len(held) == 7
    owner = f"pid {ran.split()[1]} on here since now"
    assert all(line == f"held another run is at work: {owner}" or "not said its name" in line for line in held)
    assert process.returncode == 0


def test_k04_a_killed_owner_frees_the_lock(location: Location) -> None:
    with start(location, OWNER) as process:
        assert lines(process, 1) == ["ran"]
        with pytest.raises(LockHeld, match=f"pid {process.pid} on here since then"), run_lock(location, host="x", pid=1, since="now"):
            pytest.fail("the lock was had twice")
        process.kill()
        process.wait()
        for _ in range(100):  # a server notices a closed connection a moment later
            try:
                with run_lock(location, host="x", pid=1, since="now"):
                    return
            except LockHeld:
                if location.url is None:
                    raise
                process.poll()
    pytest.fail("the lock outlived its owner")


def test_the_lock_is_free_after_a_run_that_failed(location: Location) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), run_lock(location, host="x", pid=1, since="now"):
            raise ZeroDivisionError


def test_a_sender_is_dead_when_its_lock_is_free(location: Location) -> None:
    open_ledger(location).close()
    with Outbox(location, "s1") as living:
        assert not sender_is_dead(location, living.sender)
        assert sender_is_dead(location, "s2")
    assert sender_is_dead(location, living.sender)


def test_four_processes_claim_each_message_once(location: Location) -> None:
    with open_ledger(location) as ledger:
        seed(ledger, 4_000)
    with start(location, CLAIMERS) as process:
        said, _ = process.communicate("")
    assert process.returncode == 0
    counted = Counter(said.split())
    assert len(counted) == 4_000
    assert max(counted.values()) == 1
    assert Counter(states(location).values()) == {"sent": 4_000}
    check_invariants(location)


def test_c01_what_was_said_to_be_durable_survives_a_kill(location: Location) -> None:
    """A planner and sender in one process, killed anywhere: nothing that a mark returned is lost, nothing is half."""
    chance = random.Random(11)  # noqa: S311 - no secret
    durable: dict[str, str] = {}
    ticks = 0
    for _ in range(2):
        process = start(location, PLANNER_AND_SENDER)
        for line in lines(process, chance.randrange(1, 60)):
            word, *messages = line.split()
            ticks += word == "ticks"
            durable.update(dict.fromkeys(messages, word))
        process.kill()
        process.communicate()
    with Outbox(location, "next") as outbox:
        outbox.recover(AS_OF)
    found = {str(message): state for message, state in states(location).items()}
    assert len(found) % 25 == 0
    assert len(found) >= 25 * ticks
    assert {found[message] for message, word in durable.items() if word == "sent"} <= {"sent"}
    assert {found[message] for message, word in durable.items() if word == "committing"} <= {"unknown", "sent"}
    check_invariants(location)


@contextmanager
def full_disk_at(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as a disk without room would (SIGXFSZ is ignored by Python)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def work_until_full(location: Location) -> None:
    """Plan and send until the ledger is refused."""
    with open_ledger(location) as ledger, Outbox(location, "sender") as outbox:
        for _ in range(30):
            ledger.record(begin(ledger), tick(ledger.position(), 50))
            claims = outbox.claim(20, AS_OF, "email")
            moved = outbox.mark([Mark(claim.message, MessageState.COMMITTING, AS_OF) for claim in claims])
            outbox.mark([Mark(message, MessageState.SENT, AS_OF) for message in moved])


@pytest.mark.parametrize("size", [0, 4_096, 30_000, *range(120_000, 600_000, 40_001)])
def test_k08_a_full_disk_stops_and_loses_nothing(file_location: Location, size: int) -> None:
    with full_disk_at(size), pytest.raises(LedgerRefused):
        work_until_full(file_location)
    with open_ledger(file_location) as ledger:
        seed(ledger, 1)
        before = ledger.position()
    with Outbox(file_location, "next") as outbox:
        outbox.recover(AS_OF)
    check_invariants(file_location)
    [(journeys, messages)] = query(file_location, "SELECT (SELECT count(*) FROM journeys), (SELECT count(*) FROM messages)")
    assert journeys == messages
    assert journeys % 50 == 1
    assert before.next_journey == journeys + 1


def test_k08_a_disk_full_at_the_clean_end_loses_nothing(file_location: Location) -> None:
    """The log cannot be folded into the file: it stays, and the next opening reads both."""
    ledger = open_ledger(file_location)
    seed(ledger, 300)
    with full_disk_at(file_location.file.stat().st_size):
        ledger.close()
    assert log_of(file_location.file).exists()
    with open_ledger(file_location) as again:
        assert again.position().next_message == 301
    check_invariants(file_location)


def test_a_busy_ledger_is_waited_for(file_location: Location, tmp_path: Path) -> None:
    """Two writers in two processes: short transactions, no lock error."""
    assert tmp_path == file_location.file.parents[1]
    with open_ledger(file_location) as ledger:
        seed(ledger, 1_000)
        with start(file_location, CLAIMERS) as process:
            for _ in range(20):
                seed(ledger, 5)
            process.communicate("")
        assert process.returncode == 0
    check_invariants(file_location)
