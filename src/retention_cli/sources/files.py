"""Which files a source's `path` means, and what their bytes are.

Only regular files are read, below the project's folder or where an absolute path says so; a link that leads out is
refused. Every byte passes here once when a file is new: its SHA-256, its lines, and whether it is whole (a cut-off gzip
stream, a NUL or UTF-16 is found now, because the CSV reader would not always say).
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from retention_cli.errors import DataUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind = Literal["csv", "parquet"]

_CHUNK = 1 << 20
_GZIP, _PARQUET, _ZIP, _ZSTD = b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file; any change of it means that the file must be read again."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export: where it is, how it is named to the user, and its stamp when it was found."""

    path: str
    shown: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file's bytes are. `lines` counts line ends of the unpacked text; `ended`: the last line has one."""

    sha256: str
    kind: Kind
    packed: bool = False
    lines: int = 0
    ended: bool = True


def stamp_of(path: str) -> Stamp:
    """Return a regular file's stamp; raises DataUnreachable for anything else."""
    try:
        found = os.stat(path)  # noqa: PTH116 - one call for the type and the stamp
    except OSError as error:
        raise DataUnreachable(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DataUnreachable(f"{path} is not a regular file", "a source reads files, folders of files and globs; no pipes and no devices")
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def expand(root: Path, written: str) -> tuple[ExportFile, ...]:
    """Return the files that a path, folder or glob means, sorted by name; raises DataUnreachable where there is none."""
    if "://" in written:
        raise DataUnreachable(f"{written} is an address; this version reads files", "download the export first")
    home = Path(os.path.realpath(root))
    absolute = Path(written).is_absolute()
    found = [_export_file(path, home, written, anywhere=absolute) for path in _matches(home, written)]
    if not found:
        raise DataUnreachable(f"no file matches {written}", f"looked in {home}" if not absolute else "")
    return tuple(sorted(found, key=lambda file: file.shown))


def _matches(home: Path, written: str) -> Iterable[Path]:
    if glob.has_magic(written):
        names = glob.glob(written, root_dir=home, recursive=True)  # noqa: PTH207 - pathlib's glob takes no absolute pattern
        return [home / name for name in names if not (home / name).is_dir()]
    path = home / written
    if path.is_dir():
        return [child for child in path.iterdir() if not child.name.startswith(".") and not child.is_dir()]
    return [path]


def _export_file(path: Path, home: Path, written: str, *, anywhere: bool) -> ExportFile:
    real = Path(os.path.realpath(path))
    if not anywhere and not real.is_relative_to(home):
        raise DataUnreachable(f"{written} leads out of the project's folder", "write an absolute path where that is meant")
    shown = str(path) if anywhere else os.path.relpath(path, home)
    try:
        return ExportFile(str(real), shown, stamp_of(str(real)))
    except DataUnreachable as error:
        raise DataUnreachable(str(error).replace(str(real), shown), error.hint) from error


def open_bytes(path: str, shown: str) -> BinaryIO:
    """Open a file; raises DataUnreachable where that is not allowed."""
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise DataUnreachable(f"{shown} cannot be read: {error.strerror}") from error


def read_facts(file: ExportFile) -> Facts:
    """Read every byte of a file once; raises DataUnreachable where it is cut off, packed in an unknown way, or no text."""
    with open_bytes(file.path, file.shown) as stream:
        kind, packed = _kind(stream.read(4), file)
        stream.seek(0)
        digest = hashlib.sha256()
        raw = _hashed(iter(lambda: stream.read(_CHUNK), b""), digest)
        if kind == "parquet":
            for _ in raw:
                pass
            return Facts(digest.hexdigest(), "parquet")
        lines, ended = _read_text(_unpacked(raw, file) if packed else raw, file)
        return Facts(digest.hexdigest(), "csv", packed, lines, ended)


def kind_of(file: ExportFile) -> tuple[Kind, bool]:
    """Return what a file is by its first bytes, and whether it is packed; raises DataUnreachable for what is not read."""
    with open_bytes(file.path, file.shown) as stream:
        return _kind(stream.read(4), file)


def _kind(start: bytes, file: ExportFile) -> tuple[Kind, bool]:
    if start.startswith(_ZIP):
        raise DataUnreachable(f"{file.shown} is a zip or Excel file", "export it as CSV or Parquet")
    if start == _ZSTD:
        raise DataUnreachable(f"{file.shown} is packed with zstd; this version reads gzip", "unpack it, or pack it with gzip")
    return "parquet" if start == _PARQUET else "csv", start[:2] == _GZIP


def _hashed(chunks: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _read_text(chunks: Iterable[bytes], file: ExportFile) -> tuple[int, bool]:
    newlines, returns, last = 0, 0, b""
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk[:2] in _UTF16:
            raise DataUnreachable(f"{file.shown} is UTF-16", "export it as UTF-8")
        if b"\x00" in chunk:
            raise DataUnreachable(f"{file.shown} has a NUL byte in it: it is damaged, or no text file", "export it anew")
        newlines += chunk.count(b"\n")
        returns += 0 if newlines else chunk.count(b"\r")
        last = chunk[-1:] or last
    return newlines or returns, last in (b"\n", b"\r")


def _unpacked(chunks: Iterable[bytes], file: ExportFile) -> Iterator[bytes]:
    """Unpack gzip, several members too; a stream that ends early or fails its checksum is refused."""
    member = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                yield member.decompress(rest)
                rest = member.unused_data
    except zlib.error as error:
        raise DataUnreachable(f"{file.shown} is damaged: {error}", "export it anew") from error
    if not member.eof:
        raise DataUnreachable(f"{file.shown} is cut off: its gzip stream has no end", "wait until it is written, or export it anew")
