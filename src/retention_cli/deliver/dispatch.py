"""Dispatch: claims what may leave, hands it to the lines, and writes down what became of it, until nothing is left to do.

What must stay true: the outbox is used by the calling thread alone; no final dot goes out before its `committing` mark is
durable; a failing ledger, a tripped breaker, a refused login or a stop ends the claiming at once, lets what is in flight
finish, and gives the rest back. Nothing here decides who gets a message; it may only hold one back.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, assert_never

from retention_cli import crash
from retention_cli.deliver import retry
from retention_cli.deliver.ending import Ending
from retention_cli.deliver.intake import BATCH, Intake
from retention_cli.deliver.marks import Ask, Committer, Done, Job, Left, Opened
from retention_cli.deliver.outbox import micros
from retention_cli.deliver.outcome import ConnectionDown, Fault, Refused, Withheld, told
from retention_cli.deliver.pace import Pacer
from retention_cli.deliver.plan import Outcomes, Plan
from retention_cli.deliver.settle import mark_for, too_late
from retention_cli.deliver.staff import staff_for
from retention_cli.errors import SendingStopped
from retention_cli.ledger.rows import Mark
from retention_cli.model.state import MessageState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.deliver.line import Line
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Note
    from retention_cli.deliver.outbox import Outbox
    from retention_cli.deliver.outcome import Result
    from retention_cli.deliver.staff import Staff
    from retention_cli.deliver.switchboard import Extension
    from retention_cli.ledger.rows import Claim

__all__ = ["Outcomes", "Plan", "dispatch"]

NOT_HERE = "the target sends to others only"
"""Why a message is not sent that goes to nobody of a target's `only`."""
_MOST_TRIES = 2
_ABORT_SECONDS, _PROGRESS_SECONDS = 5.0, 0.5


def dispatch(
    outbox: Outbox,
    channel: Channel,
    compose: Callable[[Claim, bytes, str], Mail],
    clock: Clock,
    plan: Plan,
    *,
    stop: Callable[[], bool] = lambda: False,
    halted: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Mapping[MessageState, int]], None] = lambda _: None,
    ahead: Callable[[Sequence[Job]], None] = lambda _: None,
) -> Outcomes:
    """Send what may leave now; raises `SendingStopped` (breaker, login) and `Untrusted` (the ledger cannot be written).

    `stop` is asked several times a second; once it is true nothing more is claimed and what is in flight may finish. While
    `halted` is true no final dot goes out either: what has not left goes back.
    `ahead` hears of messages that `compose` will be asked for soon.
    """
    return _Dispatch(outbox, channel, compose, clock, plan, stop, halted, on_progress, ahead).run()


@dataclass(slots=True, eq=False)
class _Dispatch:
    outbox: Outbox
    channel: Channel
    compose: Callable[[Claim, bytes, str], Mail]
    clock: Clock
    plan: Plan
    stop: Callable[[], bool]
    halted: Callable[[], bool]
    on_progress: Callable[[Mapping[MessageState, int]], None]
    ahead: Callable[[Sequence[Job]], None]
    staff: Staff = field(init=False)
    ready: SimpleQueue[Job | None] = field(default_factory=SimpleQueue)
    closing: threading.Event = field(default_factory=threading.Event)
    counts: Counter[MessageState] = field(default_factory=Counter)
    lines: list[Line | Extension] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    committer: Committer = field(init=False)
    intake: Intake = field(init=False)
    pacer: Pacer = field(init=False)
    ending: Ending = field(init=False)
    working: int = 0
    outstanding: int = 0
    told_at: float = 0.0

    def run(self) -> Outcomes:
        """Work until nothing may leave now, or until something ends it."""
        self.committer = Committer(self.outbox, self.clock)
        self.intake = Intake(self.outbox, self.plan.kind)
        self.pacer = Pacer(self.outbox, self.plan)
        self.ending = Ending(self.plan.connections)
        staff = staff_for(self.channel, self.compose, self.ready, self.clock, self.closing, ahead=self.outbox.ahead)
        with contextlib.closing(staff) as self.staff:
            return self._work()

    def _work(self) -> Outcomes:
        self._refill()
        self._hire(min(self.outstanding, 1))
        while self.outstanding and not self._ending():
            self._turn()
            self._refill()
        stopped = self.stop() or self.halted()
        self._wind_down()
        return self._conclude(stopped=stopped)

    def _ending(self) -> bool:
        return self.ending.has_come or self.committer.broken is not None or self.stop() or self.halted()

    def _refill(self) -> None:
        """Claim more when the lines will soon have nothing to do, and hand out what is due."""
        while not self.intake.exhausted and not self._ending() and not self.pacer.is_waiting and self.ready.qsize() <= BATCH // 2:
            now = micros(self.clock.now())
            try:
                limit = self.pacer.batch(now)
                jobs = self.intake.take(now, limit)
                self._take(jobs, now)
                self.pacer.return_unused(limit - len(jobs))
            except Exception as error:  # noqa: BLE001 - a ledger that cannot be read cannot be written either: end in order
                self.committer.fail(error)
                return
            crash.point("claimed")
            self.ahead(jobs)
            self._hand_out()

    def _take(self, jobs: Sequence[Job], now: int) -> None:
        """Have claimed messages wait for their turn, or let those go that were tried for too long or may not be sent here."""
        going = []
        for job in jobs:
            if job.claim.attempts and now >= self.plan.give_up(job.claim.planned_at):
                self._let_go(Mark(job.claim.message, MessageState.EXPIRED, now, reason="not taken within the target's max_age"))
            elif not self.plan.allows(job.claim.address):
                self._let_go(Mark(job.claim.message, MessageState.SUPPRESSED, now, reason=NOT_HERE))
            else:
                going.append(job)
        self.outstanding += len(going)
        self.pacer.add(going, now)

    def _let_go(self, mark: Mark) -> None:
        self.committer.add(mark)
        self.counts[mark.to] += 1

    def _hand_out(self) -> None:
        for job in self.pacer.due(micros(self.clock.now())):
            self.ready.put(job)

    def _turn(self) -> None:
        """Take up what the lines have told, and answer those that ask."""
        self._hand_out()
        notes = self.staff.collect(self.pacer.patience(micros(self.clock.now()), self.committer.patience))
        asks = self._take_up(notes)
        if asks:
            self._answer(asks)
        self.committer.flush(idle=not notes or not self.outstanding)
        self._tell()

    def _take_up(self, notes: list[Note]) -> list[Ask]:
        asks = []
        for note in notes:
            match note:
                case Ask():
                    asks.append(note)
                case Done(job, result):
                    self._done(job, result)
                case Opened():
                    self._hire(self.plan.connections)
                case Left(left_jobs, error):
                    self._left(left_jobs, error)
                case _:
                    assert_never(note)
        return asks

    def _latecomers(self, asking: int) -> list[Ask]:
        """Wait for more lines to ask, at most as long as a write takes: it costs the same for one intent as for many."""
        asks: list[Ask] = []
        until = self.clock.monotonic() + self.committer.write_seconds
        while asking + len(asks) < min(self.working, self.outstanding) and (left := until - self.clock.monotonic()) > 0:
            asks += self._take_up(self.staff.collect(left))
        return asks

    def _answer(self, asks: list[Ask]) -> None:
        """Look at the gates once more and let pass whom they let pass."""
        ahead = self.staff.upcoming() if (writes := self.committer.must_write(asks)) else []
        if writes and not ahead:
            asks = asks + self._latecomers(len(asks))
        if self.ending.has_come or self.halted():  # the server gets nothing more, and these need not become doubts
            for ask in asks:
                self.back.append(ask.job.claim.message)
                self.committer.refuse(ask)
            return
        now = micros(self.clock.now())
        late = {ask.job.claim.message: mark for ask in asks if (mark := too_late(ask.job.claim, now)) is not None}
        self.committer.look(now, anyway=bool(late))
        for ask in [ask for ask in asks if ask.job.claim.message in late]:
            self.committer.add(late[ask.job.claim.message])
            self.committer.refuse(ask)
        refused = self.committer.grant([ask for ask in asks if ask.job.claim.message not in late], now, ahead)
        if self.committer.broken is None:
            self.counts.update(mark.to for mark in late.values())
            self.counts[MessageState.SUPPRESSED] += len(refused)

    def _done(self, job: Job, result: Result) -> None:
        """Settle one attempt."""
        if isinstance(result, ConnectionDown) and not self._is_last_try(job, result):
            return
        self.outstanding -= 1
        if isinstance(result, Withheld):
            return
        now = micros(self.clock.now())
        if isinstance(result, Refused) and result.fault is Fault.ADDRESS:
            self._bounce(job.claim, told(result.code, result.text), now)
        self.committer.add(mark := mark_for(job.claim, result, now, self.plan.give_up(job.claim.planned_at)))
        self.counts[mark.to] += 1
        self.ending.note(result)

    def _is_last_try(self, job: Job, result: ConnectionDown) -> bool:
        """Count a connection that failed under a message; hand the message out again unless it has failed too often."""
        self.ending.count_down(result.text)
        job.tries += 1
        if job.tries > _MOST_TRIES:
            return True
        self.ready.put(job)
        return False

    def _bounce(self, claim: Claim, reason: str, now: int) -> None:
        try:
            self.outbox.hard_bounce(claim.customer, claim.address, now, reason, channel=self.plan.kind, message=claim.message)
        except Exception as error:  # noqa: BLE001 - as with every mark: the ledger is not to be trusted any more
            self.committer.fail(error)

    def _left(self, jobs: Sequence[Job], error: BaseException | None) -> None:
        """Go on with fewer lines; the last that finds no server ends the dispatch, a refused login does so at once."""
        self.working -= 1
        for job in jobs:
            self.ready.put(job)
        self.ending.left(error, was_last=not self.working and not self.closing.is_set())

    def _hire(self, lines: int) -> None:
        """Have so many lines; the first goes ahead alone and shows that the server can be reached."""
        while len(self.lines) < lines:
            self.working += 1
            self.lines.append(self.staff.connect())

    def _wind_down(self) -> None:
        """Take back what no line has begun, let the rest finish within the grace, then break it off."""
        self.closing.set()
        self._take_back()
        for _ in range(self.working):
            self.ready.put(None)
        if not self._wait(self.plan.grace):
            for line in self.lines:
                line.abort()
            self._wait(_ABORT_SECONDS)
        self._take_back()
        self.committer.flush(idle=True)

    def _wait(self, seconds: float) -> bool:
        until = self.clock.monotonic() + seconds
        while self.working and self.clock.monotonic() < until:
            self._turn()
        return not self.working

    def _take_back(self) -> None:
        """Empty the queue of jobs, remembering what has to be given back."""
        for waiting in self.pacer.clear():
            self.ready.put(waiting)
        with contextlib.suppress(Empty):
            while True:
                if (job := self.ready.get_nowait()) is not None:
                    self.back.append(job.claim.message)
                    self.outstanding -= 1

    def _conclude(self, *, stopped: bool) -> Outcomes:
        """Give back what was not begun, and say how it ended."""
        if self.committer.broken is not None:
            raise self.committer.broken
        self.committer.give_back(self.back, micros(self.clock.now()))
        self.pacer.return_unused(len(self.back))
        if self.ending.unreachable:
            self._defer_rest()
        self.on_progress(+self.counts)
        if isinstance(self.ending.failure, SendingStopped):
            raise SendingStopped(str(self.ending.failure), self.ending.failure.hint, {str(state): count for state, count in self.counts.items()})
        if self.ending.failure is not None:
            raise self.ending.failure
        return Outcomes(+self.counts, len(self.back), self.ending.unreachable, stopped, self.pacer.is_used_up)

    def _defer_rest(self) -> None:
        now = micros(self.clock.now())
        again = retry.next_attempt(1, now, retry_after=self.ending.wish)
        self.counts[MessageState.DEFERRED] += self.outbox.defer_all(self.plan.kind, now, again, told(0, self.ending.unreachable))

    def _tell(self) -> None:
        if (now := self.clock.monotonic()) - self.told_at >= _PROGRESS_SECONDS:
            self.told_at = now
            self.on_progress(+self.counts)
