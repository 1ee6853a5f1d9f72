"""What is said around a message, and the header fields that say it, in a fixed order.

Values come in as plain data; every field goes through `headers`. List-Unsubscribe names the https address first and a
mailbox second (RFC 2369), and only with https the one-click line (RFC 8058); ids of lists and feedback are the same for
all messages of a campaign, never one person's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from retention_cli.errors import RenderFailed
from retention_cli.render import links
from retention_cli.render.address import Address, ascii_domain, parse_address
from retention_cli.render.headers import address_header, header, structured

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.render.links import SigningKeys

_KEY = re.compile(r"[0-9a-f]{32,64}")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]+")
_TRANSACTIONAL = "transactional"
_ID_LENGTH = 60


@dataclass(frozen=True, slots=True)
class From:
    """Who writes: an address, a name to show, and where answers go."""

    email: str
    name: str = ""
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message's way: `key` is its public key (hex), `date` the aware time it was planned at, `list_domain` the sender's by default."""

    sender: From
    to: str
    customer: str
    key: str
    date: datetime
    campaign: str
    kind: str
    keys: SigningKeys
    to_name: str = ""
    public_url: str | None = None
    unsubscribe: str | None = None
    list_domain: str | None = None

    @property
    def is_marketing(self) -> bool:
        """Whether it is of a kind that people may leave."""
        return self.kind != _TRANSACTIONAL


@dataclass(frozen=True, slots=True)
class WaysOut:
    """How this person leaves the list: `https` is one click, `mailto` a letter; either may be missing. `shown` stands in the message."""

    https: str | None
    mailto: str | None
    shown: str


def ways_out(envelope: Envelope) -> WaysOut:
    """Return the unsubscribe addresses of a message, each with a token that acts for this customer, list and message alone.

    A template that asks for a link where the shop has neither a public address nor a mailbox for it gets a letter to whoever reads answers.
    """
    claim = links.Claim(envelope.customer, envelope.campaign, _key(envelope)[: links.KEY_DIGITS])
    token = links.mint(envelope.keys, links.UNSUBSCRIBE, claim)
    https = f"{envelope.public_url.rstrip('/')}/u/{token}" if envelope.public_url else None
    mailto = _mailto(envelope.unsubscribe, "sender.unsubscribe", token) if envelope.unsubscribe else None
    return WaysOut(https, mailto, https or mailto or _mailto(envelope.sender.reply_to or envelope.sender.email, "sender", token))


def _key(envelope: Envelope) -> str:
    if _KEY.fullmatch(envelope.key) is None:
        raise RenderFailed("the message's key is not a hex number of 32 to 64 digits")
    return envelope.key


def _mailto(written: str, what: str, token: str) -> str:
    return f"mailto:{quote(str(_address(written, what)), safe='@')}?subject=unsubscribe%20{token}"


def recipient(envelope: Envelope) -> Address:
    """Return the address the message goes to; raise RenderFailed where it is none."""
    found = parse_address(envelope.to)
    if found is None:
        raise RenderFailed("the customer's address is not one that mail may go to")
    return found


def header_fields(envelope: Envelope, subject: str, out: WaysOut) -> list[bytes]:
    """Return all header fields but those of MIME's parts, each with its CRLF."""
    sender = _address(envelope.sender.email, "sender.email")
    return [
        _from(sender, envelope.sender.name),
        address_header("To", envelope.to_name, recipient(envelope)),
        header("Subject", subject),
        _date(envelope.date),
        structured("Message-ID", f"<{_key(envelope)}@{sender.domain}>"),
        b"MIME-Version: 1.0\r\n",
        _reply_to(envelope.sender.reply_to),
        *_list_fields(envelope, sender.domain, out),
    ]


def _list_fields(envelope: Envelope, domain: str, out: WaysOut) -> list[bytes]:
    if not envelope.is_marketing:
        return [b"Auto-Submitted: auto-generated\r\n"]
    ways = [f"<{way}>" for way in (out.https, out.mailto) if way]
    fields = [structured("List-Unsubscribe", ", ".join(ways))] if ways else []
    if out.https:
        fields.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return [*fields, *_campaign_fields(envelope.campaign, envelope.kind, envelope.list_domain or domain)]


@lru_cache(maxsize=1024)
def _campaign_fields(campaign: str, kind: str, list_domain: str) -> tuple[bytes, bytes]:
    domain = ascii_domain(list_domain)
    if domain is None:
        raise RenderFailed("the domain of the list is not a domain")
    name = _NOT_IN_ID.sub("-", campaign)[:_ID_LENGTH].strip("-") or "campaign"
    owner = hashlib.sha256(domain.encode("ascii")).hexdigest()[:12]
    parts = dict.fromkeys((name, _NOT_IN_ID.sub("-", kind), owner))
    return structured("List-Id", f"{name} <{name}.{domain}>"), structured("Feedback-ID", ":".join(parts))


@lru_cache(maxsize=64)
def _from(sender: Address, name: str) -> bytes:
    return address_header("From", name, sender)


@lru_cache(maxsize=64)
def _reply_to(written: str | None) -> bytes:
    return address_header("Reply-To", "", _address(written, "reply_to")) if written else b""


def _address(written: str, what: str) -> Address:
    found = parse_address(written)
    if found is None or found.needs_smtputf8:
        raise RenderFailed(f"{what} is not an address that mail may come from")
    return found


@lru_cache(maxsize=256)
def _date(moment: datetime) -> bytes:
    if moment.tzinfo is None:
        raise ValueError("the date of a message needs an offset")
    return structured("Date", format_datetime(moment.replace(microsecond=0)))
