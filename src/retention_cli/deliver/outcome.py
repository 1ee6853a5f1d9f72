"""What became of one message at one attempt, as a value.

The five answers of a channel, and the two that need no channel (`Withheld`, `Unrenderable`). They are told apart by how
far the transaction had come, never by the type of an exception: before the final dot nothing is ever unknown, and after
it only an explicit reply of the server decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from retention_cli.text import visible

_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"]+@[^\s<>()\[\]:;,\"]+")
_LONGEST_REASON = 300


class Fault(StrEnum):
    """Whose fault a refusal is; only `ADDRESS` suppresses the address."""

    ADDRESS = "address"
    SENDER = "sender"
    CONTENT = "content"
    SIZE = "size"
    SMTPUTF8 = "smtputf8"
    OTHER = "other"


class Reach(StrEnum):
    """Whom an answer keeps waiting: this message, all that leaves by the channel, or all until a person has mended the account."""

    MESSAGE = "message"
    CHANNEL = "channel"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took it; `provider_id` is the server's own name for the message, where it said one."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take it; `code` is the SMTP reply, 0 where no server was asked."""

    code: int
    text: str
    fault: Fault = Fault.OTHER


@dataclass(frozen=True, slots=True)
class Deferred:
    """The server asks to try later, or the message failed too often before the dot; `retry_after` in seconds."""

    code: int
    text: str
    retry_after: float | None = None
    reach: Reach = Reach.MESSAGE


@dataclass(frozen=True, slots=True)
class Unknown:
    """The final dot was sent and no answer came: it may have been delivered."""

    text: str


@dataclass(frozen=True, slots=True)
class ConnectionDown:
    """The connection failed before the final dot: the message surely was not taken. `fresh`: it had never carried one."""

    text: str
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Withheld:
    """A gate said no right before the final dot; the connection was closed instead."""


@dataclass(frozen=True, slots=True)
class Unrenderable:
    """The template could not be rendered for this person; no server was asked."""

    text: str


Outcome = Accepted | Refused | Deferred | Unknown | ConnectionDown | Withheld
"""What a connection answers."""

Result = Outcome | Unrenderable
"""What an attempt ends with."""


def shown(text: str) -> str:
    """Return a server's words fit for a ledger and a terminal: one line, no control characters, no address."""
    return _ADDRESS.sub("<address>", visible(" ".join(text.split())))[:_LONGEST_REASON]


def told(code: int, text: str) -> str:
    """Return the reason that is kept: the reply's code, where there was one, and its words."""
    return shown(f"{code} {text}" if code else text)
