"""What an SMTP URL may say."""

from __future__ import annotations

import pytest

from retention_cli.deliver.channels.smtp_url import SmtpUrl, Tls
from retention_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "host", "port", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, Tls.STARTTLS),
        ("smtps://mail.example.com", "mail.example.com", 465, Tls.IMPLICIT),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Tls.NONE),
        ("smtp://[::1]:2525", "::1", 2525, Tls.NONE),
        ("smtp://localhost", "localhost", 587, Tls.NONE),
        ("smtp://localhost?tls=required", "localhost", 587, Tls.STARTTLS),
        ("smtp://mail.example.com:25?tls=off", "mail.example.com", 25, Tls.NONE),
    ],
)
def test_encryption_is_given_up_only_on_this_machine_or_when_told(text: str, host: str, port: int, tls: Tls) -> None:
    url = SmtpUrl.parse(text)
    assert (url.host, url.port, url.tls) == (host, port, tls)
    assert bool(url.loud) == text.endswith("tls=off")


def test_user_and_password_are_decoded_and_not_shown() -> None:
    url = SmtpUrl.parse("smtps://shop%40example.com:p%3Aw%2Fd@mail.example.com")
    assert (url.user, url.password) == ("shop@example.com", "p:w/d")
    assert "p:w/d" not in repr(url)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mail.example.com",
        "http://canary@mail.example.com",
        "smtp://",
        "smtp://h:canary",
        "smtp://h?tls=maybe",
        "smtp://h?x=canary",
        "smtps://h?tls=off",
        "smtp://u:canary@mail.example.com?tls=off",
        "smtp://u:canary@[bad",
        "smtp://h:99999999",
    ],
)
def test_a_wrong_url_is_refused_without_being_quoted(text: str) -> None:
    """SEC22: it may hold a password; and a password never goes to another machine in clear."""
    with pytest.raises(UsageError) as caught:
        SmtpUrl.parse(text)
    assert "canary" not in f"{caught.value} {caught.value.hint}"
