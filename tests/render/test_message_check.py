"""The checker itself: it finds what is broken, and nothing in what is sound."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from support.message_check import check

AT = datetime(2026, 5, 1, 7, 31, tzinfo=UTC)
LINK = "https://mail.shop.example/u/abc"
SOUND = (
    "From: Demo shop <shop@shop.example>\n"
    "To: =?utf-8?Q?Jana_Nov=C3=A1?= <jana@example.org>\n"
    "Subject: Your cart\n"
    "Date: Fri, 01 May 2026 07:30:00 +0000\n"
    "Message-ID: <0123abc@shop.example>\n"
    "MIME-Version: 1.0\n"
    f"List-Unsubscribe: <{LINK}>,\n <mailto:leave@shop.example>\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    "List-Id: cart <cart.shop.example>\n"
    "Feedback-ID: cart:performance:abcdef\n"
    'Content-Type: multipart/alternative; boundary="=_b"\n'
    "\n"
    "--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    f"Your cart is waiting for you. {LINK}\n"
    "--=_b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    f"<p>Your cart is waiting for you.</p>\n<a href=3D'{LINK}'>x</a>\n"
    "--=_b--\n"
)


def _found(text: str, *, kind: str = "performance", host: str | None = "mail.shop.example") -> list[str]:
    raw = text.replace("\n", "\r\n").encode("utf-8", "surrogateescape")
    return check(raw, to="jana@example.org", sender_domain="shop.example", kind=kind, host=host, at=AT)


def test_a_sound_message_has_no_violations() -> None:
    assert _found(SOUND) == []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("M02", "Your cart is waiting for you. h", "x" * 1_000 + " h"),
        ("M03", "Subject: Your cart", "Subject: Your\n \n cart"),
        ("M03", "Subject: Your cart", "Subject: Košík"),
        ("M03", "Subject: Your cart", "Not a header"),
        ("M03", "Subject: Your cart", "Subject: Your cart\nX-Empty:"),
        ("M04", "Subject: Your cart", "Subject: Your cart\nX-Long: " + "\n ".join(["x" * 900] * 20)),
        ("M05", "Your cart is waiting for you.</p>", "Your cart\n" + "x=\n" * 110_000 + "</p>"),
        ("M10", "Subject: Your cart\n", ""),
        ("M10", "Subject: Your cart", "Subject: Your cart\nSubject: Your cart"),
        ("M10", "List-Id: cart", "List-Id: cart <cart.shop.example>\nList-Id: cart"),
        ("M11", "<shop@shop.example>\nTo", "<shop@evil.example>\nTo"),
        ("M12", "<jana@example.org>", "<other@example.org>"),
        ("M17", "<jana@example.org>", "<jana@example.org>, x@example.org"),
        ("M28", "Subject: Your cart", "Subject: Your cart\nBcc: evil@x.test"),
        ("M28", "Subject: Your cart", "Subject: Your cart\nX-Mailer: tool 1.0"),
        ("M13", "+0000", "GMT"),
        ("M13", "01 May 2026", "01 Apr 2026"),
        ("M14", "<0123abc@shop.example>", "<0123abc@other.example>"),
        ("M14", "<0123abc@shop.example>", "<jana@shop.example>"),
        ("M14", "Message-ID: <", "Message-ID:\n <"),
        ("M15", "Subject: Your cart", "Subject: Hi {{ name }}"),
        ("M15", "Subject: Your cart", "Subject: Hi None"),
        ("M15", "Subject: Your cart", "Subject: Re: your cart"),
        ("M15", "Subject: Your cart", "Subject: =?utf-8?Q?a=0Ab?="),
        ("M16", "Subject: Your cart", "Subject: =?utf-8?Q?" + "a" * 70 + "?="),
        ("M16", "Subject: Your cart", "Subject: =?utf-8?Q?a?==?utf-8?Q?b?="),
        ("M16", "Subject: Your cart", "Subject: x=?utf-8?Q?a?="),
        ("M03", "Subject: Your cart", "Subject: =?utf-8?B?xb?= =?utf-8?B?oQ==?="),
        ("M16", f"<{LINK}>,", "=?utf-8?q?=3Chttps=3A?=,"),
        ("M16", "Demo shop <", '"=?utf-8?Q?x?=" <'),
        ("M17", "<shop@shop.example>\nTo", "<sh\u00f6p@shop.example>\nTo"),
        ("M20", f"List-Unsubscribe: <{LINK}>,\n <mailto:leave@shop.example>", "List-Unsubscribe: <mailto:leave@shop.example>"),
        ("M20", "<https://mail.shop.example/u/abc>,", "<https://evil.example/u/abc>,"),
        ("M20", "<https://mail.shop.example/u/abc>,", "<https://mail.shop.example/u/\n abc>,"),
        ("M21", "List-Unsubscribe=One-Click", "List-Unsubscribe=Yes"),
        ("M21", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n", ""),
        ("M23", "List-Id: cart <cart.shop.example>", "List-Id: cart"),
        ("M24", "cart:performance:abcdef", "cart:cart:abcdef"),
        ("M24", "cart:performance:abcdef", "cart:performance:ab"),
        ("M25", f"for you. {LINK}", "for you."),
        ("M25", f"<a href=3D'{LINK}'>x</a>", ""),
        ("M26", "List-Id:", "Auto-Submitted: auto-replied\nList-Id:"),
        ("M26", "List-Id:", "Auto-Submitted: auto-generated\nList-Id:"),
        ("M30", "text/plain", "text/calendar"),
        ("M30", "multipart/alternative", "multipart/mixed"),
        ("M30", f"Your cart is waiting for you. {LINK}", LINK[-6:]),
        ("M31", "text/plain; charset=utf-8", "text/plain; charset=iso-8859-2"),
        ("M31", "waiting for you. h", "waiting for =C5 you. h"),
        ("M31", "waiting for you. h", "waiting for =EF=BF=BD you. h"),
        ("M32", "waiting for you. h", "waiting for you. " + "x" * 70 + " h"),
        ("M32", "quoted-printable\n\nYour", "8bit\n\nYour"),
    ],
)
def test_each_rule_catches_its_fault(rule: str, old: str, new: str) -> None:
    assert old in SOUND
    assert rule in {line.split()[0] for line in _found(SOUND.replace(old, new, 1))}


@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\x00"])
def test_m01_bare_line_ends_and_nul(byte: bytes) -> None:
    raw = SOUND.replace("\n", "\r\n").encode().replace(b"waiting", b"wait" + byte + b"ing", 1)
    assert "M01" in " ".join(check(raw, to="jana@example.org", sender_domain="shop.example", kind="brand", host="mail.shop.example"))


def test_m26_m27_a_notice_is_automatic_and_has_no_one_click() -> None:
    assert {line.split()[0] for line in _found(SOUND, kind="transactional")} == {"M26", "M27"}
    notice = re.sub(r"List-.*\n( .*\n)?|Feedback.*\n", "", SOUND).replace("MIME", "Auto-Submitted: auto-generated\nMIME")
    assert _found(notice, kind="transactional") == []


def test_without_a_host_nothing_may_lead_to_one() -> None:
    assert {line.split()[0] for line in _found(SOUND, host=None)} == {"M20"}


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"x", b"\r\n\r\n", b"From: a\r\n\r\n", b"\xff" * 100, b"Content-Type: multipart/alternative\r\n\r\nx\r\n"]
)
def test_rubbish_is_a_violation_and_not_a_crash(raw: bytes) -> None:
    assert check(raw, to="jana@example.org", sender_domain="shop.example", kind="brand", host=None)
