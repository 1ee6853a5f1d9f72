"""DKIM signatures, checked by dkimpy, which shares no code with what makes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import UsageError
from retention_cli.render.dkim import Signer, check, relaxed_body, signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RAW = (
    b"From: =?utf-8?q?=C5=BDofie?= <shop@example.com>\r\nTo: jana@example.com\r\nSubject:  two   spaces \r\n\tand a fold\r\n"
    b"List-Unsubscribe: <https://shop.example/u/abc>,\r\n <mailto:stop@example.com>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"X-Twice: one\r\nX-Twice: two\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello  there \t\r\n\r\n.dot\r\n\r\n\r\n"
)


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> str:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()


SIGNER = Signer("example.com", "r1", pem(KEY))


def dns(name: bytes, **_: object) -> bytes:
    """Answer for the selector's record."""
    assert name == b"r1._domainkey.example.com."
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return b"v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1]).encode()


def holds(raw: bytes) -> bool:
    """Ask dkimpy."""
    return bool(dkim.verify(raw, dnsfunc=dns))


def test_a_signature_holds_and_is_the_same_twice() -> None:
    message = signed(RAW, SIGNER)
    assert message.endswith(RAW)
    assert holds(message)
    assert message == signed(RAW, SIGNER)
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))
    assert max(map(len, message.partition(b"From:")[0].split(b"\r\n"))) <= 78
    assert b" t=" not in message.partition(b"From:")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"hello", b"hallo"),
        (b"jana@", b"eve@"),
        (b"one-click", b"x"),
        (b"/u/abc", b"/u/abd"),
        (b"X-Twice: two", b"X-Twice: too"),
        (b"\r\nTo:", b"\r\nSubject: another\r\nTo:"),
        (b"\r\nTo:", b"\r\nFrom: eve@example.com\r\nTo:"),
    ],
)
def test_what_is_changed_or_added_is_seen(old: bytes, new: bytes) -> None:
    """Also the way out (RFC 8058), and a second From or Subject."""
    message = signed(RAW, SIGNER)
    changed = re.sub(re.escape(old), new, message, count=1, flags=re.IGNORECASE)
    assert changed != message
    assert not holds(changed)


@pytest.mark.parametrize(
    ("old", "new"), [(b"hello  there \t", b"hello there"), (b"Subject:  two", b"subject: two"), (b"dot\r\n\r\n\r\n", b"dot\r\n")]
)
def test_what_relays_may_change_does_not_matter(old: bytes, new: bytes) -> None:
    message = signed(RAW, SIGNER)
    changed = message.replace(old, new)
    assert changed != message
    assert holds(changed)


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("\t "), max_size=60), max_size=12))
def test_any_body(lines: list[str]) -> None:
    body = "".join(f"{line}\r\n" for line in lines).encode()
    assert holds(signed(RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, SIGNER))


def test_an_empty_body_is_nothing() -> None:
    """RFC 6376 section 3.4.4: the canonical form of a body of empty lines is empty."""
    assert relaxed_body(b"") == relaxed_body(b"\r\n\r\n") == relaxed_body(b" \r\n") == b""


KEYS = {
    "nonsense": "cannot be read",
    pem(KEY, b"password"): "cannot be read",
    pem(ec.generate_private_key(ec.SECP256R1())): "is no RSA key",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_cannot_sign_is_told_and_not_quoted(key: str) -> None:
    with pytest.raises(UsageError, match=KEYS[key]) as told:
        check(Signer("example.com", "r1", key), "shop@example.com")
    assert "BEGIN" not in f"{told.value} {told.value.hint} {Signer('example.com', 'r1', key)!r}"


@pytest.mark.parametrize("sender", ["shop@example.com", "shop@mail.example.com", "shop@EXAMPLE.com"])
def test_the_domain_is_the_sender_s(sender: str) -> None:
    check(SIGNER, sender)
    with pytest.raises(UsageError, match="but mail is sent from"):
        check(SIGNER, "shop@badexample.com")
