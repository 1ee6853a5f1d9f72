"""A conversation over a socket as a generator: it says what it waits for, and somebody else does the waiting.

So one thread can hold many conversations, and the code of one reads as if it had the thread for itself. Nothing that is
yielded may block; a wait that takes too long comes back as `TimeoutError`, and what `Commit.act` raised as itself.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from retention_cli.clock import SystemClock

if TYPE_CHECKING:
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.outcome import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready:
    """Waits until bytes can be read (`write`: written), until `until` (monotonic seconds)."""

    until: float
    write: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """Waits until the intent is durable and `act` done, as `channel` says; the answer is whether it was."""

    act: Callable[[], None]


Talk = Generator[Ready | Commit, Any, T]
"""A conversation that ends with a value."""


class Talker(Protocol):
    """A connection whose conversations can be held beside others in one thread."""

    def fileno(self) -> int:
        """Return the socket's descriptor, negative once it is closed."""

    def talk(self, mail: Mail, following: Mail | None = None) -> Talk[Outcome]:
        """Try once to let the message go.

        `following` is what the next conversation will be about if the connection is still of use then: its transaction
        may be opened together with the last act, to save a round trip.
        """

    def close(self) -> None:
        """End politely; a failure here is none. May wait."""

    def abort(self) -> None:
        """Break off at once, which wakes whoever waits for the socket."""


def held_alone(talk: Talk[T], descriptor: int, commit: Callable[[Callable[[], None]], bool]) -> T:
    """Hold one conversation to its end, waiting in this thread."""
    answer: bool | Exception | None = None
    while True:
        try:
            want = talk.throw(answer) if isinstance(answer, Exception) else talk.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value
        try:
            answer = commit(want.act) if isinstance(want, Commit) else _waited(descriptor, want)
        except OSError as error:
            answer = error


def _waited(descriptor: int, want: Ready) -> bool:
    poll = select.poll()  # select.select fails above 1,024 descriptors
    poll.register(descriptor, events_of(want))
    if not poll.poll(max(0.0, want.until - SystemClock().monotonic()) * 1000):
        raise TimeoutError
    return True


def events_of(want: Ready) -> int:
    """Return what to ask the kernel for."""
    return select.POLLOUT if want.write else select.POLLIN
