"""A program that is called: a real HTTP server on this machine that keeps what it got and answers as it is told."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Hook:
    """What came in, as (path, headers, body); `answers` are given in turn, the last one again and again. `cut` and `hang` break one off."""

    url: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Answer | str] = field(default_factory=lambda: [(204, {}, b"")])
    seen: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> Answer | str:
        """Return the next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def hook(*answers: Answer | str) -> Iterator[Hook]:
    """Serve on 127.0.0.1 until the block ends."""
    found = Hook(answers=list(answers) or [(204, {}, b"")])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(found))
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_port}/hook?from=shop"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def _handler(found: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # broken off: no whole message, and nothing to act on
                return
            found.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            found.seen.set()
            match found.answer():
                case "cut":
                    self.connection.shutdown(socket.SHUT_RDWR)
                case "nonsense":
                    self.wfile.write(b"HTTP/9 what\r\n\r\n")
                case "hang":
                    threading.Event().wait(5)
                case (int(status), dict(headers), bytes(text)):
                    self._say(status, headers, text)

        def _say(self, status: int, headers: dict[str, str], text: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def once(act: Callable[[], None]) -> bool:
    """Say yes, and let go."""
    act()
    return True
