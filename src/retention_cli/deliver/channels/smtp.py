"""SMTP transactions (RFC 5321), pipelined where the server offers it (RFC 2920).

MAIL, RCPT and DATA go out together and each reply is read and judged. The body is written without its final dot; then
`commit` makes the intent durable; then the dot goes out, and from there only an explicit 2xx, 4xx or 5xx decides: a
drop, a timeout or a broken reply is `Unknown`. Before the dot nothing is ever unknown: the message was not taken.
Where the next message is known, its MAIL, RCPT and DATA ride behind the dot (RFC 2920 §3.1: what ends a body may begin a
group), so that a message costs one round trip. After one that was not accepted a transaction that is not begun yet begins
with RSET.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
from typing import TYPE_CHECKING, Literal, Self

from retention_cli import crash
from retention_cli.deliver.channels.smtp_reader import Garbled
from retention_cli.deliver.channels.smtp_session import Session, open_session
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.channels.smtp_wire import Last, Wire
from retention_cli.deliver.channels.talk import Commit, held_alone
from retention_cli.deliver.mail import Mail, fault_in, wire
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Fault, Outcome, Refused, Unknown, Withheld, shown
from retention_cli.deliver.replies import BAD_SEQUENCE, SERVICE_CLOSING, START_MAIL_INPUT, Phase, Reply, judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.deliver.channels.talk import Talk
    from retention_cli.model.target import SmtpChannel

_log = logging.getLogger(__name__)
_QUIT_SECONDS = 5.0
_BROKEN = (OSError, Garbled)


class Smtp:
    """A mail server. `timeout` is the longest wait for one answer, in seconds."""

    name = "smtp"
    talks: Literal[True] = True

    def __init__(self, url: SmtpUrl, timeout: float = 600.0) -> None:
        self._url = url
        self._timeout = timeout
        if url.loud:
            _log.warning("%s", url.loud)

    @classmethod
    def of(cls, settings: SmtpChannel, root: Path) -> Self:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target; raises `UsageError` for a bad URL."""
        return cls(SmtpUrl.parse(settings.url), settings.timeout.elapsed.total_seconds())

    def open(self) -> SmtpConnection:
        """Connect; raises `Unreachable` or `LoginRefused`."""
        session = open_session(self._url, self._timeout)
        session.sock.setblocking(False)
        return SmtpConnection(session, self._timeout)


class SmtpConnection:
    """One connection, used for message after message; after `down` it is of no use any more."""

    def __init__(self, session: Session, timeout: float) -> None:
        self._session = session
        self._sock = session.sock
        self._wire = Wire(session.sock, session.reader, timeout)
        self._pipelining = session.has_extn("pipelining")
        self._utf8 = session.has_extn("smtputf8")
        self._size = int(size) if (size := session.esmtp_features.get("size", "")).isdigit() else 0
        self._sizes = session.has_extn("size")
        self._carried = 0
        self._reset = False
        self._begun: Mail | None = None

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Try once to hand the message over, waiting in this thread."""
        return held_alone(self.talk(mail), self.fileno(), commit)

    def talk(self, mail: Mail, following: Mail | None = None) -> Talk[Outcome]:
        """Try once to hand the message over, and begin with the one that follows."""
        if mail is not self._begun and (refused := self._unfit(mail)) is not None:
            return refused
        try:
            answer = yield from self._offer(mail)
        except _BROKEN as error:
            answer = self._down(_words(error))
        return answer or (yield from self._finish(mail, following if self._can_begin(following) else None))

    def _finish(self, mail: Mail, following: Mail | None) -> Talk[Outcome]:
        """Let the dot go, with the beginning of what follows, and read what the server says to it."""
        last = Last(self._sock, b".\r\n" if following is None else b".\r\n" + _lines(self._commands(following)))
        try:
            if not (yield Commit(last.write)):
                self._drop()
                return Withheld()
            self._begun = following
            yield from self._wire.write(last.rest)
            reply = yield from self._wire.reply()
        except _BROKEN as error:
            return self._doubt(mail, _words(error))
        return self._verdict(mail, reply)

    def _can_begin(self, following: Mail | None) -> bool:
        return self._pipelining and following is not None and self._unfit(following) is None

    def fileno(self) -> int:
        """Return the socket's descriptor, negative once it is closed."""
        return self._sock.fileno()

    def close(self) -> None:
        """Say QUIT and hang up; what the server makes of it does not matter any more."""
        with contextlib.suppress(*_BROKEN, smtplib.SMTPException):
            if not self._closed and self._begun is None:  # in the middle of DATA a QUIT would be text
                self._sock.settimeout(_QUIT_SECONDS)
                self._session.timeout = _QUIT_SECONDS
                self._session.quit()
        self._drop()

    def abort(self) -> None:
        """Break off, waking a `send` that waits."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    @property
    def _closed(self) -> bool:
        return self._sock.fileno() < 0

    def _unfit(self, mail: Mail) -> Refused | None:
        """Return why this server must not be asked at all."""
        if (fault := fault_in(mail)) is not None:
            return fault
        if self._size and len(mail.raw) > self._size:
            return Refused(0, f"the message has {len(mail.raw)} octets, the server takes {self._size}", Fault.SIZE)
        if not self._utf8 and not (mail.rcpt + mail.mail_from).isascii():
            return Refused(0, "the address needs SMTPUTF8, which the server does not offer", Fault.SMTPUTF8)
        if not mail.raw.isascii() and not self._session.has_extn("8bitmime"):
            return Refused(0, "the message has 8-bit content, which the server does not take", Fault.CONTENT)
        return None

    def _offer(self, mail: Mail) -> Talk[Outcome | None]:
        """Open the transaction and write the body without its dot; None where only the dot is missing."""
        replies = yield from self._opened(mail)
        if (answer := (yield from self._first_refusal(replies))) is not None:
            return answer
        crash.point("before-body")
        yield from self._wire.write(wire(mail))
        return (yield from self._interrupted()) if self._session.reader.spoke_early() else None

    def _opened(self, mail: Mail) -> Talk[list[tuple[Phase, Reply]]]:
        """Return what the server says to MAIL, RCPT and DATA, which may have gone out behind the dot of the message before."""
        begun, self._begun = self._begun, None
        if begun is not None and begun is not mail:
            raise Garbled("another message was begun on this connection")
        if begun is not None and not self._closed:
            return (yield from self._answers([phase for phase, _ in self._commands(mail)]))
        if self._closed or (self._carried and self._session.reader.spoke_early()):
            raise Garbled("the server closed an idle connection")
        return (yield from self._converse(self._commands(mail)))

    def _commands(self, mail: Mail) -> list[tuple[Phase, bytes]]:
        size = f" SIZE={len(mail.raw)}" if self._sizes else ""
        utf8 = "" if (mail.rcpt + mail.mail_from).isascii() else " SMTPUTF8"
        wide = "" if mail.raw.isascii() else " BODY=8BITMIME"
        commands = [
            (Phase.MAIL, f"MAIL FROM:<{mail.mail_from}>{size}{wide}{utf8}\r\n".encode()),
            (Phase.RCPT, f"RCPT TO:<{mail.rcpt}>\r\n".encode()),
            (Phase.DATA, b"DATA\r\n"),
        ]
        return [(Phase.RSET, b"RSET\r\n"), *commands] if self._reset else commands

    def _converse(self, commands: list[tuple[Phase, bytes]]) -> Talk[list[tuple[Phase, Reply]]]:
        """Say the commands and return the answers; without pipelining it stops at the first that fails."""
        if self._pipelining:
            yield from self._wire.write(_lines(commands))
            return (yield from self._answers([phase for phase, _ in commands]))
        replies: list[tuple[Phase, Reply]] = []
        for phase, line in commands:
            yield from self._wire.write(line)
            replies.append((phase, (yield from self._wire.reply())))
            if not _agreed(*replies[-1]):
                break
        return replies

    def _answers(self, phases: list[Phase]) -> Talk[list[tuple[Phase, Reply]]]:
        """Read an answer to each; a refusal that was read holds, even if the server hung up after it."""
        replies: list[tuple[Phase, Reply]] = []
        for phase in phases:
            try:
                replies.append((phase, (yield from self._wire.reply())))
            except _BROKEN:
                if all(_agreed(*reply) for reply in replies):
                    raise
                self._drop()
                break
        return replies

    def _first_refusal(self, replies: list[tuple[Phase, Reply]]) -> Talk[Outcome | None]:
        """Return what the first answer that is no yes means; None where all are."""
        bad = next(((phase, reply) for phase, reply in replies if not _agreed(phase, reply)), None)
        if bad is None:
            return None
        phase, reply = bad
        if any(other.code == SERVICE_CLOSING for _, other in replies):
            return self._down("421 the server closes the connection")
        if phase is Phase.RSET or not (reply.transient or reply.permanent) or (phase is Phase.MAIL and reply.code == BAD_SEQUENCE):
            return self._down(f"the server lost the order of the conversation: {reply.code} to {phase.name}")
        self._carried += 1
        self._reset = True
        if replies[-1][1].code == START_MAIL_INPUT:
            yield from self._end_empty()
        return judge(reply, phase)

    def _end_empty(self) -> Talk[None]:
        """End a DATA that was agreed to without a recipient (RFC 2920 §3.1); the refusal stands whatever comes of it."""
        try:
            yield from self._wire.write(b".\r\n")
            yield from self._wire.reply()
        except _BROKEN:
            self._drop()

    def _interrupted(self) -> Talk[Outcome]:
        """Return what the server meant by speaking, or hanging up, before the final dot."""
        try:
            reply = yield from self._wire.reply()
        except _BROKEN as error:
            return self._down(_words(error))
        self._drop()
        if reply.code != SERVICE_CLOSING and (reply.transient or reply.permanent):
            self._carried += 1
            return judge(reply, Phase.DATA)
        return ConnectionDown(f"{reply.code} the server broke off", fresh=not self._carried)

    def _verdict(self, mail: Mail, reply: Reply) -> Outcome:
        """Believe nothing but an explicit answer to the final dot."""
        self._carried += 1
        self._reset = not reply.positive and self._begun is None
        if reply.positive:
            return Accepted(reply.queue_id)
        if not (reply.transient or reply.permanent):
            return self._doubt(mail, f"the server answered {reply.code}")
        if reply.code == SERVICE_CLOSING:
            self._drop()
        return judge(reply, Phase.DOT)

    def _doubt(self, mail: Mail, why: str) -> Unknown:
        self._drop()
        _log.warning("message %s may have been delivered: %s", mail.key, why)
        return Unknown(f"no answer after the final dot: {why}")

    def _down(self, why: str) -> ConnectionDown:
        self._drop()
        return ConnectionDown(why, fresh=not self._carried)

    def _drop(self) -> None:
        self._session.close()


def _lines(commands: list[tuple[Phase, bytes]]) -> bytes:
    return b"".join(line for _, line in commands)


def _agreed(phase: Phase, reply: Reply) -> bool:
    return reply.code == START_MAIL_INPUT if phase is Phase.DATA else reply.positive


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return shown(error.strerror if isinstance(error, OSError) and error.strerror else str(error))
