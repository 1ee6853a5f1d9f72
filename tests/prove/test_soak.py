"""R14: a soak at full rate against a mail server that misbehaves at random: memory stays flat, nothing is lost, nothing leaves twice.

Round after round more messages are planned, and those that wait are tried again. The server is the ground truth: what it took is
counted by message, and compared with what the ledger says. `RETENTION_SOAK_MINUTES` is how long `make prove` does so.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retention_cli.clock import ManualClock
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.dispatch import Plan, dispatch
from retention_cli.deliver.mail import Mail, checked
from retention_cli.deliver.outbox import micros
from retention_cli.errors import SendingStopped
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Outbox
from retention_cli.model.state import MessageState
from support.ledgers import begin, query, tick
from support.planned_ledger import faults
from support.smtp_sink import DROP, RESET, Say, SmtpSink, Turn

if TYPE_CHECKING:
    from retention_cli.ledger.rows import Claim

NOW = datetime(2026, 5, 1, tzinfo=UTC)
A_ROUND, PAUSE = 1_000, timedelta(hours=6)
LATER, NEVER = Say(b"451 4.3.0 not now\r\n"), Say(b"550 5.1.1 no such user\r\n")
MISDEEDS = {
    "MAIL": (LATER, DROP, RESET),
    "RCPT": (LATER, NEVER, DROP, Say(b"\x00\xff what\r\n")),
    "DATA": (LATER, DROP, Say(b"35", then="drop")),
    "DOT": (
        LATER,
        Say(b"554 5.6.0 no\r\n"),
        Say(b"250 2.0.0 taken\r\n", then="drop", keep=True),
        Say(b"25", then="drop", keep=True),
        Say(b"", then="drop", keep=True),
        Say(b"", then="reset"),
    ),
}
"""What the server does instead of its duty; with `keep` it took the message all the same."""
SHARE = 0.01
BODY = b"hello hello hello hello hello hello hello hello hello hello hello hello\r\n" * 250
"""18 KB."""
TAKEN, FREE = frozenset({"sent"}), frozenset({"planned", "deferred", "refused", "suppressed"})
MEBIBYTE = 1 << 20
MOST_GROWTH = 96 * MEBIBYTE
"""The ledger's page cache, of 64 MiB, fills as the ledger grows; what leaks with each message would be many times that."""
WARM = 3
"""Rounds after which memory is measured for the first time."""


@dataclass
class Soak:
    """How often the server took each message, by its id, and how much memory this process has had."""

    location: Location
    witness: Path
    chance: random.Random = field(default_factory=lambda: random.Random(14))  # noqa: S311 - misdeeds, no secrets
    took: bytearray = field(default_factory=lambda: bytearray(1))
    sizes: list[int] = field(default_factory=list)
    rounds: int = 0

    def behave(self, turn: Turn) -> Say | None:
        """Misbehave now and then."""
        return self.chance.choice(MISDEEDS[turn.phase]) if turn.phase in MISDEEDS and self.chance.random() < SHARE else None

    def plan(self, at: datetime) -> None:
        """Plan a round's messages, as a run does."""
        self.took.extend(bytes(A_ROUND))
        with open_ledger(self.location, witness_dir=self.witness) as ledger:
            run = begin(ledger, micros(at))
            ledger.record(run, tick(ledger.position(), A_ROUND, as_of=micros(at)))

    def send(self, at: datetime, sink: SmtpSink) -> None:
        """Send what may leave, and count what the server took; it may turn us away for a while."""
        plan = Plan(connections=8, max_age=timedelta(days=3650))
        with Outbox(self.location, f"soak-{self.rounds}", witness_dir=self.witness) as outbox:
            outbox.recover(micros(at))
            with suppress(SendingStopped):
                dispatch(outbox, Smtp(SmtpUrl.parse(sink.url), 5.0), compose, ManualClock(at), plan)
        for got in sink.take():
            self.took[int(got.raw.partition(b"Subject: ")[2].partition(b"\r\n")[0])] += 1

    def check(self) -> None:
        """Compare the ledger with what the server took."""
        assert [message for message, count in enumerate(self.took) if count > 1] == []
        wrong = [
            (message, state)
            for message, state in query(self.location, "SELECT id, state FROM messages")
            if (state in TAKEN and not self.took[message]) or (state in FREE and self.took[message])
        ]
        assert wrong == []


def compose(claim: Claim, _context: bytes, _template: str) -> Mail:
    head = f"From: shop@example.com\r\nTo: {claim.address}\r\nSubject: {claim.message}\r\n\r\n".encode()
    raw = head + BODY
    return checked(Mail(f"{claim.message:032x}", raw, "shop@example.com", claim.address, "sha"))


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def soak(folder: Path, seconds: float) -> Soak:
    """Go on for so long, and a few rounds more in which the server behaves, so that all that waits can leave."""
    location, witness = Location(path=folder / "ledger.db"), folder / "witness"
    open_ledger(location, witness_dir=witness).close()
    found, at, until = Soak(location, witness), NOW, time.monotonic() + seconds
    with SmtpSink(found.behave) as sink:
        while time.monotonic() < until or found.rounds <= WARM:
            found.plan(at)
            found.send(at, sink)
            found.rounds, at = found.rounds + 1, at + PAUSE
            if found.rounds >= WARM:
                found.sizes.append(resident())
    found.check()
    with SmtpSink() as sink:
        for _ in range(3):
            found.send(at, sink)
            at += PAUSE
    found.check()
    return found


def told(found: Soak) -> Counter[str]:
    """Check what must hold at the end, print the figures, and return the states."""
    states = Counter(str(state) for (state,) in query(found.location, "SELECT state FROM messages"))
    assert faults(found.location) == []
    assert sum(states.values()) == found.rounds * A_ROUND
    assert set(states) <= {"sent", "unknown", "refused", "suppressed"}, "nothing waits any more, nothing is lost"
    assert found.sizes[-1] - found.sizes[0] < MOST_GROWTH
    sizes = f"{found.sizes[0] // MEBIBYTE} MiB at first, {found.sizes[-1] // MEBIBYTE} MiB at last"
    print(f"soak: {found.rounds} rounds of {A_ROUND}: {dict(states)}; {sizes}; taken twice 0")  # noqa: T201 - the figures
    return states


def test_a_short_soak(tmp_path: Path) -> None:
    states = told(soak(tmp_path, 0.0))
    assert states[MessageState.SENT] > 0.9 * sum(states.values())
    assert states[MessageState.UNKNOWN] > 0


@pytest.mark.prove
def test_a_long_soak(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="retention_cli")  # else what is kept of each doubt is what grows
    minutes = float(os.environ.get("RETENTION_SOAK_MINUTES", "30"))
    told(soak(tmp_path, 60 * minutes))
