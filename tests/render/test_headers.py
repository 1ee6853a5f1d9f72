"""SEC13: a value can change nothing in a header but itself."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import RenderFailed
from retention_cli.render import headers
from retention_cli.render.address import Address, parse_address
from support.mail_samples import HOSTILE
from support.message_check import WORD, decode_words, library_mailbox, mailbox, unfold

JANA = Address("jana", "example.org")


def _value(field: bytes) -> str:
    """Return a field's unfolded value, after asserting that the field is one sound field."""
    assert field.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", field)
    lines = field[:-2].split(b"\r\n")
    assert all(line[:1] == b" " and line.strip() for line in lines[1:])
    assert all(len(line) <= 78 for line in lines), "no value makes a long line"
    assert field.isascii()
    return unfold(field.decode("ascii").partition(":")[2])


def _hold_subject(text: str) -> None:
    field = headers.header("Subject", text)
    meant = headers.clean(text)
    assert decode_words(_value(field)) == meant
    message = email.message_from_bytes(field + b"X-Last: 1\r\n\r\nbody\r\n", policy=email.policy.default)
    assert [(name, str(value)) for name, value in message.items()] == [("Subject", meant), ("X-Last", "1")]


def _hold_mailbox(name: str, text: str) -> None:
    field = headers.address_header(name, text, JANA)
    meant = headers.clean(text, headers.MAX_DISPLAY)
    assert mailbox(_value(field)) == (meant, "jana@example.org")
    message_bytes = field + b"X-Last: 1\r\n\r\nbody\r\n"
    message = email.message_from_bytes(message_bytes, policy=email.policy.default)
    assert message.keys() == [name, "X-Last"]
    assert len(message[name].addresses) == 1
    assert library_mailbox(message_bytes, name) == (meant, "jana@example.org")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_sec13_hostile_texts_in_every_header(text: str) -> None:
    _hold_subject(text)
    for name in ("From", "To", "Reply-To"):
        _hold_mailbox(name, text)


@given(st.text(max_size=200) | st.text('=?UTF-8QBqb_ \r\n\t"\\<>,:;@()é😀', max_size=120))
def test_sec13_any_text_is_read_back_as_it_was_meant(text: str) -> None:
    _hold_subject(text)
    _hold_mailbox("To", text)


@given(st.text("abc Žéß日本😀=?_", min_size=1, max_size=150))
def test_m16_encoded_words_are_short_apart_and_whole(text: str) -> None:
    for token in _value(headers.header("Subject", text)).split():
        if "=?" in token:
            assert WORD.fullmatch(token)
            assert len(token) <= 75
            assert decode_words(token).encode(), "half a character would not encode"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Your cart", b"Subject: Your cart\r\n"),
        ("  Your \r\n cart ", b"Subject: Your cart\r\n"),
        ("Košík", b"Subject: =?utf-8?B?S2/FocOtaw==?=\r\n"),
        ("Your cart, café", b"Subject: =?utf-8?Q?Your_cart=2C_caf=C3=A9?=\r\n"),
    ],
)
def test_what_a_subject_looks_like(text: str, written: bytes) -> None:
    assert headers.header("Subject", text) == written


@pytest.mark.parametrize(
    ("display", "written"),
    [
        ("", b"jana@example.org"),
        ("Jana Nova", b"Jana Nova <jana@example.org>"),
        ("Nova, Jana", b'"Nova, Jana" <jana@example.org>'),
        ('Jana "J" N.', b'"Jana \\"J\\" N." <jana@example.org>'),
        ("Jana Nová", b"=?utf-8?Q?Jana_Nov=C3=A1?= <jana@example.org>"),
        ("=?UTF-8?Q?=0A?=x", b"=?utf-8?B?PT9VVEYtOD9RPz0wQT89eA==?= <jana@example.org>"),
    ],
)
def test_what_a_mailbox_looks_like(display: str, written: bytes) -> None:
    assert headers.mailbox(display, JANA) == written


def test_a_long_subject_is_cut_with_an_ellipsis() -> None:
    assert len(headers.clean("a" * 10_000)) == headers.MAX_SUBJECT
    assert headers.clean("a" * 10_000).endswith("…")


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "žluť", "a  b", " a", "", "=?utf-8?q?x?=", "a\tb", "x" * 999])
def test_structured_values_are_refused_rather_than_mended(value: str) -> None:
    with pytest.raises(RenderFailed):
        headers.structured("List-Id", value)


def test_a_long_address_in_a_structured_field_is_broken_only_at_blanks() -> None:
    one, other = f"<https://example.org/{'x' * 200}>", f"<mailto:a@example.org?subject={'y' * 100}>"
    assert headers.structured("List-Unsubscribe", f"{one}, {other}") == f"List-Unsubscribe: {one},\r\n {other}\r\n".encode()


def test_an_internationalised_address_stays_utf_8_for_smtputf8() -> None:
    address = parse_address("žofie@bücher.example")
    assert address is not None
    assert headers.mailbox("Ž", address) == b"=?utf-8?B?xb0=?= <" + "žofie@xn--bcher-kva.example".encode() + b">"


@pytest.mark.parametrize("name", ["", "Sub ject", "X:", "X\r\nBcc", "Ž"])
def test_a_name_that_is_no_header_name_is_our_bug(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a header"):
        headers.header(name, "x")
