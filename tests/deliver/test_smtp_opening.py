"""How a connection begins: no greeting, TLS that does not hold, logins that are refused."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from retention_cli.deliver.channels.channel import LoginRefused, Unreachable
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted
from support.certificates import Authority, make_authority, self_signed
from support.smtp_sink import DROP, Say, SmtpSink, Turn

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

MAIL = Mail("a1b2", b"Subject: hi\r\n\r\nhello\r\n", "shop@example.com", "jana@example.com")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Make the client believe the authority, and nobody else."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.trust))
    return authority


def smtp(port: int, scheme: str = "smtp", user: str = "", query: str = "?tls=required", timeout: float = 5.0) -> Smtp:
    return Smtp(SmtpUrl.parse(f"{scheme}://{user}127.0.0.1:{port}{query}"), timeout)


def yes(act: Callable[[], None]) -> bool:
    act()
    return True


def at(phase: str, act: Say) -> Callable[[Turn], Say | None]:
    return lambda turn: act if turn.phase == phase else None


@pytest.mark.parametrize("act", [DROP, Say(b"421 4.7.0 too many\r\n", then="drop"), Say(b"554 go away\r\n"), Say(b"hello\r\n"), Say(b"", delay=0.5)])
def test_a_server_that_does_not_greet_is_unreachable(act: Say) -> None:
    """S01: try later; nothing was lost."""
    with SmtpSink(at("connect", act)) as sink, pytest.raises(Unreachable) as caught:
        smtp(sink.port, query="", timeout=0.2).open()
    assert not caught.value.lasting


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    """S01: connection refused."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        smtp(port, query="").open()


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    """S01: NXDOMAIN of the relay."""
    with pytest.raises(Unreachable, match="name is not known"):
        Smtp(SmtpUrl.parse("smtp://relay.invalid:2525?tls=off"), 5.0).open()


def test_a_server_without_ehlo_is_spoken_to_with_helo() -> None:
    with SmtpSink(at("EHLO", Say(b"502 5.5.1 what?\r\n")), extensions=()) as sink:
        sink.behave = lambda turn: Say(b"502 5.5.1 what?\r\n") if turn.line.upper().startswith("EHLO") else None
        connection = smtp(sink.port, query="").open()
        assert isinstance(connection.send(MAIL, yes), Accepted)
        connection.close()


@needs_openssl
def test_starttls_with_a_good_certificate_then_login(trusted: Authority) -> None:
    with SmtpSink(tls=trusted.server("good"), login=("shop", "s3cret")) as sink:
        connection = smtp(sink.port, user="shop:s3cret@").open()
        assert isinstance(connection.send(MAIL, yes), Accepted)
        connection.close()
    verbs = [line.split(" ")[0].upper() for _, line in sink.commands]
    assert verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]


@needs_openssl
def test_tls_from_the_start(trusted: Authority) -> None:
    with SmtpSink(tls=trusted.server("implicit"), implicit=True) as sink:
        connection = smtp(sink.port, scheme="smtps", query="").open()
        assert isinstance(connection.send(MAIL, yes), Accepted)
        assert isinstance(connection.send(MAIL, yes), Accepted)
        connection.close()
    assert len(sink.received) == 2


def _bad(kind: str, authority: Authority, folder: Path) -> ssl.SSLContext:
    if kind == "expired":
        return authority.server("expired", days=-1)
    if kind == "wrong-name":
        return authority.server("wrong", subject="DNS:mail.example.com")
    return self_signed(folder)


@needs_openssl
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("kind", ["expired", "wrong-name", "self-signed"])
def test_a_certificate_that_does_not_hold_ends_the_attempt(kind: str, scheme: str, trusted: Authority, tmp_path: Path) -> None:
    """S15: nothing is sent, no login is tried, and trying again at once cannot help."""
    context = _bad(kind, trusted, tmp_path)
    query = "?tls=required" if scheme == "smtp" else ""
    sink = SmtpSink(tls=context, implicit=scheme == "smtps", login=("shop", "x"))
    with sink, pytest.raises(Unreachable, match="certificate does not hold") as caught:
        smtp(sink.port, scheme=scheme, user="shop:x@", query=query).open()
    assert caught.value.lasting
    assert sink.count("AUTH") + sink.count("MAIL") == 0


def test_a_server_without_starttls_gets_nothing() -> None:
    """S15, S16: nothing in clear, no AUTH before TLS."""
    with SmtpSink(login=("shop", "x")) as sink, pytest.raises(Unreachable, match="STARTTLS") as caught:
        smtp(sink.port, user="shop:x@").open()
    assert caught.value.lasting
    assert sink.count("AUTH") + sink.count("MAIL") == 0


def test_words_in_clear_after_starttls_are_not_believed() -> None:
    """S16: an attacker could otherwise speak for the server."""
    starttls = at("STARTTLS", Say(b"220 go\r\n250 smuggled\r\n"))
    with SmtpSink(starttls, extensions=("STARTTLS",)) as sink, pytest.raises(Unreachable, match="in clear"):
        smtp(sink.port).open()


@pytest.mark.parametrize("code", [535, 534, 530, 538])
def test_a_refused_login_is_told_apart_and_keeps_its_secret(code: int) -> None:
    """S17, SEC22: neither the password nor the server's words about it reach the error."""
    refuse = at("AUTH", Say(f"{code} 5.7.8 CANARY wrong\r\n".encode()))
    with SmtpSink(refuse, login=("shop", "CANARY")) as sink, pytest.raises(LoginRefused) as caught:
        smtp(sink.port, user="shop:CANARY@", query="").open()
    assert str(code) in str(caught.value)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_login_that_cannot_be_checked_now_is_tried_later() -> None:
    with SmtpSink(at("AUTH", Say(b"454 4.7.0 later\r\n")), login=("shop", "x")) as sink, pytest.raises(Unreachable, match="454"):
        smtp(sink.port, user="shop:x@", query="").open()


@pytest.mark.parametrize("user", ["shop:hesl%C3%B3@", "shop:x@"])
def test_a_login_that_the_server_or_smtp_cannot_take(user: str) -> None:
    """A password that is not ASCII, and a server without AUTH: a person has to mend it."""
    with SmtpSink(login=("shop", "x") if "%" in user else None) as sink, pytest.raises(LoginRefused) as caught:
        smtp(sink.port, user=user, query="").open()
    assert "hesl" not in str(caught.value)
