"""An independent check of finished messages: the assertions M01 to M32 of the deliverability list, on raw bytes.

It knows nothing of how messages are made. Its own byte scanner reads first, the standard library's parser second, and both
must agree; where they do not, that is a violation too. `check` returns one line a violation, none for a sound message.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import email.utils
import html
import re
from collections import Counter
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from email.message import EmailMessage

ONE_OF_EACH = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
AT_MOST_ONE = ("Reply-To", "Sender", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Auto-Submitted", "Precedence")
FORBIDDEN = ("Bcc", "Cc", "Received", "Disposition-Notification-To", "Return-Receipt-To", "X-Mailer", "Authentication-Results", "Resent-To")
MAILBOXES = ("From", "To", "Reply-To", "Sender")
FREE_MAIL = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "seznam.cz")
MAX_HTML = 102_400 - 2_048
WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")
SPEC = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*)"
)
DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
UNRENDERED = re.compile(r"\{\{|\{%|\bNone\b|\bnan\b|\bundefined\b|\bNULL\b")


class Broken(ValueError):
    """A piece of the message that cannot be read at all."""


@dataclass(frozen=True)
class Part:
    """One body part as the scanner read it."""

    headers: list[tuple[str, str]]
    body: bytes
    text: str

    def value(self, name: str) -> str:
        """Return the part's header of that name, empty where there is none."""
        return next((unfold(value) for found, value in self.headers if found.lower() == name.lower()), "")


@dataclass
class Scan:
    """What the scanner read: header fields with folds kept, and the parts."""

    raw: bytes
    head: bytes
    fields: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    boundary: str = ""

    def all(self, name: str) -> list[str]:
        """Return the unfolded values of all fields of that name."""
        return [unfold(value) for found, value in self.fields if found.lower() == name.lower()]

    def one(self, name: str) -> str:
        """Return the unfolded value of the first field of that name, empty where there is none."""
        return next(iter(self.all(name)), "")

    def folded(self, name: str) -> str:
        """Return the value as it stands in the bytes, folds and all."""
        return next((value for found, value in self.fields if found.lower() == name.lower()), "")

    def part(self, subtype: str) -> Part | None:
        """Return the part of that kind of text."""
        return next((part for part in self.parts if part.value("Content-Type").lower().startswith(f"text/{subtype}")), None)


def check(raw: bytes, *, to: str, sender_domain: str, kind: str, host: str | None, at: datetime | None = None) -> list[str]:
    """Return what is wrong with a message to `to`; `host` is where its one-click address must lead, `at` when it arrived."""
    found = [*_lines(raw)]
    try:
        scan = _scan(raw)
        found += [*_head(scan), *_counts(scan), *_addresses(scan, to, sender_domain), *_time_and_id(scan, to, sender_domain, at)]
        found += [*_subject(scan), *_encoded_words(scan), *_lists(scan, kind, host), *_bodies(scan), *_way_out(scan, kind, host)]
        found += _second_opinion(scan)
    except Broken as error:
        found.append(str(error) if re.match(r"M\d\d ", str(error)) else f"M03 {error}")
    return found


def unfold(value: str) -> str:
    """Return a folded value on one line (RFC 5322 §2.2.3)."""
    return value.replace("\r\n", "").strip(" \t")


def decode_words(value: str) -> str:
    """Return a value with its encoded words decoded by RFC 2047: blanks between two of them do not count."""
    joined = re.sub(rf"({WORD.pattern})[ \t]+(?==\?)", r"\1", value)
    return WORD.sub(lambda match: _word(match[1], match[2], match[3]), joined)


def _word(charset: str, encoding: str, text: str) -> str:
    try:
        if encoding.upper() == "B":
            return base64.b64decode(text, validate=True).decode(charset)
        return binascii.a2b_qp(text.encode("ascii"), header=True).decode(charset)
    except (ValueError, LookupError) as error:
        raise Broken(f"an encoded word cannot be decoded: {error}") from error


def _lines(raw: bytes) -> Iterator[str]:
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", raw):
        yield "M01 a bare CR, a bare LF or a NUL"
    if not raw.endswith(b"\r\n"):
        yield "M01 the last line has no CRLF"
    if any(len(line) > 998 for line in raw.split(b"\r\n")):
        yield "M02 a line of more than 998 octets"
    if len(raw) > 10_000_000:
        yield "M05 more than 10 MB"


def _scan(raw: bytes) -> Scan:
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        raise Broken("no empty line ends the header")
    scan = Scan(raw, head + b"\r\n", _fields(head))
    content_type = scan.one("Content-Type")
    if not content_type.lower().startswith("multipart/"):
        scan.parts.append(_part(scan.fields, body))
        return scan
    match = re.search(r'boundary="([^"]+)"', content_type)
    if match is None:
        raise Broken("a multipart without a boundary")
    scan.boundary = match[1]
    scan.parts.extend(_split(body, match[1].encode()))
    return scan


def _split(body: bytes, boundary: bytes) -> Iterator[Part]:
    chunks = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(chunks) < 3 or chunks[0].strip() or not chunks[-1].startswith(b"--"):
        raise Broken("the parts are not delimited as the boundary says")
    for chunk in chunks[1:-1]:
        if not chunk.startswith(b"\r\n"):
            raise Broken("text after a boundary")
        head, _, rest = chunk[2:].partition(b"\r\n\r\n")
        yield _part(_fields(head), rest)


def _part(fields: list[tuple[str, str]], body: bytes) -> Part:
    values = {name.lower(): unfold(value) for name, value in fields}
    encoding = values.get("content-transfer-encoding", "7bit").lower()
    try:
        data = _decoded(encoding, body)
        return Part(fields, body, data.decode("utf-8"))
    except (ValueError, binascii.Error) as error:
        raise Broken(f"M31 a part cannot be decoded: {error}") from error


def _decoded(encoding: str, body: bytes) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return binascii.a2b_base64(body) if encoding == "base64" else body


def _fields(head: bytes) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for line in head.split(b"\r\n"):
        text = line.decode("utf-8", "replace")
        if not text.strip():
            raise Broken("an empty or blank line in the header")
        if text[0] in " \t":
            if not fields:
                raise Broken("the header begins with a folded line")
            fields[-1] = (fields[-1][0], f"{fields[-1][1]}\r\n{text}")
            continue
        match = re.fullmatch(r"([!-9;-~]+):(.*)", text)
        if match is None:
            raise Broken(f"not a header field: {text[:40]!r}")
        fields.append((match[1], match[2]))
    return fields


def _head(scan: Scan) -> Iterator[str]:
    if not scan.head.isascii():
        yield "M03 the header is not 7-bit ASCII"
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", scan.head):
        yield "M03 a control character in the header"
    if len(scan.head) > 16_384 or len(scan.fields) > 60:
        yield "M04 the header is too big"


def _counts(scan: Scan) -> Iterator[str]:
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


def mailbox(value: str) -> tuple[str, str]:
    """Return display name and address of a header that holds exactly one mailbox; raise Broken where it holds something else."""
    bare = re.fullmatch(r"\s*([^\s<>\",;:]+)\s*", value)
    if bare:
        return "", bare[1]
    match = re.fullmatch(r'((?:"(?:[^"\\]|\\.)*"|[^"<>,;:@()\[\]\\])*)<([^<>\s]+)>\s*', value)
    if match is None:
        raise Broken(f"M17 not exactly one mailbox: {value[:60]!r}")
    phrase = match[1].strip()
    if phrase.startswith('"'):
        phrase = re.sub(r"\\(.)", r"\1", phrase[1:-1])
        if "=?" in phrase:
            raise Broken("M16 an encoded word in a quoted string")
        return phrase, match[2]
    return decode_words(phrase), match[2]


def _addresses(scan: Scan, to: str, sender_domain: str) -> Iterator[str]:
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


def _time_and_id(scan: Scan, to: str, sender_domain: str, at: datetime | None) -> Iterator[str]:
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


def _subject(scan: Scan) -> Iterator[str]:
    subject = decode_words(scan.one("Subject"))
    if not subject.strip() or len(subject) > 250:
        yield "M15 the subject is empty or too long"
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", subject):
        yield "M15 a control character in the subject"
    if UNRENDERED.search(subject):
        yield "M15 the subject looks unrendered"
    if re.match(r"(?i)\s*(re|fwd?):", subject):
        yield "M15 the subject looks like an answer"


def _encoded_words(scan: Scan) -> Iterator[str]:
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


def _uris(scan: Scan) -> list[str]:
    return re.findall(r"<([^<>\s]+)>", scan.one("List-Unsubscribe"))


def _lists(scan: Scan, kind: str, host: str | None) -> Iterator[str]:
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
    value, uris = scan.folded("List-Unsubscribe"), _uris(scan)
    if host is not None and not (uris and uris[0].startswith(f"https://{host}/")):
        yield "M20 List-Unsubscribe does not begin with an https address on our host"
    if host is None and uris and not uris[0].startswith("mailto:"):
        yield "M20 List-Unsubscribe leads to a host that there is not"
    if value and not re.fullmatch(r" <[!-;=?-~]+>(?:,(?:\r\n)? <[!-;=?-~]+>)*", value):
        yield "M20 List-Unsubscribe is folded or written where it may not be"
    if any(uri.startswith("https:") for uri in uris) != (post == "List-Unsubscribe=One-Click"):
        yield "M21 List-Unsubscribe-Post is not exactly what RFC 8058 says"


def _way_out(scan: Scan, kind: str, host: str | None) -> Iterator[str]:
    if kind == "transactional" or host is None:
        return
    link = next(iter(_uris(scan)), "")
    for subtype in ("plain", "html"):
        part = scan.part(subtype)
        shown = html.unescape(re.sub(r"(?s)<!--.*?-->", "", part.text)) if part else ""
        if part is not None and (not link or link not in shown):
            yield f"M25 no unsubscribe link in text/{subtype}"


def _bodies(scan: Scan) -> Iterator[str]:
    kinds = [part.value("Content-Type").lower().partition(";")[0].strip() for part in scan.parts]
    if kinds not in (["text/plain"], ["text/plain", "text/html"]):
        yield f"M30 the parts are {kinds}"
    if len(kinds) > 1 and not scan.one("Content-Type").lower().startswith("multipart/alternative"):
        yield "M30 two parts that are not alternatives"
    for part in scan.parts:
        yield from _body(part, scan.boundary)
    shown = scan.part("html")
    if shown is not None and len(shown.text.encode()) > MAX_HTML:
        yield "M05 HTML that would be clipped"


def _body(part: Part, boundary: str) -> Iterator[str]:
    kind, encoding = part.value("Content-Type").lower(), part.value("Content-Transfer-Encoding").strip().lower()
    words = re.sub(r"\s+", "", re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", part.text) if "html" in kind else part.text)
    if len(words) < 20:
        yield f"M30 {kind.partition(';')[0]} has hardly any text"
    if "charset=utf-8" not in kind.replace('"', ""):
        yield "M31 a part without charset utf-8"
    if "\ufffd" in part.text or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", part.text):
        yield "M31 a replacement or control character in a part"
    if encoding not in ("quoted-printable", "base64") and not (encoding == "7bit" and part.body.isascii()):
        yield f"M32 a part in {encoding}"
    if any(len(line) > 76 for line in part.body.split(b"\r\n")) and encoding != "7bit":
        yield "M32 an encoded line of more than 76 octets"
    if boundary and boundary.encode() in part.body:
        yield "M32 the boundary occurs in a part"


def library_mailbox(raw: bytes, name: str) -> tuple[str, str]:
    """Return display name and address as the library's older parser reads them (the newer one keeps blanks between encoded words)."""
    value = email.message_from_bytes(raw, policy=email.policy.compat32)[name]
    display, spec = email.utils.parseaddr(re.sub(r"\r?\n", "", str(value)))
    return str(make_header(decode_header(display))), spec


def _second_opinion(scan: Scan) -> Iterator[str]:
    """Compare with the standard library's parser: same fields, same subject, same mailboxes, same parts."""
    message: EmailMessage = email.message_from_bytes(scan.raw, policy=email.policy.default)
    theirs = [name for name, _ in message.items()]
    if theirs != [name for name, _ in scan.fields]:
        yield f"M18 another parser sees the fields {theirs}"
        return
    if str(message["Subject"]).strip() != decode_words(scan.one("Subject")).strip():
        yield "M18 another parser reads another subject"
    for name in MAILBOXES:
        if message[name] is not None and (len(message[name].addresses) != 1 or library_mailbox(scan.raw, name) != mailbox(scan.one(name))):
            yield f"M18 another parser reads other mailboxes in {name}"
    texts = [part.get_content().replace("\r\n", "\n") for part in message.walk() if not part.is_multipart()]
    if texts != [part.text.replace("\r\n", "\n") for part in scan.parts]:
        yield "M18 another parser reads other parts"
    defects = [defect for part in message.walk() for defect in part.defects]
    if defects:
        yield f"M18 defects: {defects}"
