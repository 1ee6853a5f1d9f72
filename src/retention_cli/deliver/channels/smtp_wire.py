"""The bytes of an SMTP connection, read and written without ever blocking: what has to be waited for is yielded."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from retention_cli.clock import SystemClock
from retention_cli.deliver.channels.talk import Ready

if TYPE_CHECKING:
    import socket

    from retention_cli.deliver.channels.smtp_reader import ReplyReader
    from retention_cli.deliver.channels.talk import Talk
    from retention_cli.deliver.replies import Reply

_UNREADABLE = (BlockingIOError, ssl.SSLWantReadError)
_UNWRITABLE = (BlockingIOError, ssl.SSLWantWriteError)


class Wire:
    """A socket and what was read from it; `timeout` bounds the wait for a whole answer and for all of what is written, in seconds."""

    def __init__(self, sock: socket.socket, reader: ReplyReader, timeout: float) -> None:
        self._sock = sock
        self._reader = reader
        self._timeout = timeout
        self._clock = SystemClock()

    def reply(self) -> Talk[Reply]:
        """Read the next reply; raises `Garbled`, or `OSError` for a broken connection or too long a wait."""
        until = 0.0
        while (reply := self._reader.next_reply()) is None:
            until = until or self._until()
            if not self._reader.pending:
                yield Ready(until)
            try:
                self._reader.receive()
            except _UNREADABLE:  # less than a whole TLS record has come
                continue
            except ssl.SSLWantWriteError:
                yield Ready(until, write=True)
        return reply

    def write(self, data: bytes) -> Talk[None]:
        """Write all of it; raises `OSError` for a broken connection or too long a wait."""
        rest, until = memoryview(data), 0.0
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except (*_UNWRITABLE, ssl.SSLWantReadError) as error:
                until = until or self._until()
                yield Ready(until, write=not isinstance(error, ssl.SSLWantReadError))

    def _until(self) -> float:
        return self._clock.monotonic() + self._timeout


class Last:
    """The bytes that let a message go: written at once as far as the socket takes them, the `rest` later."""

    def __init__(self, sock: socket.socket, data: bytes) -> None:
        self._sock = sock
        self.rest = data

    def write(self) -> None:
        """Write without waiting."""
        with contextlib.suppress(*_UNWRITABLE, ssl.SSLWantReadError):
            self.rest = self.rest[self._sock.send(self.rest) :]
