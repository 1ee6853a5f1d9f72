"""One thread with one connection: renders what it is handed, sends it, and says what became of it.

A line writes nothing itself. While its intent is made durable it renders ahead, so that the next message is at hand when
this one's dot goes out; what it holds when it ends it gives back, untouched. It opens its connection when it has something to send, once more at once when an idle one
was closed, and a few times with growing pauses when the server is away; then it gives its job back and leaves.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import TYPE_CHECKING

from retention_cli import crash
from retention_cli.deliver.channels.channel import Unreachable
from retention_cli.deliver.marks import Done, Left, Opened
from retention_cli.deliver.outcome import ConnectionDown, Unknown, Unrenderable, Withheld
from retention_cli.deliver.retry import jittered
from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from queue import SimpleQueue

    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel, Connection
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Desk, Job
    from retention_cli.deliver.outcome import Outcome, Result
    from retention_cli.ledger.rows import Claim

_PAUSES = (0.5, 2.0)
_SLICE = 0.25
_HELD, _HELD_WAITING = 2, 3
"""Messages in a line's hands when it sends, and when it waits for its intent: this one, the next, the one rendered meanwhile."""


@dataclass(slots=True, eq=False)
class Line:
    """What a line works with; `ready` hands it jobs, None ends it, `closing` cuts its pauses short."""

    channel: Channel
    compose: Callable[[Claim, bytes, str], Mail]
    desk: Desk
    ready: SimpleQueue[Job | None]
    clock: Clock
    closing: threading.Event
    connection: Connection | None = None
    held: deque[tuple[Job, Mail | Unrenderable]] = field(default_factory=deque)
    told_to_end: bool = False

    def run(self) -> None:
        """Work until told to end; whatever ends it is told to the desk."""
        error: BaseException | None = None
        try:
            while self._has_work():
                result = self._attempt()
                job, _ = self.held.popleft()
                self.desk.tell(Done(job, result))
                if isinstance(result, ConnectionDown):
                    self._rest(jittered(_PAUSES[0]))
            self._close()
        except BaseException as failure:  # noqa: BLE001 - a bug must end the dispatch, not one thread in silence
            error = failure
        self.desk.tell(Left([job for job, _ in self.held], error))

    def abort(self) -> None:
        """Break a connection off that does not end in time; called by the dispatching thread."""
        if (connection := self.connection) is not None:
            connection.abort()

    def _has_work(self) -> bool:
        """Wait for a message, and take one ahead where there is one; False where it is time to end."""
        if self.closing.is_set() or (self.told_to_end and not self.held):
            return False
        if not self.held and not self._take(self.ready.get()):
            return False
        self._take_ahead(_HELD)
        return True

    def _take_ahead(self, most: int) -> None:
        """Have so many messages at hand, where there are as many."""
        with suppress(Empty):
            while len(self.held) < most and not self.closing.is_set() and self._take(self.ready.get_nowait()):
                pass

    def _take(self, job: Job | None) -> bool:
        """Take a message and render it."""
        if job is None:
            self.told_to_end = True
            return False
        self.held.append((job, self._made(job)))
        return True

    def _made(self, job: Job) -> Mail | Unrenderable:
        try:
            mail = self.compose(job.claim, job.context, job.template)
        except RenderFailed as error:
            return Unrenderable(str(error))
        except Exception as error:  # noqa: BLE001 - one person's poison must not hold up the others
            return Unrenderable(type(error).__name__)
        crash.point("rendered")
        return mail

    def _attempt(self) -> Result:
        """Try the first of the messages at hand."""
        job, mail = self.held[0]
        if isinstance(mail, Unrenderable):
            return mail
        outcome = self._send(job, mail)
        if isinstance(outcome, ConnectionDown) and not outcome.fresh:
            outcome = self._send(job, mail)
        return outcome

    def _send(self, job: Job, mail: Mail) -> Outcome:
        connection = self.connection or self._open()
        outcome = connection.send(mail, lambda act: self._commit(job, mail, act), self._following())
        crash.point("after-reply")
        if isinstance(outcome, ConnectionDown | Unknown | Withheld):
            self._close()
        return outcome

    def _commit(self, job: Job, mail: Mail, act: Callable[[], None]) -> bool:
        ask = self.desk.ask(job, mail.sha, act)
        self._take_ahead(_HELD_WAITING)
        return ask.answer()

    def _following(self) -> Mail | None:
        """Return the message that will be sent next; None where it is not at hand or cannot be sent."""
        following = self.held[1][1] if len(self.held) > 1 else None
        return None if isinstance(following, Unrenderable) else following

    def _open(self) -> Connection:
        """Open a connection, trying a few times; raises `Unreachable` or `LoginRefused`."""
        for pause in (*_PAUSES, None):
            try:
                self.connection = self.channel.open()
                break
            except Unreachable as error:
                if error.lasting or pause is None or self.closing.is_set():
                    raise
                self._rest(jittered(pause))
        if self.connection is None:  # pragma: no cover - the loop ends by break or raise
            raise Unreachable("no connection")
        self.desk.tell(Opened())
        return self.connection

    def _rest(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while not self.closing.is_set() and (left := until - self.clock.monotonic()) > 0:
            self.clock.sleep(min(left, _SLICE))

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
