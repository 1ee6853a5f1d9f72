"""One thread with one connection: renders what it is handed, sends it, and says what became of it.

A line writes nothing itself. It opens its connection when it has something to send, once more at once when an idle one
was closed, and a few times with growing pauses when the server is away; then it gives its job back and leaves.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from retention_cli import crash
from retention_cli.deliver.channels.channel import Unreachable
from retention_cli.deliver.marks import Desk, Done, Left, Opened
from retention_cli.deliver.outcome import ConnectionDown, Unknown, Unrenderable, Withheld
from retention_cli.deliver.retry import jittered
from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel, Connection
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Intent, Job, Note
    from retention_cli.deliver.outcome import Outcome, Result
    from retention_cli.ledger.rows import Claim

PAUSES = (0.5, 2.0)
_SLICE = 0.25
T = TypeVar("T")


class Lines:
    """All lines of one dispatch: what `Switchboard` is for channels that talk."""

    def __init__(
        self, channel: Channel, compose: Callable[[Claim, bytes, str], Mail], ready: SimpleQueue[Job | None], clock: Clock, closing: threading.Event
    ) -> None:
        self._desk = Desk()
        self._new = partial(Line, channel, compose, self._desk, ready, clock, closing)
        self._count = 0

    def connect(self) -> Line:
        """Add a line, which opens its connection when there is something to send."""
        line = self._new()
        self._count += 1
        threading.Thread(target=line.run, name=f"line-{self._count}", daemon=True).start()
        return line

    def collect(self, seconds: float) -> list[Note]:
        """Return all notes there are, waiting up to `seconds` for the first."""
        return self._desk.collect(seconds)

    def upcoming(self) -> list[Intent]:
        """Return what will be asked next: a line renders nothing before its turn."""
        return []

    def close(self) -> None:
        """Do nothing: a line ends by itself."""


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
                    rest(self.clock, self.closing, jittered(PAUSES[0]))
            self._close()
        except BaseException as error:  # noqa: BLE001 - a bug must end the dispatch, not one thread in silence
            self.desk.tell(Left([job] if job is not None else [], error))
        else:
            self.desk.tell(Left())

    def abort(self) -> None:
        """Break a connection off that does not end in time; called by the dispatching thread."""
        if (connection := self.connection) is not None:
            connection.abort()

    def _attempt(self, job: Job) -> Result:
        mail = made(self.compose, job)
        if isinstance(mail, Unrenderable):
            return mail
        outcome = self._send(job, mail)
        if isinstance(outcome, ConnectionDown) and not outcome.fresh:
            outcome = self._send(job, mail)
        return outcome

    def _send(self, job: Job, mail: Mail) -> Outcome:
        connection = self.connection = self.connection or self._open()
        outcome = connection.send(mail, lambda act: self.desk.commit(job, mail.sha, act))
        crash.point("after-reply")
        if isinstance(outcome, ConnectionDown | Unknown | Withheld):
            self._close()
        return outcome

    def _open(self) -> Connection:
        connection = opened(self.channel.open, self.clock, self.closing)
        self.desk.tell(Opened())
        return connection

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def made(compose: Callable[[Claim, bytes, str], Mail], job: Job) -> Mail | Unrenderable:
    """Render a message; one that cannot be rendered must not hold up the others."""
    try:
        mail = compose(job.claim, job.context, job.template)
    except RenderFailed as error:
        return Unrenderable(str(error))
    except Exception as error:  # noqa: BLE001 - one person's poison is one person's
        return Unrenderable(type(error).__name__)
    crash.point("rendered")
    return mail


def opened(opening: Callable[[], T], clock: Clock, closing: threading.Event) -> T:
    """Open a connection, trying a few times; raises `Unreachable` or `LoginRefused`."""
    for pause in PAUSES:
        try:
            return opening()
        except Unreachable as error:
            if error.lasting or closing.is_set():
                raise
            rest(clock, closing, jittered(pause))
    return opening()


def rest(clock: Clock, closing: threading.Event, seconds: float) -> None:
    """Wait, unless the dispatch ends."""
    until = clock.monotonic() + seconds
    while not closing.is_set() and (left := until - clock.monotonic()) > 0:
        clock.sleep(min(left, _SLICE))
