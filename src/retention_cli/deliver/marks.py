"""Where connections meet the ledger: one thread writes for all of them, in groups.

A connection that is about to send its final dot hands it over and waits. When the `committing` marks of the whole group
are on the disk, the writing thread sends the dots itself, so that no busy thread can stand in between, and notes each
right before it goes: what a killed sender had marked and not noted has not left. Therefore a group may also hold the marks of
messages that connections will come to next; when their turn comes, their gates are asked again and nothing is written.
Outcomes do not wait: each is noted at once and rides with the next group, or goes by itself when nobody asks. A write that
fails is never tried again on the same ledger: from then on every answer is no.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from retention_cli import crash
from retention_cli.errors import RetentionError, Untrusted
from retention_cli.ledger.rows import Mark
from retention_cli.model.state import MessageState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retention_cli.clock import Clock
    from retention_cli.deliver.outbox import Outbox
    from retention_cli.deliver.outcome import Result
    from retention_cli.ledger.rows import Claim

T = TypeVar("T")
_MOST_WAITING = 256
_IDLE_SECONDS = 0.02
_LONGEST_WAIT = 0.01


@dataclass(slots=True, eq=False)
class Job:
    """A claimed message on its way, with what its rendering needs; `tries` counts connections that failed under it."""

    claim: Claim
    context: bytes
    template: str
    tries: int = 0


class Intent(NamedTuple):
    """A message that is to be committed, and what its bytes are called."""

    message: int
    sha: str


class Gate(Protocol):
    """What an answer opens."""

    def release(self) -> None:
        """Let the one who asked go on."""


@dataclass(slots=True, eq=False)
class Ask:
    """A connection that waits to send its final dot."""

    job: Job
    sha: str
    act: Callable[[], None]
    gate: Gate
    granted: bool = False
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """An attempt that is over."""

    job: Job
    result: Result


@dataclass(frozen=True, slots=True)
class Opened:
    """A line has a connection for the first time."""


@dataclass(frozen=True, slots=True)
class Left:
    """A line that works no more: with the jobs it gives back and why it left, where it did not end in peace."""

    jobs: Sequence[Job] = ()
    error: BaseException | None = None


Note = Ask | Done | Opened | Left


class Desk:
    """The notes of all lines, in the order they came."""

    def __init__(self) -> None:
        self._notes: SimpleQueue[Note] = SimpleQueue()

    def commit(self, job: Job, sha: str, act: Callable[[], None]) -> bool:
        """Wait until the intent is durable and `act` done; False where a gate said no. Called by a line; raises what `act` raises."""
        crash.point("before-committing")
        gate = threading.Lock()
        gate.acquire()
        ask = Ask(job, sha, act, gate)
        self._notes.put(ask)
        with gate:
            if ask.error is not None:
                raise ask.error
            return ask.granted

    def tell(self, note: Done | Opened | Left) -> None:
        """Say what happened and go on. Called by a line."""
        self._notes.put(note)

    def collect(self, seconds: float) -> list[Note]:
        """Return all notes there are, waiting up to `seconds` for the first. Called by the writing thread."""
        notes: list[Note] = []
        with suppress(Empty):
            notes.append(self._notes.get(timeout=seconds))
            while True:
                notes.append(self._notes.get_nowait())
        return notes


class Committer:
    """Writes marks in groups; belongs to the thread that owns the outbox."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self.write_seconds = 0.0
        self._waiting: list[Mark] = []
        self._marked: set[int] = set()
        self.broken: Exception | None = None

    @property
    def patience(self) -> float:
        """Seconds that the writing thread may sleep: little while outcomes wait to be written."""
        return _IDLE_SECONDS if self._waiting else 10 * _IDLE_SECONDS

    def add(self, mark: Mark) -> None:
        """Keep an outcome for the next group, and note it until then."""
        self._waiting.append(mark)
        if mark.attempts is not None:  # somebody was asked
            self._try(lambda: self._outbox.answered(mark))

    def must_write(self, asks: list[Ask]) -> bool:
        """Whether any of these is not marked yet."""
        return any(ask.job.claim.message not in self._marked for ask in asks)

    def look(self, at: int, *, anyway: bool) -> None:
        """Ask the gates once more about what was marked ahead, right before any of it leaves."""
        if self._marked and self.broken is None:
            self._marked -= self._try(lambda: self._outbox.gated(at, anyway=anyway)) or set()

    def grant(self, asks: list[Ask], at: int, ahead: Sequence[Intent] = ()) -> list[Ask]:
        """Carry out what was marked ahead, then the others once they are durable, and answer; return those that were refused.

        `ahead` is what will be asked next: it is marked with them where anything has to be written at all.
        """
        fresh = [ask for ask in asks if ask.job.claim.message not in self._marked]
        for ask in asks:
            if ask.job.claim.message in self._marked:
                self._carry_out(ask)
        if fresh:
            self._mark([*(Intent(ask.job.claim.message, ask.sha) for ask in fresh), *ahead], at)
        for ask in fresh:
            if ask.job.claim.message in self._marked:
                self._carry_out(ask)
        for ask in asks:
            ask.gate.release()
        return [ask for ask in asks if not ask.granted]

    def give_back(self, messages: list[int], at: int) -> None:
        """Have messages planned again that were not begun, and all that was marked and has not left."""
        if self._marked:
            self._outbox.recall(at)
            self._marked.clear()
        if messages:
            self._outbox.release(messages)

    def refuse(self, ask: Ask) -> None:
        """Answer no."""
        ask.gate.release()

    def fail(self, error: Exception) -> None:
        """Write nothing more: the ledger failed."""
        if self.broken is None:
            self.broken = error if isinstance(error, RetentionError) else _untrusted(error)

    def flush(self, *, idle: bool) -> None:
        """Write the outcomes that wait where nothing else will soon."""
        if self._waiting and (idle or len(self._waiting) >= _MOST_WAITING):
            self._write([])

    def _mark(self, intents: list[Intent], at: int) -> None:
        marks = [Mark(message, MessageState.COMMITTING, at, body_sha=sha) for message, sha in intents if message not in self._marked]
        moved = self._write(marks)
        self._marked.update(mark.message for mark in marks if mark.message in moved)

    def _try(self, act: Callable[[], T]) -> T | None:
        """Do something with the outbox; what cannot be done there ends the sending."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - as with a mark
            self.fail(error)
            return None

    def _write(self, marks: list[Mark]) -> set[int]:
        if self.broken is not None:
            return set()
        outcomes, self._waiting = self._waiting, []
        if outcomes:
            crash.point("before-result-commit")
        began = self._clock.monotonic()
        try:
            moved = set(self._outbox.mark([*outcomes, *marks]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the disk cannot be trusted with the next mark
            self.fail(error)
            return set()
        self.write_seconds = min(self._clock.monotonic() - began, _LONGEST_WAIT)
        if outcomes:
            crash.point("after-result-commit")
        return moved

    def _carry_out(self, ask: Ask) -> None:
        if self.broken is not None:
            return
        self._marked.discard(ask.job.claim.message)
        self._try(lambda: self._outbox.leaving(ask.job.claim.message))
        if self.broken is not None:  # what cannot be noted must not leave
            return
        crash.point("after-committing")
        ask.granted = True
        try:
            ask.act()
        except Exception as error:  # noqa: BLE001 - it is raised again in the line that asked
            ask.error = error
        crash.point("after-dot")


def _untrusted(error: Exception) -> Untrusted:
    failure = Untrusted(f"the ledger cannot be written ({type(error).__name__}); sending was stopped", "run `retention status` once the disk is well")
    failure.__cause__ = error
    return failure
