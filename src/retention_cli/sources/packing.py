"""What a file's first bytes say it is, and its bytes unpacked: gzip and zstd, several members too.

What unpacks to far more than it holds is refused while it unpacks (a bomb is small on disk), and so is a stream that
ends early or fails its checksum. A zip is read only as an Excel file; names inside it are never used as paths.
"""

from __future__ import annotations

import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from retention_cli.errors import DataUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["csv", "json", "parquet", "xlsx"]
Packing = Literal["none", "gzip", "zstd"]

CHUNK = 1 << 20
BOMB_SIZE, BOMB_RATIO = 32 << 20, 250
_AT_ONCE = 8 << 20
_GZIP, _PARQUET, _ZIP, _ZSTD = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_WORKBOOK = "xl/workbook.xml"


def open_bytes(path: str, shown: str) -> BinaryIO:
    """Open a file; raises DataUnreachable where that is not allowed."""
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise DataUnreachable(f"{shown} cannot be read: {error.strerror}") from error


def kind_of(path: str, shown: str) -> tuple[Kind, Packing]:
    """Return what a file is and how it is packed; raises DataUnreachable for what is not read."""
    with open_bytes(path, shown) as stream:
        start = stream.read(4)
    if start == _ZIP:
        return _excel(path, shown), "none"
    if start == _OLD_EXCEL:
        raise DataUnreachable(f"{shown} is an Excel file of before 2007", "save it as .xlsx or as CSV")
    if start == _PARQUET:
        return "parquet", "none"
    packing: Packing = "gzip" if start[:2] == _GZIP else "zstd" if start == _ZSTD else "none"
    begin = start_of(path, shown, packing, 1 << 12).lstrip(b"\xef\xbb\xbf \t\r\n")
    if begin[:1] == b"[" and begin[1:].lstrip()[:1] in (b"{", b"]"):
        raise DataUnreachable(f"{shown} holds one long JSON list", "export it as JSON lines: one object a line")
    return "json" if begin[:1] == b"{" else "csv", packing


def _excel(path: str, shown: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise DataUnreachable(f"{shown} is a damaged zip or Excel file", "export it anew") from error
    if _WORKBOOK not in {member.filename for member in members}:
        raise DataUnreachable(f"{shown} is a zip file", "unpack it first, and name the file inside")
    size, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    _refuse_bomb(size, packed, shown)
    return "xlsx"


def _refuse_bomb(size: int, packed: int, shown: str) -> None:
    if size > BOMB_SIZE and size > BOMB_RATIO * packed:
        raise DataUnreachable(f"{shown} unpacks to more than {BOMB_RATIO} times its size", "if that is right, unpack it before")


def start_of(path: str, shown: str, packing: Packing, size: int) -> bytes:
    """Return the first `size` bytes of the unpacked file."""
    found = b""
    with open_bytes(path, shown) as stream:
        for chunk in unpacked(iter(lambda: stream.read(1 << 16), b""), packing, shown):
            found += chunk
            if len(found) >= size:
                break
    return found[:size]


def unpacked(chunks: Iterator[bytes], packing: Packing, shown: str) -> Iterator[bytes]:
    """Unpack a stream of bytes; raises DataUnreachable where it is cut off, damaged, or a bomb."""
    if packing == "none":
        yield from chunks
        return
    taken = given = 0
    member = _member(packing)
    try:
        for chunk in chunks:
            taken += len(chunk)
            rest = chunk
            while rest:
                member = _member(packing) if member.eof else member
                for piece in _pieces(member, rest, packing):
                    given += len(piece)
                    _refuse_bomb(given, taken, shown)
                    yield piece
                rest = member.unused_data if member.eof else b""
    except (zlib.error, _zstd_error()) as error:
        raise DataUnreachable(f"{shown} is damaged: {error}", "export it anew") from error
    if not member.eof:
        raise DataUnreachable(f"{shown} is cut off: its {packing} stream has no end", "wait until it is written, or export it anew")


def _member(packing: Packing) -> Any:
    return zlib.decompressobj(wbits=31) if packing == "gzip" else _zstd().ZstdDecompressor()


def _pieces(member: Any, packed: bytes, packing: Packing) -> Iterator[bytes]:
    """Unpack what is given in pieces of bounded size, up to the member's end."""
    rest, more = packed, True
    while more and not member.eof:
        yield member.decompress(rest, _AT_ONCE)
        rest = member.unconsumed_tail if packing == "gzip" else b""
        more = bool(rest) if packing == "gzip" else not member.needs_input


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - only packed files need it
    else:
        from backports import zstd  # noqa: PLC0415 - as above
    return zstd


def _zstd_error() -> type[Exception]:
    return cast("type[Exception]", _zstd().ZstdError)
