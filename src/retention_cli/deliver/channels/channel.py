"""What every way out must be able to do.

The contract that all channels are tested against: `commit(act)` is called exactly once, where `act` is the last act that
lets a message go (the final dot, the rename) and cannot wait for anybody. It is carried out, by the thread that writes
the ledger, in the moment when the `committing` mark is durable: so hardly a message is ever in doubt that was not sent.
False means that a gate said no: `act` was not and will not be carried out, the channel must let go and answer
`Withheld`. What `act` raises, `commit` raises. A channel answers with a value and raises only for what stops the dispatch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.deliver.channels.talk import Talker
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.outcome import Outcome


class Connection(Protocol):
    """One way out, used by one thread; only `abort` may be called from another."""

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
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


@runtime_checkable
class Talking(Protocol):
    """A channel whose connections can all be served by one thread."""

    name: str
    talks: Literal[True]

    def open(self) -> Talker:
        """Open a connection, waiting as long as it takes; raises `Unreachable` or `LoginRefused`."""


class Unreachable(Exception):
    """No connection can be had now; `lasting` where trying again at once cannot help (a certificate, a missing STARTTLS)."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


class LoginRefused(Exception):
    """The server refuses the user name or the password; trying again would lock the account."""
