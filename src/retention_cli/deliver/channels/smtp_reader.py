"""Reads SMTP replies from a socket and believes nothing: every length is bounded, and what is not a reply is `Garbled`.

A reply is complete lines `250-text` … `250 text`, all with one code, none longer than `LONGEST_LINE`, without NUL
(RFC 5321 §4.2 and §4.5.3.1.5; the limits here are wider than it asks). A reply that was cut is no reply, whatever its first digits.
"""

from __future__ import annotations

import re
import select
import ssl
from typing import TYPE_CHECKING

from retention_cli.clock import SystemClock
from retention_cli.deliver.replies import Reply

if TYPE_CHECKING:
    import socket

LONGEST_LINE = 4096
MOST_LINES = 128
_CHUNK = 16384
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\0]*))?")


class Garbled(Exception):
    """The server's bytes are no SMTP reply, or it went away in the middle of one."""


class ReplyReader:
    """The receiving half of a connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""
        self._code = b""
        self._texts: list[bytes] = []
        self._clock = SystemClock()

    def read(self, timeout: float) -> Reply:
        """Return the next reply; raises `Garbled`, or `OSError` for a broken connection or more than `timeout` seconds of waiting."""
        until = self._clock.monotonic() + timeout
        while (reply := self.next_reply()) is None:
            if self._clock.monotonic() > until:
                raise TimeoutError("no answer")
            self.receive()
        return reply

    def next_reply(self) -> Reply | None:
        """Return the next reply where all of it has come; raises `Garbled`."""
        while (line := self._line()) is not None:
            found = _LINE.fullmatch(line)
            if found is None or (self._code and found[1] != self._code):
                raise Garbled("the server's answer is no SMTP reply")
            self._code = found[1]
            self._texts.append(found[3] or b"")
            if found[2] != b"-":
                return self._whole()
            if len(self._texts) == MOST_LINES:
                raise Garbled("the server's answer has too many lines")
        return None

    def receive(self) -> None:
        """Take what the socket has, waiting as long as the socket does; raises `Garbled` where it was closed."""
        chunk = self._sock.recv(_CHUNK)
        if not chunk:
            cut = self._buffer or self._texts
            raise Garbled("the connection was closed in the middle of an answer" if cut else "the connection was closed")
        self._buffer += chunk

    @property
    def pending(self) -> bool:
        """Whether TLS holds bytes that the kernel does not know of any more."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    @property
    def leftover(self) -> bool:
        """Whether bytes came beyond the last reply that was read."""
        return bool(self._buffer)

    def spoke_early(self) -> bool:
        """Whether the server said something, or hung up, when it was not its turn."""
        if self._buffer or self.pending:
            return True
        poll = select.poll()  # select.select fails above 1,024 descriptors
        poll.register(self._sock, select.POLLIN | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))

    def _whole(self) -> Reply:
        reply = Reply(int(self._code), b"\n".join(self._texts).decode("utf-8", "replace"))
        self._code, self._texts = b"", []
        return reply

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end > LONGEST_LINE or (end < 0 and len(self._buffer) > LONGEST_LINE):
            raise Garbled("the server's answer has a line that is too long")
        if end < 0:
            return None
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.removesuffix(b"\r")
