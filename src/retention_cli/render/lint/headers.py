"""What a message's bytes and headers must be, M01 to M28 of the deliverability list (RFC 5322, 2047, 2369, 8058)."""

from __future__ import annotations

import email.utils
import re
from collections import Counter
from typing import TYPE_CHECKING

from retention_cli.render.lint.scan import WORD, Scan, decode_words, mailbox, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ONE_OF_EACH = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
AT_MOST_ONE = ("Reply-To", "Sender", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Auto-Submitted", "Precedence")
FORBIDDEN = ("Bcc", "Cc", "Received", "Disposition-Notification-To", "Return-Receipt-To", "X-Mailer", "Authentication-Results", "Resent-To")
MAILBOXES = ("From", "To", "Reply-To", "Sender")
FREE_MAIL = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "seznam.cz")
SPEC = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*)"
)
DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
UNRENDERED = re.compile(r"\{\{|\{%|\bNone\b|\bnan\b|\bundefined\b|\bNULL\b")


def of_lines(raw: bytes) -> Iterator[str]:
    """Check the bytes and their lines."""
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", raw):
        yield "M01 a bare CR, a bare LF or a NUL"
    if not raw.endswith(b"\r\n"):
        yield "M01 the last line has no CRLF"
    if any(len(line) > 998 for line in raw.split(b"\r\n")):
        yield "M02 a line of more than 998 octets"
    if len(raw) > 10_000_000:
        yield "M05 more than 10 MB"


def of_head(scan: Scan) -> Iterator[str]:
    """Check the header as a whole."""
    if not scan.head.isascii():
        yield "M03 the header is not 7-bit ASCII"
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", scan.head):
        yield "M03 a control character in the header"
    if len(scan.head) > 16_384 or len(scan.fields) > 60:
        yield "M04 the header is too big"


def of_counts(scan: Scan) -> Iterator[str]:
    """Check which fields are there, and how often."""
    counts = Counter(name.lower() for name, _ in scan.fields)
    for name in ONE_OF_EACH:
        if counts[name.lower()] != 1:
            yield f"M10 {counts[name.lower()]} of {name}"
    for name in AT_MOST_ONE:
        if counts[name.lower()] > 1:
            yield f"M10 {counts[name.lower()]} of {name}"
    for name in FORBIDDEN:
        if counts[name.lower()]:
            yield f"M28 {name} must not be there"
    for name, value in scan.fields:
        if not unfold(value):
            yield f"M03 {name} is empty"


def of_addresses(scan: Scan, to: str, sender_domain: str) -> Iterator[str]:
    """Check the mailboxes."""
    for name in MAILBOXES:
        for value in scan.all(name):
            spec = SPEC.fullmatch(mailbox(value)[1])
            if spec is None or "=?" in spec[0]:
                yield f"M17 {name}: not a plain address"
    domain = mailbox(scan.one("From"))[1].rpartition("@")[2] if scan.one("From") else ""
    if domain != sender_domain or domain in FREE_MAIL:
        yield "M11 From is not at the sending domain"
    if scan.one("To") and mailbox(scan.one("To"))[1] != to:
        yield "M12 To is not the recipient"


def of_time_and_id(scan: Scan, to: str, sender_domain: str, at: datetime | None) -> Iterator[str]:
    """Check Date and Message-ID."""
    date = scan.one("Date")
    if DATE.fullmatch(date) is None:
        yield "M13 Date is not a date with a numeric zone"
    elif at is not None:
        late = (at - email.utils.parsedate_to_datetime(date)).total_seconds()
        if not -300 <= late <= 48 * 3600:
            yield "M13 Date is far from the time of arrival"
    identity = scan.folded("Message-ID")
    if not re.fullmatch(rf" <[^@<>\s]+@{re.escape(sender_domain)}>", identity) or len(identity) > 200 or "=?" in identity:
        yield "M14 Message-ID is not one plain <id@domain>"
    if to.lower() in identity.lower() or to.partition("@")[0].lower() == identity.strip(" <").partition("@")[0].lower():
        yield "M14 Message-ID holds a person's address"


def of_subject(scan: Scan) -> Iterator[str]:
    """Check the subject as it is read."""
    subject = decode_words(scan.one("Subject"))
    if not subject.strip() or len(subject) > 250:
        yield "M15 the subject is empty or too long"
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", subject):
        yield "M15 a control character in the subject"
    if UNRENDERED.search(subject):
        yield "M15 the subject looks unrendered"
    if re.match(r"(?i)\s*(re|fwd?):", subject):
        yield "M15 the subject looks like an answer"


def of_encoded_words(scan: Scan) -> Iterator[str]:
    """Check encoded words (RFC 2047)."""
    for name, value in scan.fields:
        if "=?" not in value:
            continue
        if name not in ("Subject", *MAILBOXES):
            yield f"M16 an encoded word in {name}"
            continue
        for token in value.split():
            if "=?" not in token:
                continue
            if WORD.fullmatch(token) is None:
                yield f"M16 an encoded word in {name} touches other text"
            elif len(token) > 75 or re.search(r"[\x00-\x1f\x7f-\x9f]", decode_words(token)):
                yield f"M16 an encoded word in {name} is too long or not whole"


def uris(scan: Scan) -> list[str]:
    """Return the addresses of List-Unsubscribe."""
    return re.findall(r"<([^<>\s]+)>", scan.one("List-Unsubscribe"))


def of_lists(scan: Scan, kind: str, host: str | None) -> Iterator[str]:
    """Check what bulk mail must tell of its list and of the way out."""
    post, automatic = scan.one("List-Unsubscribe-Post"), scan.one("Auto-Submitted")
    if automatic not in ("", "auto-generated"):
        yield "M26 Auto-Submitted is not auto-generated"
    if kind == "transactional":
        if automatic != "auto-generated":
            yield "M26 an automatic notice that does not say so"
        if post:
            yield "M27 a transactional message with one-click unsubscribe"
        return
    if automatic:
        yield "M26 marketing that says it is automatic"
    yield from _unsubscribe(scan, host, post)
    if not re.fullmatch(r"(?:[A-Za-z0-9 _-]+ )?<[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+>", scan.one("List-Id")):
        yield "M23 List-Id is not `Label <id.domain>`"
    fields = scan.one("Feedback-ID").split(":")
    if not 2 <= len(fields) <= 4 or len(set(fields)) != len(fields) or not 5 <= len(fields[-1]) <= 15:
        yield "M24 Feedback-ID is not a:b:c:SenderId"


def _unsubscribe(scan: Scan, host: str | None, post: str) -> Iterator[str]:
    value, found = scan.folded("List-Unsubscribe"), uris(scan)
    if host is not None and not (found and found[0].startswith(f"https://{host}/")):
        yield "M20 List-Unsubscribe does not begin with an https address on our host"
    if host is None and found and not found[0].startswith("mailto:"):
        yield "M20 List-Unsubscribe leads to a host that there is not"
    if value and not re.fullmatch(r" <[!-;=?-~]+>(?:,(?:\r\n)? <[!-;=?-~]+>)*", value):
        yield "M20 List-Unsubscribe is folded or written where it may not be"
    if any(uri.startswith("https:") for uri in found) != (post == "List-Unsubscribe=One-Click"):
        yield "M21 List-Unsubscribe-Post is not exactly what RFC 8058 says"
