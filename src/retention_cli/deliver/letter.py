"""A finished message as a provider's API wants it told: people, subject, text, HTML and the headers beside them.

Read back from the bytes that would leave by SMTP, so that all channels send one message. What cannot be told in these words
(an attachment, a header twice) is refused before anybody is asked; nothing is left out but what every provider writes itself.
"""

from __future__ import annotations

import email
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from typing import TYPE_CHECKING, cast

from retention_cli.deliver.outcome import Fault, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import EmailMessage

    from retention_cli.deliver.mail import Mail

THEIR_OWN = frozenset({"date", "message-id", "mime-version"})
"""Headers that every provider writes by itself; `content-*` belongs to the parts."""
_TOLD = frozenset({"from", "to", "subject", "reply-to"})
_PARTS = (["text/plain"], ["text/html"], ["text/plain", "text/html"])


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: `html` is empty where there is none, `reply_to` where nobody is named; `headers` are all others, unfolded."""

    sender: Address
    to: Address
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    reply_to: str = ""

    @property
    def is_marketing(self) -> bool:
        """Whether it may be declined: then it says how (RFC 2369)."""
        return any(name.lower() == "list-unsubscribe" for name in self.headers)


def letter_of(mail: Mail) -> Letter | Refused:
    """Read a message; `Refused` says what of it a provider cannot be told."""
    message = email.message_from_bytes(mail.raw, policy=policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    kinds = [part.get_content_type() for part in parts]
    if kinds not in _PARTS:
        return Refused(0, f"a provider can be told a text and an HTML part, but these are {', '.join(kinds)}", Fault.CONTENT)
    names = [name.lower() for name in message.keys()]  # noqa: SIM118 - a message's items are not its names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return Refused(0, f"a provider can be told each header once, but {', '.join(twice)} comes twice", Fault.CONTENT)
    said = {kind: part.get_content() for kind, part in zip(kinds, parts, strict=True)}
    return Letter(
        sender=_person(message, "from"),
        to=Address(addr_spec=mail.rcpt) if mail.rcpt.isascii() else _person(message, "to"),
        subject=str(message["subject"] or ""),
        text=said.get("text/plain", ""),
        html=said.get("text/html", ""),
        headers={name: str(value) for name, value in message.items() if _is_beside(name.lower())},
        reply_to=str(message["reply-to"] or ""),
    )


def _person(message: EmailMessage, name: str) -> Address:
    [person] = message[name].addresses
    return cast("Address", person)


def _is_beside(name: str) -> bool:
    return name not in _TOLD and name not in THEIR_OWN and not name.startswith("content-")
