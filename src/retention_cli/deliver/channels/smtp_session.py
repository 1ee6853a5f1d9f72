"""The beginning of an SMTP connection: greeting, EHLO, TLS, login. smtplib speaks it, over our own bounded reader.

What must stay true: no AUTH and no message before TLS where TLS is asked for; a certificate that does not verify ends
the attempt; nothing that was said before TLS is believed after it; no password and no server text around a login is
ever put into an error.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import TYPE_CHECKING

from retention_cli.deliver.channels.channel import LoginRefused, Unreachable
from retention_cli.deliver.channels.smtp_reader import Garbled, ReplyReader
from retention_cli.deliver.channels.smtp_url import Tls
from retention_cli.deliver.outcome import shown

if TYPE_CHECKING:
    from retention_cli.deliver.channels.smtp_url import SmtpUrl

_CONNECT_SECONDS = 30.0
_READY, _TRY_LATER = 220, 454


class Session(smtplib.SMTP):
    """smtplib's client over a socket of ours, reading replies through `reader`."""

    reader: ReplyReader
    sock: socket.socket

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        super().__init__(local_hostname=_own_name(), timeout=timeout)
        self.use(sock)

    def use(self, sock: socket.socket) -> None:
        """Speak over `sock` from now on and forget what was said before."""
        self.sock = sock
        self.reader = ReplyReader(sock)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def getreply(self) -> tuple[int, bytes]:
        """Return the next reply as smtplib wants it."""
        reply = self.reader.read(self.timeout)
        return reply.code, reply.text.encode()


def open_session(url: SmtpUrl, timeout: float) -> Session:
    """Connect, greet, encrypt and log in, waiting at most `timeout` seconds for an answer; raises `Unreachable` or `LoginRefused`."""
    session: Session | None = None
    try:
        session = _connected(url, min(timeout, _CONNECT_SECONDS))
        if url.tls is Tls.STARTTLS:
            _encrypt(session, url.host)
        session.ehlo_or_helo_if_needed()
        if url.user:
            _log_in(session, url)
    except (OSError, Garbled, smtplib.SMTPException) as error:
        _give_up(session)
        raise _unreachable(error) from None
    except BaseException:
        _give_up(session)
        raise
    return session


def _connected(url: SmtpUrl, timeout: float) -> Session:
    sock = socket.create_connection((url.host, url.port), timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if url.tls is Tls.IMPLICIT:
            sock = _wrapped(sock, url.host)
        session = Session(sock, timeout)
        code, text = session.getreply()
    except BaseException:
        sock.close()
        raise
    if code != _READY:
        session.close()
        raise Unreachable(f"the mail server does not greet: {code} {shown(text.decode())}")
    return session


def _encrypt(session: Session, host: str) -> None:
    session.ehlo_or_helo_if_needed()
    if not session.has_extn("starttls"):
        raise Unreachable("the mail server does not offer STARTTLS; nothing is sent in clear", lasting=True)
    code, _ = session.docmd("STARTTLS")
    if code != _READY:
        raise Unreachable(f"the mail server does not start TLS: {code}")
    if session.reader.leftover:
        raise Unreachable("the mail server spoke in clear after STARTTLS", lasting=True)
    session.use(_wrapped(session.sock, host))


def _wrapped(sock: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"the mail server's certificate does not hold: {error.verify_message}", lasting=True) from None


def _log_in(session: Session, url: SmtpUrl) -> None:
    try:
        session.login(url.user, url.password)
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code == _TRY_LATER:
            raise Unreachable("the mail server cannot check the login now: 454") from None
        raise LoginRefused(f"the mail server refuses the user name or the password: {error.smtp_code}") from None
    except smtplib.SMTPNotSupportedError:
        raise LoginRefused("the mail server offers no login that we know") from None
    except UnicodeError:
        raise LoginRefused("user name and password must be plain ASCII") from None


def _unreachable(error: Exception) -> Unreachable:
    if isinstance(error, TimeoutError):
        return Unreachable("the mail server does not answer")
    if isinstance(error, socket.gaierror):
        return Unreachable("the mail server's name is not known")
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Unreachable(f"the mail server cannot be reached: {shown(said)}")


def _give_up(session: Session | None) -> None:
    if session is not None:
        session.close()


def _own_name() -> str:
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
