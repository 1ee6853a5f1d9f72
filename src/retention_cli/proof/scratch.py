"""A ledger for as long as a simulation lasts: the real one, with its real statements, in a folder that goes with it.

What was planned leaves the moment it may, by the sender's own claims and marks, so that gates, caps and history are what
they are in a run. Nothing is written anywhere else, and nothing is sent.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Outbox
from retention_cli.ledger.rows import Claim, Mark
from retention_cli.model.state import MessageState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.rows import EventRow

MOMENT = 1
"""How long a message takes, in microseconds: what is sent at an entry was sent since the entry."""
_AT_ONCE = 1_000
_BORN = "born.db"


class Scratch:
    """One simulation's ledger, and its sender."""

    def __init__(self, ledger: Ledger, outbox: Outbox) -> None:
        self.past = ledger
        self._outbox = outbox

    def record(self, delta: Delta, at: int) -> None:
        """Write a tick's decisions; `at` is its as_of in microseconds."""
        run = self.past.begin_run(as_of=at, target="test", started_at=at, host="test", pid=0)
        self.past.record(run, delta)

    def happened(self, events: Iterable[EventRow]) -> None:
        """Write what came back of messages."""
        if rows := list(events):
            self.past.record_events(rows)

    def send(self, at: int, channels: Iterable[str]) -> list[Claim]:
        """Let everything leave that may leave now, a moment behind what was decided; return it."""
        return [claim for channel in channels for claim in self._sent(at, channel)]

    def _sent(self, at: int, channel: str) -> Iterator[Claim]:
        while claims := self._outbox.claim(_AT_ONCE, at, channel):
            left = set(self._mark(claims, MessageState.COMMITTING, at + MOMENT))
            claims = [claim for claim in claims if claim.message in left]
            self._mark(claims, MessageState.SENT, at + MOMENT)
            yield from claims

    def _mark(self, claims: Sequence[Claim], to: MessageState, at: int) -> list[int]:
        return self._outbox.mark([Mark(claim.message, to, at) for claim in claims]) if claims else []


class Scratches:
    """Gives simulations their ledgers; an empty one is made once and copied."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._count = 0

    def close(self) -> None:
        """Remove all that was written."""
        if self._folder is not None:
            self._folder.cleanup()

    @contextmanager
    def fresh(self) -> Iterator[Scratch]:
        """Give a ledger in which nothing was ever decided."""
        self._count += 1
        self._folder = self._folder or TemporaryDirectory(prefix="retention-test-")
        root = Path(self._folder.name)
        born, own = root / _BORN, root / str(self._count)
        if not born.exists():
            open_ledger(Location(path=born), witness_dir=root / "witness").close()
        own.mkdir()
        shutil.copyfile(born, own / "ledger.db")
        location, witness = Location(path=own / "ledger.db"), own / "witness"
        try:
            with open_ledger(location, witness_dir=witness) as ledger, Outbox(location, "test", witness_dir=witness) as outbox:
                yield Scratch(ledger, outbox)
        finally:
            shutil.rmtree(own, ignore_errors=True)
