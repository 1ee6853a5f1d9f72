"""Reads SMTP replies from a socket and believes nothing: every length is bounded, and what is not a reply is `Garbled`.

A reply is complete lines `250-text` … `250 text`, all with one code, none longer than `LONGEST_LINE`, without NUL
(RFC 5321 §4.2 and §4.5.3.1.5; the limits here are wider than it asks). A reply that was cut is no reply, whatever its first digits.
"""

from __future__ import annotations

import re
import select
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
        self._clock = SystemClock()

    def read(self, timeout: float) -> Reply:
        """Return the next reply; raises `Garbled`, or `OSError` for a broken connection or more than `timeout` seconds of waiting."""
        until = self._clock.monotonic() + timeout
        texts: list[bytes] = []
        code = b""
        while len(texts) < MOST_LINES:
            found = _LINE.fullmatch(self._line(until))
            if found is None or (code and found[1] != code):
                raise Garbled("the server's answer is no SMTP reply")
            code = found[1]
            texts.append(found[3] or b"")
            if found[2] != b"-":
                return Reply(int(code), b"\n".join(texts).decode("utf-8", "replace"))
        raise Garbled("the server's answer has too many lines")

    @property
    def leftover(self) -> bool:
        """Whether bytes came beyond the last reply that was read."""
        return bool(self._buffer)

    def spoke_early(self, writable: float = 0) -> bool:
        """Whether the server said something, or hung up, when it was not its turn.

        With `writable` it first waits, at most so many seconds, until a few more bytes can be written without waiting;
        raises `TimeoutError` where they cannot.
        """
        if self._buffer or getattr(self._sock, "pending", int)():
            return True
        poll = select.poll()  # select.select fails above 1,024 descriptors
        poll.register(self._sock, select.POLLIN | (select.POLLOUT if writable else 0))
        events = poll.poll(writable * 1000)
        if writable and not events:
            raise TimeoutError("the server does not read")
        return any(event != select.POLLOUT for _, event in events)

    def _line(self, until: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_LINE:
                break
            if self._clock.monotonic() > until:
                raise TimeoutError("no answer")
            chunk = self._sock.recv(_CHUNK)
            if not chunk:
                raise Garbled("the connection was closed in the middle of an answer" if self._buffer else "the connection was closed")
            self._buffer += chunk
        if end < 0 or end > LONGEST_LINE:
            raise Garbled("the server's answer has a line that is too long")
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.removesuffix(b"\r")
