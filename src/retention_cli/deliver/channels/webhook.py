"""Calls to other programs: one signed POST each, over HTTP/1.1, and no redirect is followed.

Signed as Standard Webhooks 1.0 has it (standardwebhooks.com): `webhook-id` is the call's public key, the same at every attempt, so
that a receiver can drop a second copy; `webhook-signature` is HMAC-SHA256 over id, time and body. All of the body but its last byte
leaves before the mark is made durable: a receiver that was not told the whole length has nothing it could act on.

A 2xx is accepted; 408, 425, 429 and 5xx are deferred, `Retry-After` is kept; every other answer is refused. What breaks
before the last byte was surely not taken, what breaks behind it is unknown.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from retention_cli import crash
from retention_cli.deliver.channels.pause import seconds_in
from retention_cli.deliver.channels.smtp_url import is_loopback
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Outcome, Refused, Unknown, Withheld
from retention_cli.errors import UsageError
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import Receiver
    from retention_cli.model.word import Word

_LATER = frozenset({408, 425, 429})
_OK, _WRONG = range(200, 300), range(500, 600)
_LONGEST_ANSWER = 64 * 1024
_PREFIX = "whsec_"
AGENT = "retention"
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a receiver listens and what signs the calls to it."""

    host: str
    port: int | None
    path: str
    is_secret: bool
    key: bytes = field(repr=False)
    timeout: float = 10.0

    @classmethod
    def of(cls, name: str, receiver: Receiver) -> Self:
        """Read what a target says of a receiver; raises `UsageError` that quotes neither address nor secret."""
        try:
            parts = urlsplit(str(receiver.url).strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            raise _wrong(name, "its url cannot be read") from None
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise _wrong(name, "its url must look like https://HOST/PATH")
        if parts.scheme == "http" and not is_loopback(host):
            raise _wrong(name, "its url must begin with https:// (http is for this machine alone)")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host, port, path, parts.scheme == "https", _key(name, str(receiver.secret)), receiver.timeout.elapsed.total_seconds())


def _key(name: str, secret: str) -> bytes:
    if not secret.strip():
        raise _wrong(name, "its secret is empty")
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(name, "its secret begins with whsec_, and what follows is no Base64") from None


def _wrong(name: str, why: str) -> UsageError:
    return UsageError(f"the receiver {name!r} cannot be called: {why}", "look at targets: NAME: call: in retention.yml and at the environment")


def signature(key: bytes, call: str, at: int, body: bytes) -> str:
    """Return the `webhook-signature` of a call that is made at an instant, in seconds since 1970."""
    signed = hmac.new(key, b".".join([call.encode(), str(at).encode(), body]), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


class Webhooks:
    """The receivers of a target, by name."""

    name = "webhook"

    def __init__(self, endpoints: Mapping[str, Endpoint], now: Callable[[], float] = time.time) -> None:
        self._endpoints = endpoints
        self._now = now

    @classmethod
    def of(cls, receivers: Mapping[Word, Receiver], root: Path) -> Self:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return cls({str(name): Endpoint.of(str(name), receiver) for name, receiver in receivers.items()})

    def open(self) -> WebhookConnection:
        """Open; a receiver is connected to when it is called."""
        return WebhookConnection(self._endpoints, self._now)


class WebhookConnection:
    """Makes one call after another, each over a connection of its own: receivers are few, and calls seldom."""

    def __init__(self, endpoints: Mapping[str, Endpoint], now: Callable[[], float]) -> None:
        self._endpoints = endpoints
        self._now = now
        self._open: http.client.HTTPConnection | None = None

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Make one call; `mail.rcpt` is its receiver."""
        endpoint = self._endpoints.get(mail.rcpt)
        if endpoint is None or len(mail.raw) < 2:  # noqa: PLR2004 - a first part and a last byte
            return Refused(0, f"no receiver is called {mail.rcpt}", Fault.OTHER)
        connection = self._open = _connection(endpoint)
        try:
            return self._call(connection, endpoint, mail, commit)
        finally:
            connection.close()
            self._open = None

    def _call(self, connection: http.client.HTTPConnection, endpoint: Endpoint, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        crash.point("before-body")
        try:
            self._begin(connection, endpoint, mail)
        except _BROKEN as error:
            return ConnectionDown(f"the receiver {mail.rcpt} cannot be reached: {_said(error)}")
        try:
            if not commit(lambda: connection.send(mail.raw[-1:])):
                return Withheld()
            response = connection.getresponse()
            wish = seconds_in(response.getheader("Retry-After"), datetime.fromtimestamp(self._now(), UTC))
            return _outcome(response.status, wish, response.read(_LONGEST_ANSWER))
        except _BROKEN as error:
            return Unknown(f"no answer of the receiver {mail.rcpt}: {_said(error)}")

    def _begin(self, connection: http.client.HTTPConnection, endpoint: Endpoint, mail: Mail) -> None:
        at = int(self._now())
        connection.putrequest("POST", endpoint.path, skip_accept_encoding=True)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(mail.raw)),
            "User-Agent": AGENT,
            "webhook-id": mail.key,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(endpoint.key, mail.key, at, mail.raw),
        }
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(mail.raw[:-1])

    def close(self) -> None:
        """Do nothing: no connection outlives its call."""

    def abort(self) -> None:
        """Break off the call that waits."""
        if (connection := self._open) is not None and connection.sock is not None:
            connection.sock.close()


def _connection(endpoint: Endpoint) -> http.client.HTTPConnection:
    if endpoint.is_secret:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(endpoint.host, endpoint.port, timeout=endpoint.timeout, context=context)
    return http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=endpoint.timeout)


def _outcome(status: int, wish: float | None, answer: bytes) -> Outcome:
    if status in _OK:
        return Accepted(str(status))
    text = visible(answer.decode(errors="replace").strip().partition("\n")[0])[:200] or "no reason given"
    if status in _LATER or status in _WRONG:
        return Deferred(status, text, wish)
    return Refused(status, text, Fault.OTHER)


def _said(error: BaseException) -> str:
    return visible(str(getattr(error, "strerror", None) or type(error).__name__))
