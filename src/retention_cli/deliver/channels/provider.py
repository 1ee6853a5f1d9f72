"""Providers of mail that take a message by one HTTP request: what all of them have in common.

A provider's own file says how a message is told (`Api.order`) and what its answers mean (`Api.judge`); connections, the durable mark,
time and doubt are settled here. All of the body but its last byte leaves before the mark is made durable, so what breaks until
then was surely not taken. No redirect is followed, and no proxy of the environment is used: the key goes to one host.

What breaks behind the last byte is unknown. Where the provider keeps a key for each message (`Api.lifetime`) it is asked again with the
same key and the same bytes, while the key surely lives; only then is it left unknown.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from retention_cli import crash
from retention_cli.clock import SystemClock
from retention_cli.deliver.channels.pause import seconds_in
from retention_cli.deliver.channels.smtp_url import is_loopback
from retention_cli.deliver.letter import Letter, letter_of
from retention_cli.deliver.mail import fault_in
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Outcome, Reach, Refused, Unknown, Withheld
from retention_cli.deliver.retry import jittered
from retention_cli.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx2

    from retention_cli.clock import Clock
    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import HttpsChannel, Provider

    Commit = Callable[[Callable[[], None]], bool]

MARGIN = timedelta(minutes=1)
"""So long before a key is forgotten it is no longer relied on: clocks and networks are slow."""
PAUSES = (1.0, 2.0, 4.0)
_LONGEST_ANSWER = 64 * 1024
_ANSWERED = range(200, 300)
_REDIRECTS, _WRONG = range(300, 400), range(500, 600)
_LATER, _TOO_MANY = frozenset({408, 425}), 429
_NOT_ALLOWED = frozenset({401, 402, 403, 404, 405, 407, 410})
_TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a provider: POST `body` to `path`. `headers` hold the key of the account, so they are never shown."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What a provider answered, read to its end; `said` is the JSON of its body, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def said(self) -> Any:
        """Return the body as JSON."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.body)
        return None

    def text(self, *path: str | int) -> str:
        """Return the text or number at a place of the JSON, empty where there is none."""
        found = self.said
        for step in path:
            try:
                found = found[step]
            except (TypeError, LookupError):
                return ""
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


class Api(Protocol):
    """What is particular to one provider."""

    @property
    def name(self) -> str:
        """Return the word of `to:`."""

    @property
    def base(self) -> str:
        """Return where its API is by itself."""

    @property
    def lifetime(self) -> timedelta | None:
        """Return how long it knows a message by its key; None where it keeps none."""

    @property
    def refuses(self) -> frozenset[str]:
        """Return headers that it takes from nobody, in lower case."""

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message."""

    def accepted(self, answer: Answer) -> str:
        """Return the provider's id of a message, from an answer of success; empty where it says none."""

    def judge(self, answer: Answer) -> Outcome | None:
        """Return what an answer means where the general rules do not say; None where they do."""

    def reason(self, answer: Answer) -> str:
        """Return the provider's words of why not."""


def key_of(settings: Provider, word: str = "key") -> str:
    """Return a secret of the settings; raises `UsageError` where it cannot be one."""
    value = str(getattr(settings, word)).strip()
    if not value or not value.isascii() or not value.isprintable():
        raise UsageError(f"the channel {settings.to} has no {word} that could be right", f"look at {word}: in retention.yml and at the environment")
    return value


def json_order(path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Order:
    """Return a request with a JSON body, the same bytes for the same message."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Order(path, raw, {"Content-Type": "application/json", "Accept": "application/json", **headers})


class HttpChannel:
    """One account with a provider."""

    def __init__(self, api: Api, settings: Provider, clock: Clock | None = None) -> None:
        try:
            import httpx2  # noqa: F401, PLC0415 - an extra, asked for only here
        except ImportError:
            raise MissingExtra("http", f"the channel {api.name}") from None
        self.name = api.name
        self._api = api
        self._base = api_url(settings, api.base)
        self._timeout = settings.timeout.elapsed.total_seconds()
        self._clock = clock or SystemClock()

    def open(self) -> HttpConnection:
        """Open; the provider is connected to with the first message, and the connection kept for those after it."""
        return HttpConnection(self._api, self._base, self._timeout, self._clock)


def api_url(settings: HttpsChannel, standard: str) -> str:
    """Return where the API is, without a slash at its end."""
    text = str(settings.url or standard).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None or parts.query or (parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host))):
        raise UsageError(f"the channel {settings.to} cannot be reached: its url must look like https://HOST", "look at url: in retention.yml")
    return text


class _HeldBack(Exception):
    """A gate said no while the last byte was still here."""


class HttpConnection:
    """Sends one message after another over one connection; used by one thread."""

    def __init__(self, api: Api, base: str, timeout: float, clock: Clock) -> None:
        import httpx2  # noqa: PLC0415 - an extra

        self._http = httpx2
        self._api, self._base, self._clock, self._timeout = api, base, clock, timeout
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
        self._client = httpx2.Client(timeout=timeout, limits=limits, follow_redirects=False, trust_env=False, headers={"User-Agent": "retention"})
        self._stream: Any = None
        self._has_answered = False
        self._gone = False

    def send(self, mail: Mail, commit: Commit) -> Outcome:
        """Try once, and where the provider keeps keys, until it is known what became of it."""
        letter = fault_in(mail) or letter_of(mail)
        if isinstance(letter, Refused):
            return letter
        if refused := sorted(name for name in letter.headers if name.lower() in self._api.refuses):
            return Refused(0, f"{self._api.name} takes no header {', '.join(refused)}", Fault.CONTENT)
        order, began = self._api.order(letter, mail), self._clock.monotonic()
        self._gone = False
        outcome = self._attempt(order, commit)
        return self._asked_again(order, outcome, began) if isinstance(outcome, Unknown) else outcome

    def _asked_again(self, order: Order, unknown: Unknown, began: float) -> Outcome:
        """Ask with the same key what became of a message; only a yes or a no to the message itself settles it."""
        if self._api.lifetime is None:
            return unknown
        until = began + (self._api.lifetime - MARGIN).total_seconds()
        for pause in PAUSES:
            if self._clock.monotonic() + pause + self._timeout >= until:
                break
            self._clock.sleep(jittered(pause))
            outcome = self._attempt(order, None)
            if isinstance(outcome, Accepted | Refused):
                return outcome
        return unknown

    def _attempt(self, order: Order, commit: Commit | None) -> Outcome:
        """Make the request; `commit` is None where its mark is durable already."""
        crash.point("before-body")
        try:
            answer = self._answered(order, commit)
        except _HeldBack:
            return Withheld()
        except (self._http.RequestError, TimeoutError) as error:
            text = f"{self._api.name}: {type(error).__name__}"
            return Unknown(f"no answer of {text}") if self._gone else ConnectionDown(text, fresh=not self._has_answered)
        self._has_answered = True
        return self._judged(answer)

    def _answered(self, order: Order, commit: Commit | None) -> Answer:
        headers = {**order.headers, "Content-Length": str(len(order.body))}
        request = self._client.build_request(
            "POST", self._base + order.path, content=self._in_two(order.body, commit), headers=headers, extensions={"trace": self._trace}
        )
        until = self._clock.monotonic() + self._timeout
        response = self._client.send(request, stream=True)
        try:
            return Answer(response.status_code, response.headers, self._read(response, until))
        finally:
            response.close()

    def _in_two(self, body: bytes, commit: Commit | None) -> Iterator[bytes]:
        """Yield all but the last byte, and that when the mark is durable."""
        yield body[:-1]
        if commit is not None and not commit(lambda: None):
            raise _HeldBack
        self._gone = True
        yield body[-1:]

    def _read(self, response: httpx2.Response, until: float) -> bytes:
        """Return the body, in whose time a slow server gets no more than one timeout."""
        body = b""
        for part in response.iter_bytes():
            body += part
            if len(body) > _LONGEST_ANSWER or self._clock.monotonic() > until:
                raise TimeoutError
        return body

    def _judged(self, answer: Answer) -> Outcome:
        """Return what an answer means, by the provider's own rules and else by its status."""
        if (own := self._api.judge(answer)) is not None:
            return own
        if answer.status in _ANSWERED:
            found = self._api.accepted(answer)
            return Accepted(found) if found else Unknown(f"{self._api.name} answered {answer.status}, and told no id")
        return self._negative(answer, self._api.reason(answer) or "no reason given")

    def _negative(self, answer: Answer, text: str) -> Outcome:
        wish = seconds_in(answer.headers.get("Retry-After"), self._clock.now())
        if answer.status == _TOO_MANY:
            return Deferred(answer.status, text, wish, Reach.CHANNEL)
        if answer.status in _WRONG or answer.status in _LATER:
            return Deferred(answer.status, text, wish)
        if answer.status in _REDIRECTS:
            return Deferred(answer.status, f"{self._api.name} sends us elsewhere, which is not followed: look at url:", None, Reach.ACCOUNT)
        if answer.status in _NOT_ALLOWED:
            return Deferred(answer.status, text, None, Reach.ACCOUNT)
        return Refused(answer.status, text, Fault.SIZE if answer.status == _TOO_LARGE else Fault.OTHER)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection's stream, for `abort`."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info.get("return_value")

    def close(self) -> None:
        """Let the connection go."""
        with suppress(self._http.HTTPError, OSError, RuntimeError):
            self._client.close()

    def abort(self) -> None:
        """Break off the request that waits."""
        import socket  # noqa: PLC0415 - seldom needed

        found = self._stream.get_extra_info("socket") if self._stream is not None else None
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
