"""A byte scanner of finished messages, which knows nothing of how they are made: header fields with their folds, and the parts."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")


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


def read(raw: bytes) -> Scan:
    """Scan a message; raise Broken where it is none."""
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
