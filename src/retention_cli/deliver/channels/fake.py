"""A way out that goes nowhere and answers as told: for rehearsals and tests of what surrounds it.

By itself it reads the address: `refuse@…` is refused as an unknown mailbox, `defer@…` deferred, `hang@…` never answered
(`hang+x@…` too); all else is accepted. A test may hand it any function from a message to an outcome.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from retention_cli.deliver.outcome import Accepted, Deferred, Fault, Outcome, Refused, Unknown, Withheld

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import FakeChannel

_ANSWERS: dict[str, Outcome] = {
    "refuse": Refused(550, "5.1.1 no such user", Fault.ADDRESS),
    "defer": Deferred(450, "4.2.0 try again later"),
    "hang": Unknown("no answer"),
}


def by_address(mail: Mail) -> Outcome:
    """Return the answer that the address's local part asks for."""
    local = mail.rcpt.partition("@")[0].partition("+")[0]
    return _ANSWERS.get(local, Accepted(mail.key[:12]))


class Fake:
    """Keeps in `sent` what it accepted or left unknown, in order."""

    name = "fake"

    def __init__(self, answer: Callable[[Mail], Outcome] = by_address) -> None:
        self._answer = answer
        self._guard = threading.Lock()
        self.sent: list[Mail] = []

    @classmethod
    def of(cls, settings: FakeChannel, root: Path) -> Self:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return cls()

    def open(self) -> FakeConnection:
        """Open; it never fails."""
        return FakeConnection(self)

    def take(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Answer for one message, asking `commit` where a server would have got the final dot."""
        outcome = self._answer(mail)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        return outcome if commit(lambda: self._keep(mail)) else Withheld()

    def _keep(self, mail: Mail) -> None:
        with self._guard:
            self.sent.append(mail)


class FakeConnection:
    """A connection to nowhere."""

    def __init__(self, channel: Fake) -> None:
        self._channel = channel

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Answer as told."""
        return self._channel.take(mail, commit)

    def close(self) -> None:
        """Do nothing: there is nothing to end."""

    def abort(self) -> None:
        """Do nothing: it never waits."""
