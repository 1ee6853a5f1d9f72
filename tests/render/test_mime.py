"""The skeleton: bytes that come back as what was said."""

from __future__ import annotations

import base64
import email
import email.policy
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.render.mime import encoded, message

KEY = "ab" * 32


def _meant(text: str) -> bytes:
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", unix).encode().replace(b"\n", b"\r\n")


@given(st.text(max_size=300) | st.text("a =.\r\n\té日😀-_From", max_size=300))
def test_any_text_comes_back(text: str) -> None:
    encoding, body = encoded(text)
    back = quopri.decodestring(body) if encoding == "quoted-printable" else base64.b64decode(body)
    assert back == _meant(text)
    assert body.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00|=_", body)
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Hello\n" * 50, "quoted-printable"), ("<td style='a' class='b'>Košík je tu</td>\n" * 50, "quoted-printable"), ("Ж" * 100, "base64")],
)
def test_the_shorter_encoding_is_taken(text: str, encoding: str) -> None:
    assert encoded(text)[0] == encoding


@pytest.mark.parametrize("line", [".", "..", ".\r", "From here", "x" * 3_000, "trailing ", "tab\t", "=", "--=_" + KEY[:32], "é" * 3_000])
def test_s22_lines_that_mean_something_to_a_mail_system(line: str) -> None:
    raw = message([b"Subject: x\r\n", b"MIME-Version: 1.0\r\n"], f"{line}\n{line}", f"<p>{line}</p>\n", KEY)
    assert all(len(one) <= 78 for one in raw.split(b"\r\n"))
    found = email.message_from_bytes(raw, policy=email.policy.default)
    texts = [part.get_content() for part in found.walk() if not part.is_multipart()]
    meant = (f"{line}\n{line}", f"<p>{line}</p>")
    assert [text.rstrip("\r\n").encode() for text in texts] == [_meant(text).rstrip() if text.endswith("\r") else _meant(text) for text in meant]


def test_text_alone_is_not_a_multipart() -> None:
    raw = message([b"Subject: x\r\n", b"MIME-Version: 1.0\r\n"], "Hello\n", None, KEY)
    assert raw == (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello\r\n"
    )


def test_the_same_input_gives_the_same_bytes() -> None:
    assert message([], "a", "<p>b</p>", KEY) == message([], "a", "<p>b</p>", KEY)
