"""A mail server that does what a test tells it, on 127.0.0.1: the ground truth of what was really sent.

It speaks plain sockets and keeps the bytes of every message as meant (dot-stuffing undone) with its envelope. A message
is kept, and flushed to `journal` where one is given, before the answer to its final dot goes out. `behave` is asked at
every phase and may answer with an act of its own; None means that the server behaves well.
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

EXTENSIONS = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclass(frozen=True)
class Say:
    """Answer with these bytes, after `delay` seconds; then go on, or hang up (`then`: go, drop, reset)."""

    text: bytes
    delay: float = 0.0
    then: str = "go"
    keep: bool = False


DROP = Say(b"", then="drop")
RESET = Say(b"", then="reset")


@dataclass(frozen=True)
class Received:
    """One whole message; `accepted` is False where the answer to its dot was another than the usual 250."""

    mail_from: str
    rcpts: tuple[str, ...]
    raw: bytes
    connection: int
    accepted: bool = True


@dataclass
class Turn:
    """What a behaviour may look at: where the conversation stands."""

    phase: str
    connection: int
    nth: int  # messages begun on this connection, this one included
    line: str = ""
    mail_from: str = ""
    rcpts: list[str] = field(default_factory=list)

    @property
    def rcpt(self) -> str:
        """The recipient named last."""
        return self.rcpts[-1] if self.rcpts else ""


class SmtpSink:
    """Listens on a port of its own from `with` to its end."""

    def __init__(
        self,
        behave: Callable[[Turn], Say | None] | None = None,
        *,
        extensions: tuple[str, ...] = EXTENSIONS,
        per_connection: int | None = None,
        journal: Path | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
        on_message: Callable[[int], None] | None = None,
    ) -> None:
        self.behave = behave or (lambda _: None)
        self.extensions = extensions
        self.per_connection = per_connection
        self.tls, self.implicit, self.login = tls, implicit, login
        self.on_message = on_message
        self.received: list[Received] = []
        self.commands: list[tuple[int, str]] = []
        self.connections = 0
        self.cut_short = 0  # DATA that ended without a dot
        self.guard = threading.Lock()
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if journal else -1
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """How a target names it."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def accepted(self) -> list[Received]:
        """The messages that were answered with the usual 250."""
        return [message for message in self.received if message.accepted]

    def count(self, command: str) -> int:
        """Return how often a command was heard."""
        return sum(line.upper().startswith(command) for _, line in self.commands)

    def take(self) -> list[Received]:
        """Return what was received, and forget it with all that was heard: for tests that go on for long."""
        received = list(self.received)
        del self.received[: len(received)]
        del self.commands[: len(self.commands)]
        self._threads[:] = [thread for thread in self._threads if thread.is_alive()]
        return received

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self.guard:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)
        if self._journal >= 0:
            os.close(self._journal)

    def keep(self, message: Received) -> None:
        """Take a message for good; it is on the disk when this returns, where there is a journal."""
        with self.guard:
            self.received.append(message)
            count = len(self.received)
        if self._journal >= 0:
            os.write(self._journal, (" ".join(message.rcpts) + "\n").encode())
            os.fsync(self._journal)
        if self.on_message is not None:
            self.on_message(count)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.guard:
            self._open.add(sock)
        talk = _Talk(self, sock, number)
        try:
            talk.run()
        except (OSError, _HungUp):
            pass
        finally:
            with self.guard:
                self._open.discard(sock)
            talk.sock.close()
            sock.close()


class _HungUp(Exception):
    """One of the two ends is gone."""


class _Talk:
    """One connection's conversation."""

    def __init__(self, sink: SmtpSink, sock: socket.socket, number: int) -> None:
        self.sink, self.sock = sink, sock
        self.turn = Turn("connect", number, 0)
        self.buffer = b""

    def run(self) -> None:
        if self.sink.implicit and self.sink.tls is not None:
            self.sock = self.sink.tls.wrap_socket(self.sock, server_side=True)
        if not self.answer("connect", b"220 sink.example ESMTP\r\n"):
            return
        while True:
            line = self.line()
            self.sink.commands.append((self.turn.connection, line))
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.answer("QUIT", b"221 2.0.0 bye\r\n", line)
                return
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                self.send(b"500 5.5.2 what?\r\n")
            else:
                handler(line)

    def on_ehlo(self, line: str) -> None:
        offered = list(self.sink.extensions)
        if self.sink.tls is not None and not isinstance(self.sock, ssl.SSLSocket):
            offered.append("STARTTLS")
        if self.sink.login is not None:
            offered.append("AUTH PLAIN LOGIN")
        lines = ["sink.example", *offered]
        text = "".join(f"250{'-' if at < len(lines) - 1 else ' '}{word}\r\n" for at, word in enumerate(lines))
        self.answer("EHLO", text.encode(), line)

    on_helo = on_ehlo

    def on_starttls(self, line: str) -> None:
        if self.answer("STARTTLS", b"220 2.0.0 go\r\n", line) and self.sink.tls is not None:
            self.sock = self.sink.tls.wrap_socket(self.sock, server_side=True)

    def on_auth(self, line: str) -> None:

        user, password = self.sink.login or ("", "")
        right = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.answer("AUTH", b"235 2.7.0 ok\r\n" if line == f"AUTH PLAIN {right}" else b"535 5.7.8 no\r\n", line)

    def on_mail(self, line: str) -> None:
        if self.turn.mail_from:
            self.send(b"503 5.5.1 Sender already specified\r\n")
            return
        self.turn.nth += 1
        limit = self.sink.per_connection
        if limit is not None and self.turn.nth > limit:
            raise _HungUp
        self.turn.rcpts = []
        if self.answer("MAIL", b"250 2.1.0 ok\r\n", line):
            self.turn.mail_from = _path(line)

    def on_rcpt(self, line: str) -> None:
        self.turn.rcpts.append(_path(line))
        if not self.answer("RCPT", b"250 2.1.5 ok\r\n", line):
            self.turn.rcpts.pop()

    def on_rset(self, line: str) -> None:
        self.turn.mail_from, self.turn.rcpts = "", []
        self.answer("RSET", b"250 2.0.0 ok\r\n", line)

    def on_data(self, line: str) -> None:
        if not self.turn.mail_from or not self.turn.rcpts:
            self.send(b"554 5.5.1 no valid recipients\r\n")
            return
        if not self.answer("DATA", b"354 go ahead\r\n", line):
            return
        raw = self.body()
        act = self._act("DOT", line)
        message = Received(self.turn.mail_from, tuple(self.turn.rcpts), raw, self.turn.connection, accepted=act is None)
        if act is None or act.keep:
            self.sink.keep(message)
        self.turn.mail_from, self.turn.rcpts = "", []
        self.do(act or Say(f"250 2.0.0 Ok: queued as {self.turn.connection}-{self.turn.nth}\r\n".encode()))

    def answer(self, phase: str, usual: bytes, line: str = "") -> bool:
        """Act as told, else answer as usual; True where the answer was the usual one."""
        act = self._act(phase, line)
        self.do(act or Say(usual))
        return act is None or act.text == usual

    def do(self, act: Say) -> None:
        """Carry an act out."""
        if act.delay:
            time.sleep(act.delay)
        if act.text:
            self.send(act.text)
        if act.then == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
        if act.then != "go":
            raise _HungUp

    def send(self, text: bytes) -> None:
        self.sock.sendall(text)

    def line(self) -> str:
        while (end := self.buffer.find(b"\r\n")) < 0:
            self._more()
        line, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
        return line.decode("utf-8", "replace")

    def body(self) -> bytes:
        data = bytearray(b"\r\n" + self.buffer)
        seen = 0
        while (end := data.find(b"\r\n.\r\n", seen)) < 0:
            seen = max(0, len(data) - 4)
            self.buffer = b""
            try:
                self._more()
            except (OSError, _HungUp):
                self.sink.cut_short += 1
                raise
            data += self.buffer
        self.buffer = bytes(data[end + 5 :])
        return bytes(data[: end + 2]).replace(b"\r\n.", b"\r\n")[2:]

    def _act(self, phase: str, line: str) -> Say | None:
        self.turn.phase, self.turn.line = phase, line
        return self.sink.behave(self.turn)

    def _more(self) -> None:
        chunk = self.sock.recv(65536)
        if not chunk:
            raise _HungUp
        self.buffer += chunk


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]
