"""What an SMTP reply means, by the phase it came in (RFC 5321 §4.2, RFC 3463).

An enhanced status code decides where the server gives one; else the basic code and, last, the words. Only codes that
speak of the address itself make it the address's fault: a policy refusal must never suppress a customer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from retention_cli.deliver.outcome import Deferred, Fault, Refused

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_QUEUE_ID = re.compile(r"queued as ([\w.<>@-]{1,100})", re.IGNORECASE)
_NO_SUCH_USER = re.compile(
    r"(no such|unknown|invalid|non-?existent) (user|recipient|mailbox|address|account)"
    r"|(user|recipient|mailbox|address|account)[^.]{0,40} (unknown|not found|does not exist|doesn't exist|not exist|invalid)",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\b(spam|blocked|black ?list|block ?list|policy|relay(ing)?|access denied|not permitted|not allowed|authenticat\w+"
    r"|reputation|spf|dkim|dmarc|rejected due to)\b",
    re.IGNORECASE,
)

_ADDRESS_CODES = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
_SIZE_CODES = frozenset({"2.3", "3.4"})
_SENDER_CODES = frozenset({"1.7", "1.8"})

SERVICE_CLOSING = 421
START_MAIL_INPUT = 354
BAD_SEQUENCE = 503
EXCEEDED_STORAGE = 552


class Phase(IntEnum):
    """How far a transaction had come when the reply was given."""

    RSET = 0
    MAIL = 1
    RCPT = 2
    DATA = 3
    DOT = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; `text` is its lines without the code."""

    code: int
    text: str

    @property
    def positive(self) -> bool:
        """Whether the command succeeded (2xx)."""
        return self.code // 100 == 2  # noqa: PLR2004 - the reply classes of RFC 5321 §4.2.1

    @property
    def transient(self) -> bool:
        """Whether it may succeed later (4xx)."""
        return self.code // 100 == 4  # noqa: PLR2004 - as above

    @property
    def permanent(self) -> bool:
        """Whether it will never succeed (5xx)."""
        return self.code // 100 == 5  # noqa: PLR2004 - as above

    @property
    def enhanced(self) -> str:
        """Return the subject and detail of the enhanced status code (`1.1` of `5.1.1`), empty where there is none."""
        found = _ENHANCED.match(self.text)
        return f"{found[2]}.{found[3]}" if found else ""

    @property
    def queue_id(self) -> str:
        """Return the server's own name for an accepted message, where it says one."""
        found = _QUEUE_ID.search(self.text)
        return found[1] if found else ""


def judge(reply: Reply, phase: Phase) -> Refused | Deferred:
    """Return what a negative reply (4xx, 5xx) means for the message."""
    if reply.transient:
        return Deferred(reply.code, reply.text)
    return Refused(reply.code, reply.text, fault_of(reply, phase))


def fault_of(reply: Reply, phase: Phase) -> Fault:
    """Return whose fault a permanent refusal is."""
    by_code = _fault_by_code(reply)
    if phase is Phase.MAIL:  # no recipient was named yet
        return Fault.SIZE if by_code is Fault.SIZE else Fault.SENDER
    if by_code is not None:
        return by_code
    return _fault_by_words(reply, phase)


def _fault_by_code(reply: Reply) -> Fault | None:
    code = reply.enhanced
    if code in _ADDRESS_CODES:
        return Fault.ADDRESS
    if code in _SENDER_CODES or code.startswith("7."):
        return Fault.SENDER
    if code in _SIZE_CODES or (not code and reply.code == EXCEEDED_STORAGE and "size" in reply.text.lower()):
        return Fault.SIZE
    if code.startswith("6."):
        return Fault.CONTENT
    return Fault.OTHER if code and not code.startswith("0.") else None


def _fault_by_words(reply: Reply, phase: Phase) -> Fault:
    if _POLICY.search(reply.text):
        return Fault.SENDER
    if phase is Phase.RCPT and _NO_SUCH_USER.search(reply.text):
        return Fault.ADDRESS
    return Fault.OTHER
