"""What an SMTP URL says: `smtp://` requires STARTTLS (plain is allowed on a loopback address), `smtps://` is TLS from the start.

`?tls=off` gives up encryption and is never chosen silently; `?tls=required` asks for STARTTLS on a loopback address too.
A password never travels in clear to another machine. Nothing here may put the URL into a message: it holds the password.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

from retention_cli.errors import UsageError

_PORTS = {"smtp": 587, "smtps": 465}


class Tls(StrEnum):
    """How a connection is made secret."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpUrl:
    """A mail server to hand messages to; `loud` says what the user should be told about it."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    loud: str = ""

    @classmethod
    def parse(cls, text: str) -> SmtpUrl:
        """Read a URL; raises `UsageError` that quotes nothing of it."""
        try:
            parts = urlsplit(text.strip())
            host, port, query = parts.hostname, parts.port, parse_qsl(parts.query, strict_parsing=bool(parts.query))
        except ValueError:
            raise _wrong("it cannot be read") from None
        if parts.scheme not in _PORTS or not host:
            raise _wrong("it must look like smtp://user:password@host:587 or smtps://…")
        wish = _wish(query, parts.scheme)
        tls = _tls(parts.scheme, wish, loopback=is_loopback(host))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if user and tls is Tls.NONE and not is_loopback(host):
            raise _wrong("a password would travel in clear; leave out ?tls=off, or the user")
        loud = "messages travel unencrypted to the mail server (?tls=off)" if wish == "off" else ""
        return cls(host, port or _PORTS[parts.scheme], tls, user, password, loud)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine and nothing between."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _wish(query: list[tuple[str, str]], scheme: str) -> str:
    if not query:
        return ""
    if query == [("tls", "required")] or (query == [("tls", "off")] and scheme == "smtp"):
        return query[0][1]
    raise _wrong("after the ? only tls=off or tls=required may stand, and smtps:// is never off")


def _tls(scheme: str, wish: str, *, loopback: bool) -> Tls:
    if scheme == "smtps":
        return Tls.IMPLICIT
    return Tls.NONE if wish == "off" or (loopback and not wish) else Tls.STARTTLS


def _wrong(why: str) -> UsageError:
    return UsageError(f"the target's SMTP url is wrong: {why}", "write it as smtp://user:password@host:587, with the password from ${…}")
