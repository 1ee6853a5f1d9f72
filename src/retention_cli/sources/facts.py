"""What a file's bytes are, found in one pass over every one of them when the file is new.

Its SHA-256, its lines, whether its last line has an end, and how its letters are written. A cut-off packing, a NUL or
UTF-16 is found here, because the CSV reader would not always say. Packed text may be kept unpacked in memory while it
passes, so that the reader need not unpack it again.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from retention_cli.errors import DataUnreachable
from retention_cli.sources.packing import CHUNK, Kind, Packing, kind_of, open_bytes, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retention_cli.sources.files import ExportFile

Letters = Literal["ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "other"]
"""How letters are written, as far as the bytes alone tell."""

_LOOKED_AT = 64


class Keeper(Protocol):
    """Takes the unpacked bytes as they pass."""

    def write(self, chunk: bytes, /) -> object:
        """Take some."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file's bytes are. `lines` counts line ends of the unpacked text; `ended`: the last line has one.

    `odd_line` is the first line that is not UTF-8, 0 where there is none.
    """

    sha256: str
    kind: Kind
    packing: Packing = "none"
    lines: int = 0
    ended: bool = True
    letters: Letters = "ascii"
    odd_line: int = 0


def read_facts(file: ExportFile, keeper: Keeper | None = None) -> Facts:
    """Read every byte of a file once; raises DataUnreachable where it is cut off, packed in an unknown way, or no text.

    `keeper` is given the unpacked bytes of packed text.
    """
    kind, packing = kind_of(file.path, file.shown)
    digest = hashlib.sha256()
    with open_bytes(file.path, file.shown) as stream:
        raw = _hashed(iter(lambda: stream.read(CHUNK), b""), digest)
        if kind in ("parquet", "xlsx"):
            for _ in raw:
                pass
            return Facts(digest.hexdigest(), kind)
        count = _Counting(file.shown)
        for chunk in unpacked(raw, packing, file.shown):
            count.take(chunk)
            if keeper is not None and packing != "none":
                keeper.write(chunk)
        count.finish()
    return Facts(digest.hexdigest(), kind, packing, count.lines, count.ended, count.letters, count.odd_line)


def _hashed(chunks: Iterator[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


class _Counting:
    """Counts lines and judges letters, chunk by chunk."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.newlines = self.returns = self.odd_line = 0
        self.letters: Letters = "ascii"
        self.last = b""
        self._wide: codecs.IncrementalDecoder | None = None
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._begun = self._open = False

    @property
    def lines(self) -> int:
        """Line ends so far."""
        return self.newlines or self.returns

    @property
    def ended(self) -> bool:
        """Whether the last line has an end."""
        return self.last in (b"\n", b"\r")

    def take(self, chunk: bytes) -> None:
        """Count what came."""
        if not self._begun and chunk:
            self._begun = True
            if (wide := _wide(chunk)) is not None:
                self.letters, self._wide = wide, codecs.getincrementaldecoder(wide)(errors="replace")
        if self._wide is not None:
            chunk = self._wide.decode(chunk).encode("utf-8", "replace")
        elif not (chunk.isascii() and not self._open) and self.letters != "other":
            self._judge(chunk)
        if b"\x00" in chunk:
            raise DataUnreachable(f"{self.shown} has a NUL byte in it: it is damaged, or no text file", "export it anew")
        self.newlines += chunk.count(b"\n")
        self.returns += 0 if self.newlines else chunk.count(b"\r")
        self.last = chunk[-1:] or self.last

    def finish(self) -> None:
        """Judge the end: a letter may be cut off."""
        if self._open:
            self.letters, self.odd_line = "other", self.lines + (0 if self.ended else 1)

    def _judge(self, chunk: bytes) -> None:
        held = len(self._utf8.getstate()[0])
        try:
            self._utf8.decode(chunk)
        except UnicodeDecodeError as error:
            self.letters, self._open = "other", False
            self.odd_line = self.lines + chunk.count(b"\n", 0, max(error.start - held, 0)) + 1
        else:
            self.letters, self._open = "utf-8", bool(self._utf8.getstate()[0])


def _wide(start: bytes) -> Letters | None:
    """Return which UTF-16 a file begins in: by its byte order mark, else by where its first NULs stand."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    even, odd = start[:_LOOKED_AT:2], start[1:_LOOKED_AT:2]
    if len(odd) > 1 and not even.strip(b"\x00") and odd.replace(b"\x00", b"") == odd:
        return "utf-16-be"
    if len(odd) > 1 and not odd.strip(b"\x00") and even.replace(b"\x00", b"") == even:
        return "utf-16-le"
    return None


def letters_of(chunks: Iterable[bytes], shown: str) -> Letters:
    """Return how the letters of a start of a file are written."""
    count = _Counting(shown)
    for chunk in chunks:
        count.take(chunk)
    return count.letters
