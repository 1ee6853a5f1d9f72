"""What every way out must be able to do.

The contract that all channels are tested against: `commit` is called exactly once, right before the last act that lets
a message go (the final dot, the rename); it returns when the `committing` mark is durable. False means that a gate said
no: the channel must let go without that last act and answer `Withheld`. A channel answers with a value and raises only
for what stops the whole dispatch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.outcome import Outcome


class Connection(Protocol):
    """One way out, used by one thread; only `abort` may be called from another."""

    def send(self, mail: Mail, commit: Callable[[], bool]) -> Outcome:
        """Try once to let the message go."""

    def close(self) -> None:
        """End politely; a failure here is none."""

    def abort(self) -> None:
        """Break off at once, also under a `send` that is still waiting."""


class Channel(Protocol):
    """Where messages go."""

    name: str

    def open(self) -> Connection:
        """Open a connection; raises `Unreachable` (try later) or `LoginRefused` (stop at once)."""


class Unreachable(Exception):
    """No connection can be had now; `lasting` where trying again at once cannot help (a certificate, a missing STARTTLS)."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


class LoginRefused(Exception):
    """The server refuses the user name or the password; trying again would lock the account."""
