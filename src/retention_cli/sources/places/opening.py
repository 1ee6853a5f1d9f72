"""How an address is opened: over the way that its host was found to be at, TLS for the name that is written, and in time.

There is no handler for other schemes, and none for proxies: a redirect to a file, or a variable of the environment, leads
nowhere.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPMessage, HTTPResponse
from typing import IO, TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import AbstractHTTPHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPRedirectHandler, OpenerDirector, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.sources.places.hosts import Route

PORTS = {"http": 80, "https": 443}


def opener(origin: SplitResult, route: Route) -> OpenerDirector:
    """Return what opens an address, and those on the same host that it leads to."""
    made = OpenerDirector()
    for handler in (_Over(route), _SameHost(origin), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        made.add_handler(handler)
    return made


@contextmanager
def in_time(route: Route, seconds: float) -> Iterator[None]:
    """Cut every connection of a way when its time is over, whatever is waited for."""
    timer = threading.Timer(max(seconds, 0), _cut, [route])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(route: Route) -> None:
    for line in route.lines:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """A connection over a way; `trust` is what makes it TLS."""

    def __init__(self, host: str, *, route: Route, trust: ssl.SSLContext | None = None, **rest: Any) -> None:
        super().__init__(host, **rest)
        self._route, self._trust = route, trust

    def connect(self) -> None:
        """Connect to an address of the way, and to no other."""
        line = self._route.connect()
        self.sock = line if self._trust is None else self._trust.wrap_socket(line, server_hostname=self.host.rstrip("."))
        self._route.lines.append(self.sock)


class _Over(AbstractHTTPHandler):
    """Opens http and https over a way that is known."""

    def __init__(self, route: Route) -> None:
        super().__init__()
        self._route = route

    def http_open(self, request: Request) -> HTTPResponse:
        """Open it as it is."""
        return self.do_open(partial(_Connection, route=self._route), request)

    def https_open(self, request: Request) -> HTTPResponse:
        """Open it with TLS; certificate and name are checked."""
        return self.do_open(partial(_Connection, route=self._route, trust=ssl.create_default_context()), request)

    http_request = https_request = AbstractHTTPHandler.do_request_


class _SameHost(HTTPRedirectHandler):
    """Follows a redirect on one host, never to plain http, and keeps what authorises there alone."""

    def __init__(self, origin: SplitResult) -> None:
        self._origin = origin

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> Request | None:  # noqa: PLR0917 - as the parent has it
        """Return the next request; raises URLError where it leads away."""
        target = urlsplit(newurl)
        if _server(target) != _server(self._origin):
            raise URLError(f"it leads away to {target.scheme}://{target.hostname}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
