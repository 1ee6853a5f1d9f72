"""The last check before a wire, and dot-stuffing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.deliver.mail import Mail, clean, fault_in, stuffed
from retention_cli.deliver.outcome import Fault

MAIL = Mail("k", b"Subject: x\r\n\r\nhello\r\n", "shop@example.com", "jana@example.com")


@pytest.mark.parametrize(
    "raw",
    [b"bare\nLF\r\n", b"bare\rCR\r\n", b"\r\r\n", b"no end", b"NUL\0\r\n", b"x" * 999 + b"\r\n", b"a\r\n" + b"x" * 999 + b"\r\nb\r\n", b""],
)
def test_bytes_that_could_end_a_message_early_are_not_sent(raw: bytes) -> None:
    """S22, SEC14."""
    assert not clean(raw)
    fault = fault_in(replace(MAIL, raw=raw))
    assert fault is not None
    assert fault.fault is Fault.CONTENT


@pytest.mark.parametrize("raw", [b"x" * 998 + b"\r\n", (b"x" * 998 + b"\r\n") * 3, b"\r\n", b"a\r\n" * 2000])
def test_whole_lines_of_up_to_998_octets_are_clean(raw: bytes) -> None:
    assert clean(raw)


@given(st.lists(st.integers(0, 1100), max_size=8))
def test_the_check_for_long_lines_equals_the_plain_one(lengths: list[int]) -> None:
    raw = b"".join(b"x" * length + b"\r\n" for length in lengths)
    assert clean(raw) == (bool(raw) and all(length <= 998 for length in lengths))


@pytest.mark.parametrize(
    "address",
    ["a b@example.com", "a@example.com> SIZE=1", "a@b\r\nRCPT TO:<c@d>", "<a@b.c>", "a@b@c", "", "@b.c", "a@", "x" * 250 + "@b.c"],
)
def test_an_address_that_could_speak_smtp_is_not_sent(address: str) -> None:
    """I10, SEC14: nor is the address suppressed for it."""
    for mail in (replace(MAIL, rcpt=address), replace(MAIL, mail_from=address)):
        fault = fault_in(mail)
        assert fault is not None
        assert fault.fault is not Fault.ADDRESS


@given(st.lists(st.sampled_from([b".", b"..", b".x", b"x", b""]), min_size=1, max_size=12))
def test_stuffing_doubles_the_dot_that_begins_a_line(lines: list[bytes]) -> None:
    raw = b"\r\n".join(lines) + b"\r\n"
    wire = stuffed(raw)
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    unstuffed = b"\r\n".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in wire.split(b"\r\n"))
    assert unstuffed == raw
