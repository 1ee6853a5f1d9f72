"""Many connections in one thread, the one that writes the ledger: what `Line` does in a thread each, without the threads.

With a thread a connection, half of a message's time went into handing over between them. Here a connection that waits
for its server costs nothing, all that have their bodies out ask together, and the dots leave right behind the mark.
What must stay true: nothing in here waits but `collect`; what has to wait otherwise (opening, pausing, a polite end) does
so in a thread of its own and touches nothing else meanwhile.
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from retention_cli import crash
from retention_cli.clock import SystemClock
from retention_cli.deliver.channels.talk import Commit, Ready, events_of
from retention_cli.deliver.line import PAUSES, made, opened, rest
from retention_cli.deliver.marks import Ask, Done, Intent, Left, Opened
from retention_cli.deliver.outcome import ConnectionDown, Unknown, Unrenderable, Withheld
from retention_cli.deliver.retry import jittered

if TYPE_CHECKING:
    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Talking
    from retention_cli.deliver.channels.talk import Talker
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Job, Note
    from retention_cli.deliver.outcome import Outcome, Result
    from retention_cli.ledger.rows import Claim

    Compose = Callable[[Claim, bytes, str], Mail]

_AT_HAND = 2
"""Messages that a connection has rendered when it sends one: this one, and the one whose beginning rides behind its dot."""

_AHEAD, _FAIR = 8, 4
"""The same where they may be marked ahead, of which so many are left for each connection: at the end none waits behind another."""

_NOTES = 2
"""Notes that a connection makes in one round: what became of a message, and the intent of the next."""


@dataclass(frozen=True, slots=True)
class _NextJob:
    """Waits for a message to send."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Waits for a call in another thread; the answer is what it returns or raises."""

    call: Callable[[], Any]


_Want = Ready | Commit | _NextJob | _Elsewhere
_Steps = Generator[_Want, Any, None]


class Switchboard:
    """The connections of one dispatch; `ready` hands them jobs, None ends one of them, `closing` ends all after what they are at."""

    def __init__(
        self, channel: Talking, compose: Compose, ready: SimpleQueue[Job | None], clock: Clock, closing: threading.Event, *, ahead: bool
    ) -> None:
        self.channel, self.compose, self.ready, self.clock, self.closing = channel, compose, ready, clock, closing
        self._most = _AHEAD if ahead else _AT_HAND
        self._extensions: list[Extension] = []
        self.notes: list[Note] = []
        self.answered: list[Extension] = []
        self._idle: deque[Extension] = deque()
        self._waiting: dict[int, tuple[Extension, float]] = {}
        self._back: SimpleQueue[tuple[Extension, Any, BaseException | None]] = SimpleQueue()
        self._poll = select.poll()
        self._bell, self._rope = socket.socketpair()
        self._bell.setblocking(False)
        self._poll.register(self._bell, select.POLLIN)
        self._real = SystemClock()

    def connect(self) -> Extension:
        """Add a connection, which opens when there is something to send."""
        extension = Extension(self)
        self._extensions.append(extension)
        extension.steps = extension.work()
        extension.advance()
        return extension

    def upcoming(self) -> list[Intent]:
        """Return what will be asked next, as far as it is rendered; nothing where the dispatch ends."""
        if self._most == _AT_HAND or self.closing.is_set():
            return []
        return [intent for extension in self._extensions for intent in extension.upcoming()]

    def wants_more(self, held: int) -> bool:
        """Whether a connection that holds so many messages should take one more."""
        return held < _AT_HAND or (held < self._most and self.ready.qsize() > _FAIR * len(self._extensions))

    def close(self) -> None:
        """Let go of what the kernel holds; everything has left by then, or was broken off."""
        self._bell.close()
        self._rope.close()

    def collect(self, seconds: float) -> list[Note]:
        """Serve all connections until there are notes and nothing else to do at once, or a round of notes, at most so many seconds."""
        self._go_on()
        until = self._real.monotonic() + seconds
        most = _NOTES * len(self._extensions)
        while self._serve(0.0 if self.notes else max(0.0, until - self._real.monotonic())) or (not self.notes and self._real.monotonic() < until):
            if len(self.notes) >= most:
                break  # a server that answers at once must not keep the breakers waiting
        notes, self.notes = self.notes, []
        return notes

    def _go_on(self) -> None:
        """Continue with those whose intent was answered, and with those that wait for work."""
        answered, self.answered = self.answered, []
        for extension in answered:
            extension.advance()
        while self._idle and (self.closing.is_set() or not self.ready.empty()):
            self._idle.popleft().advance()

    def _serve(self, seconds: float) -> bool:
        """Wait for sockets, at most so many seconds, and serve those that are ready; tell whether any was."""
        now = self._real.monotonic()
        first = min((until for _, until in self._waiting.values()), default=now + seconds)
        found = self._poll.poll(max(0.0, min(seconds, first - now)) * 1000)
        for descriptor, _ in found:
            if descriptor == self._bell.fileno():
                self._come_back()
            else:
                self._stop_waiting(descriptor).advance()
        self._give_up()
        return bool(found)

    def _give_up(self) -> None:
        now = self._real.monotonic()
        for descriptor in [descriptor for descriptor, (_, until) in self._waiting.items() if until <= now]:
            self._stop_waiting(descriptor).advance(error=TimeoutError())

    def _stop_waiting(self, descriptor: int) -> Extension:
        self._poll.unregister(descriptor)
        extension, _ = self._waiting.pop(descriptor)
        return extension

    def _come_back(self) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)
        with suppress(Empty):
            while True:
                extension, value, error = self._back.get_nowait()
                extension.advance(value, error)

    def wait_for(self, extension: Extension, want: _Want) -> None:
        """Have a connection go on when what it wants has come about."""
        match want:
            case Ready(until):
                descriptor = extension.fileno()
                self._waiting[descriptor] = (extension, until)
                self._poll.register(descriptor, events_of(want))
            case Commit(act):
                self.notes.append(extension.ask(act))
            case _NextJob():
                self._idle.append(extension)
            case _Elsewhere(call):
                threading.Thread(target=self._elsewhere, args=(extension, call), name="elsewhere", daemon=True).start()

    def _elsewhere(self, extension: Extension, call: Callable[[], Any]) -> None:
        try:
            self._back.put((extension, call(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it was waited for
            self._back.put((extension, None, error))
        with suppress(OSError):
            self._rope.send(b"!")


@dataclass(slots=True, eq=False)
class Extension:
    """One connection and the messages that it has at hand, the first of them under way."""

    board: Switchboard
    held: deque[tuple[Job, Mail | Unrenderable]] = field(default_factory=deque)
    connection: Talker | None = None
    asking: Ask | None = None
    has_asked: bool = False
    told_to_end: bool = False
    steps: _Steps = field(init=False)

    def advance(self, value: Any = None, error: BaseException | None = None) -> None:
        """Go on with what came of the last wait, up to the next."""
        try:
            want = self._next(value, error)
        except StopIteration:
            self._leave(None)
        except Exception as failure:  # noqa: BLE001 - a bug must end the dispatch, not one connection in silence
            self._leave(failure)
        else:
            self.board.wait_for(self, want)

    def _next(self, value: Any, error: BaseException | None) -> _Want:
        asked, self.asking = self.asking, None
        if asked is not None:
            value, error = asked.granted, asked.error
        return self.steps.send(value) if error is None else self.steps.throw(error)

    def _leave(self, error: BaseException | None) -> None:
        jobs = [job for job, _ in self.held]
        self.held.clear()
        self.board.notes.append(Left(jobs, error))

    def fileno(self) -> int:
        """Return the descriptor of the connection's socket."""
        return self.connection.fileno() if self.connection is not None else -1

    def ask(self, act: Callable[[], None]) -> Ask:
        """Return the question whether the message under way may leave; its gate is this connection."""
        crash.point("before-committing")
        self.has_asked = True
        job, mail = self.held[0]
        self.asking = Ask(job, "" if isinstance(mail, Unrenderable) else mail.sha, act, self)
        return self.asking

    def upcoming(self) -> Iterator[Intent]:
        """Yield what is at hand and has not asked yet."""
        for job, mail in islice(self.held, int(self.has_asked), None):
            if not isinstance(mail, Unrenderable):
                yield Intent(job.claim.message, mail.sha)

    def release(self) -> None:
        """Hear that the question was answered."""
        self.board.answered.append(self)

    def abort(self) -> None:
        """Break off a conversation that does not end in time."""
        if self.connection is not None:
            self.connection.abort()

    def work(self) -> _Steps:
        """Send what there is until told to end."""
        while (yield from self._has_work()):
            result = yield from self._attempt()
            job, _ = self.held.popleft()
            self.has_asked = False
            self.board.notes.append(Done(job, result))
            if isinstance(result, ConnectionDown):
                yield _Elsewhere(lambda: rest(self.board.clock, self.board.closing, jittered(PAUSES[0])))
        yield from self._close()

    def _has_work(self) -> Generator[_Want, Any, bool]:
        """Wait for a message, and take the next where there is one; False where it is time to end."""
        while not self.board.closing.is_set():
            self._take()
            if self.held or self.told_to_end:
                return bool(self.held)
            yield _NextJob()
        return False

    def _take(self) -> None:
        """Have as many messages rendered as are worth it, where there are as many."""
        with suppress(Empty):
            while self.board.wants_more(len(self.held)) and not self.told_to_end:
                job = self.board.ready.get_nowait()
                if job is None:
                    self.told_to_end = True
                else:
                    self.held.append((job, made(self.board.compose, job)))

    def _attempt(self) -> Generator[_Want, Any, Result]:
        _, mail = self.held[0]
        if isinstance(mail, Unrenderable):
            return mail
        outcome = yield from self._send(mail)
        if isinstance(outcome, ConnectionDown) and not outcome.fresh:
            outcome = yield from self._send(mail)
        return outcome

    def _send(self, mail: Mail) -> Generator[_Want, Any, Outcome]:
        if self.connection is None:
            self.connection = yield _Elsewhere(lambda: opened(self.board.channel.open, self.board.clock, self.board.closing))
            self.board.notes.append(Opened())
        outcome: Outcome = yield from self.connection.talk(mail, self._following())
        crash.point("after-reply")
        if isinstance(outcome, ConnectionDown | Unknown | Withheld):
            yield from self._close()
        return outcome

    def _following(self) -> Mail | None:
        """Return what will be sent next; None where it is not at hand or cannot be sent."""
        following = self.held[1][1] if len(self.held) > 1 else None
        return None if isinstance(following, Unrenderable) else following

    def _close(self) -> _Steps:
        connection, self.connection = self.connection, None
        if connection is not None:
            yield _Elsewhere(connection.close)
