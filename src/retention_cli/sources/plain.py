"""A file as the reader takes it: UTF-8 text, packed or not.

What is that already is read where it lies. Text that was unpacked to be looked at may still be in memory; other encodings,
sheets of Excel and cells that hold several rows are written out as CSV below `.retention/tmp/`, private to the owner. All
of it is gone when the import ends; what a killed process left is swept by the next.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.sources import dress
from retention_cli.sources.facts import read_facts
from retention_cli.sources.files import ExportFile, stamp_of
from retention_cli.sources.packing import CHUNK, Packing, open_bytes, unpacked
from retention_cli.sources.sheets import sheet_rows
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retention_cli.sources.asked import Asked
    from retention_cli.sources.facts import Facts

MEMORY, MOST_FILES = 256 << 20, 64
_PREFIX = "plain"


@dataclass(frozen=True, slots=True)
class Readable:
    """Where the reader finds a file's text: UTF-8, `lines` line ends, and whether the last line has one."""

    path: str
    packing: Packing
    lines: int
    ended: bool

    def chunks(self) -> Iterator[bytes]:
        """Return the unpacked bytes."""
        with open_bytes(self.path, self.path) as stream:
            yield from unpacked(iter(lambda: stream.read(CHUNK), b""), self.packing, self.path)


class Spool:
    """Unpacked text in memory, up to a budget that all spools of an import share; what is too big is dropped."""

    def __init__(self, plains: Plains) -> None:
        self._plains = plains
        self._file: BinaryIO | None = None
        self._size = 0
        self._refused = not hasattr(os, "memfd_create")

    @property
    def path(self) -> str | None:
        """Where it can be read, None where nothing was kept."""
        return None if self._file is None else f"/proc/self/fd/{self._file.fileno()}"

    def write(self, chunk: bytes) -> None:
        """Keep some more, while there is room."""
        if self._refused or not self._plains.take(len(chunk), files=0 if self._file else 1):
            self._refused = True
            self.close()
            return
        if self._file is None:
            self._file = os.fdopen(os.memfd_create("text"), "wb", buffering=0)
        self._size += len(chunk)
        self._file.write(chunk)

    def close(self) -> None:
        """Give the memory back."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._plains.take(-self._size, files=-1)
        self._size = 0


class Plains:
    """The readable files of one import; use it in a `with`."""

    def __init__(self, temporary: Path) -> None:
        """Write what must be written below `temporary`."""
        self._folder = temporary / f"{_PREFIX}-{os.getpid()}-{secrets.token_hex(4)}"
        self._spools: dict[str, Spool] = {}
        self._written: dict[tuple[object, ...], Readable] = {}
        self._left, self._files = MEMORY, MOST_FILES
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for path in [*self._spools]:
            self.forget(path)
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, size: int, files: int = 0) -> bool:
        """Take so much of the budget of memory and files, or say that there is not so much left."""
        with self._lock:
            if size > self._left or files > self._files:
                return False
            self._left -= size
            self._files -= files
            return True

    def spool(self, path: str) -> Spool:
        """Return where the unpacked text of a file may be kept."""
        self.forget(path)
        self._spools[path] = Spool(self)
        return self._spools[path]

    def forget(self, path: str) -> None:
        """Let go of what was kept of a file."""
        if (spool := self._spools.pop(path, None)) is not None:
            spool.close()
        for key in [key for key in self._written if key[0] == path]:
            with suppress(OSError):
                Path(self._written.pop(key).path).unlink()

    def of(self, file: ExportFile, facts: Facts, encoding: str | None, asked: Asked) -> Readable:
        """Return a file in the reader's form, writing it out where that is needed."""
        translates = facts.kind == "xlsx" or asked.unpack is not None
        if not translates and (facts.kind != "csv" or encoding in (None, "utf-8")):
            return self._as_it_is(file, facts)
        key = (file.path, encoding, asked.sheet, asked.unpack) if translates else (file.path, encoding)
        if key not in self._written:
            self._written[key] = self._translated(file, facts, encoding, asked) if translates else self._recoded(file, facts, encoding or "utf-8")
        return self._written[key]

    def _recoded(self, file: ExportFile, facts: Facts, encoding: str) -> Readable:
        place = self._place()
        with _private(place) as out:
            out.writelines(_texts(self._as_it_is(file, facts).chunks(), encoding, file.shown))
        return Readable(str(place), "none", facts.lines, facts.ended)

    def _as_it_is(self, file: ExportFile, facts: Facts) -> Readable:
        spool = self._spools.get(file.path)
        kept = spool.path if spool is not None else None
        return Readable(kept or file.path, "none" if kept else facts.packing, facts.lines, facts.ended)

    def _translated(self, file: ExportFile, facts: Facts, encoding: str | None, asked: Asked) -> Readable:
        place = self._place()
        if facts.kind == "xlsx":
            _write_rows(place, sheet_rows(file.path, file.shown, asked.sheet))
        else:
            _write_rows(place, _unpacked_rows(_texts(self._as_it_is(file, facts).chunks(), encoding or "utf-8", file.shown), asked, file.shown))
        found = read_facts(ExportFile(str(place), file.shown, stamp_of(str(place))))
        return Readable(str(place), "none", found.lines, found.ended)

    def _place(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / f"{secrets.token_hex(6)}.csv"


def _private(place: Path) -> Any:
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="")


def _texts(chunks: Iterable[bytes], encoding: str, shown: str) -> Iterator[str]:
    """Decode a stream; raises DataUnreachable where it is not in that encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    first = True
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            yield text.removeprefix("\ufeff") if first else text
            first = first and not text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DataUnreachable(f"{shown} is not {encoding} throughout", "settle its encoding: csv: {encoding: cp1250}") from error


def _write_rows(place: Path, rows: Iterable[list[str]]) -> None:
    with _private(place) as out:
        csv.writer(out, lineterminator="\n").writerows(rows)


def _unpacked_rows(texts: Iterable[str], asked: Asked, shown: str) -> Iterator[list[str]]:
    """Return a row a match of the pattern in the column that holds several: the row's own values, then the named groups."""
    column, pattern = asked.unpack or ("", "")
    reader = iter(dress.records(_lines(texts), asked.csv.over(CsvFormat(delimiter=","))))
    header = [name.strip() for name in next(reader, [])]
    if column not in header:
        raise GuardStopped(f"{shown}:1: column {column!r} is missing", did_you_mean(column, header))
    place, matcher = header.index(column), re.compile(pattern, re.DOTALL)
    rest = [n for n in range(len(header)) if n != place]
    yield [*(header[n] for n in rest), *matcher.groupindex]
    for row in reader:
        if len(row) == len(header):
            for match in matcher.finditer(row[place]):
                yield [*(row[n] for n in rest), *((match[group] or "").strip() for group in matcher.groupindex)]


def _lines(texts: Iterable[str]) -> Iterator[str]:
    held = ""
    for text in texts:
        *whole, held = (held + text).split("\n")
        yield from (line + "\n" for line in whole)
    if held:
        yield held
