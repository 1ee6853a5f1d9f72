"""One thread with one connection: renders what it is handed, sends it, and says what became of it.

A line writes nothing itself. It opens its connection when it has something to send, once more at once when an idle one
was closed, and a few times with growing pauses when the server is away; then it gives its job back and leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli import crash
from retention_cli.deliver.channels.channel import LoginRefused, Unreachable
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

    def run(self) -> None:
        """Work until told to end; whatever ends it is told to the desk."""
        job: Job | None = None
        try:
            while (job := self.ready.get()) is not None:
                result = self._attempt(job)
                self.desk.tell(Done(job, result))
                if isinstance(result, ConnectionDown):
                    self._rest(jittered(_PAUSES[0]))
            self._close()
        except (Unreachable, LoginRefused) as error:
            self.desk.tell(Left(job, error))
        except BaseException as error:  # noqa: BLE001 - a bug must end the dispatch, not one thread in silence
            self.desk.tell(Left(job, error))
        else:
            self.desk.tell(Left())

    def abort(self) -> None:
        """Break a connection off that does not end in time; called by the dispatching thread."""
        if (connection := self.connection) is not None:
            connection.abort()

    def _attempt(self, job: Job) -> Result:
        try:
            mail = self.compose(job.claim, job.context, job.template)
        except RenderFailed as error:
            return Unrenderable(str(error))
        except Exception as error:  # noqa: BLE001 - one person's poison must not hold up the others
            return Unrenderable(type(error).__name__)
        crash.point("rendered")
        outcome = self._send(job, mail)
        if isinstance(outcome, ConnectionDown) and not outcome.fresh:
            outcome = self._send(job, mail)
        return outcome

    def _send(self, job: Job, mail: Mail) -> Outcome:
        connection = self.connection or self._open()
        outcome = connection.send(mail, lambda act: self.desk.commit(job, mail.sha, act))
        crash.point("after-reply")
        if isinstance(outcome, ConnectionDown | Unknown | Withheld):
            self._close()
        return outcome

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
