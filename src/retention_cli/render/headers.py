"""Header fields: the one place where a value becomes bytes of a header (RFC 5322 §2.2, RFC 2047).

What must stay true: a value can change nothing but itself. Controls, line breaks and half characters never get in;
`=?…?=` in data is encoded, so that it is shown as it is; encoded words hold whole characters, at most 75 bytes each;
structured values (addresses, URIs, ids) are plain ASCII and are never encoded and never broken inside.
"""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.render.address import Address

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ufffd\ud800-\udfff]+")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_STRUCTURED = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_LINE, _WORD, _LIMIT = 76, 75, 998
_OPEN = {"B": b"=?utf-8?B?", "Q": b"=?utf-8?Q?"}
_ROOM = _WORD - len("=?utf-8?B??=")
MAX_SUBJECT, MAX_DISPLAY = 250, 120


def clean(value: str, limit: int = MAX_SUBJECT) -> str:
    """Return `value` on one line, as a reader is meant to see it: controls, line breaks and changes of direction are blanks, runs of blanks one."""
    text = " ".join(_UNFIT.sub(" ", value[: limit * 8]).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def header(name: str, value: str) -> bytes:
    """Return an unstructured field such as Subject, folded and with its CRLF; `value` may be any text."""
    text = clean(value)
    first = len(_named(name)) + 2
    encoded = b"\r\n ".join(_folded(text, first)) if _is_plain(text) else b"\r\n ".join(_encoded_words(text, first))
    return name.encode("ascii") + b": " + encoded + b"\r\n"


def structured(name: str, value: str) -> bytes:
    """Return a field that machines read (ids, URIs), as ASCII, broken only at its own blanks; raise where it cannot be written so."""
    if _STRUCTURED.fullmatch(value) is None or "=?" in value:
        raise RenderFailed(f"the header {_named(name)} would hold text that does not belong there")
    encoded = b"\r\n ".join(_folded(value, len(name) + 2))
    if any(len(line) > _LIMIT for line in encoded.split(b"\r\n")):
        raise RenderFailed(f"the header {name} would be too long")
    return name.encode("ascii") + b": " + encoded + b"\r\n"


def address_header(name: str, display: str, address: Address) -> bytes:
    """Return a field of one mailbox: From, To, Reply-To."""
    return _named(name).encode("ascii") + b": " + mailbox(display, address, first=len(name) + 2) + b"\r\n"


@lru_cache(maxsize=1024)
def mailbox(display: str, address: Address, first: int = 0) -> bytes:
    """Return `display <address>` folded; the first line has `first` bytes before it. UTF-8 only where the address needs SMTPUTF8."""
    spec = f"<{address}>".encode()
    phrase = list(_phrase(clean(display, MAX_DISPLAY), first))
    if not phrase:
        return spec[1:-1]
    room = _LINE - len(phrase[-1]) - (first if len(phrase) == 1 else 1)
    between = b" " if len(spec) < room else b"\r\n "
    return b"\r\n ".join(phrase) + between + spec


def _named(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a header")
    return name


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and "=?" not in text and max(map(len, text.split(" "))) < _LINE // 2


def _phrase(text: str, first: int) -> Iterator[bytes]:
    """Yield the lines of a display name: atoms, one quoted string, or encoded words (RFC 5322 §3.2.5)."""
    if not text:
        return
    if not _is_plain(text) or len(text) > _LINE // 2:
        yield from _encoded_words(text, first)
    elif _ATOMS.fullmatch(text):
        yield text.encode("ascii")
    else:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{quoted}"'.encode("ascii")


def _folded(text: str, first: int) -> Iterator[bytes]:
    line, used = "", first
    for word in text.split(" "):
        if line and used + len(line) + 1 + len(word) > _LINE:
            yield line.encode("ascii")
            line, used = word, 1
        else:
            line = f"{line} {word}" if line else word
    yield line.encode("ascii")


def _encoded_words(text: str, first: int) -> Iterator[bytes]:
    """Yield encoded words, a line each; the shorter of the two encodings for the whole text."""
    data = text.encode()
    quoted = sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in data)  # noqa: PLR2004 - a blank is `_`
    kind = "Q" if quoted <= (len(data) + 2) // 3 * 4 else "B"
    room = max(8, min(_ROOM, _LINE - first - len("=?utf-8?B??=")))
    chunk, size = b"", 0
    for character in text:
        piece = character.encode()
        grown = size + _q_size(piece) if kind == "Q" else (len(chunk) + len(piece) + 2) // 3 * 4
        if chunk and grown > room:
            yield _word(kind, chunk)
            chunk, grown, room = b"", _q_size(piece) if kind == "Q" else 4, _ROOM
        chunk, size = chunk + piece, grown
    yield _word(kind, chunk)


def _q_size(piece: bytes) -> int:
    return sum(1 if byte in _Q_SAFE or byte == 0x20 else 3 for byte in piece)  # noqa: PLR2004 - a blank is `_`


def _word(kind: str, chunk: bytes) -> bytes:
    if kind == "B":
        return _OPEN[kind] + binascii.b2a_base64(chunk, newline=False) + b"?="
    body = "".join("_" if byte == 0x20 else chr(byte) if byte in _Q_SAFE else f"={byte:02X}" for byte in chunk)  # noqa: PLR2004 - a blank is `_`
    return _OPEN[kind] + body.encode("ascii") + b"?="
