"""A finished message with its envelope, and the last check of both before they meet a server.

Rendering makes valid bytes and addresses; this check is the second lock on the same door, since a bare CR or LF or a
space in an address would let data speak SMTP (RFC 5321 §2.3.8, §4.1.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from retention_cli.deliver.outcome import Fault, Refused

_LONGEST_ADDRESS = 254
_LONGEST_LINE = 998
_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f-\x9f\\\"]{1,64}@[^\s<>@\x00-\x1f\x7f-\x9f\\\"]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One message for one person. `key` is its public key (hex), the same at every attempt; `raw` has CRLF line ends and `sha` is its digest.

    What is no mail (a text message, a push) has its text as `raw`, behind its `title` and an empty line where there is one.
    `fit` is set by `checked`, in whichever process of ours made the message: its bytes were looked at and go out as they are.
    """

    key: str
    raw: bytes
    mail_from: str
    rcpt: str
    sha: str = ""
    fit: bool = False
    title: str = ""


def checked(mail: Mail) -> Mail:
    """Return the message with its bytes looked at, so that a connection, which has less time, need not do it."""
    return replace(mail, fit=clean(mail.raw) and b"\n." not in mail.raw and not mail.raw.startswith(b"."))


def fault_in(mail: Mail) -> Refused | None:
    """Return why the message may not be put on a wire; None where it may."""
    if not _valid(mail.rcpt):
        return Refused(0, "not an address", Fault.OTHER)
    if not _valid(mail.mail_from):
        return Refused(0, "the sender is not an address", Fault.SENDER)
    return None if mail.fit or clean(mail.raw) else Refused(0, "the message has a bare CR or LF, a NUL, or a line over 998 octets", Fault.CONTENT)


def clean(raw: bytes) -> bool:
    """Whether the bytes are whole CRLF lines of at most 998 octets, without NUL."""
    lines = raw.splitlines()  # at CRLF and at a bare CR or LF, which takes one octet less
    return (
        raw.endswith(b"\r\n") and len(b"".join(lines)) + 2 * len(lines) == len(raw) and b"\0" not in raw and len(max(lines, key=len)) <= _LONGEST_LINE
    )


def wire(mail: Mail) -> bytes:
    """Return the lines as they go over the wire, without the final dot."""
    return mail.raw if mail.fit else stuffed(mail.raw)


def stuffed(raw: bytes) -> bytes:
    """Return the lines as they go over the wire, without the final dot (RFC 5321 §4.5.2)."""
    body = raw.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body


def _valid(address: str) -> bool:
    return len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None
