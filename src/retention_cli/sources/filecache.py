"""What is known of files that have not changed: an unchanged export costs one stat.

The cache may be deleted at any time. An entry counts only while the file's stamp is the same and the file had been at
rest for a moment when it was read: a file written within the last two seconds could change again without its time showing it.
New files are read through in the background, one after the other, while the engine is busy with others.
"""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_cli.errors import DataUnreachable
from retention_cli.model.dress import CsvFormat
from retention_cli.sources import dress
from retention_cli.sources.atomic import write_text
from retention_cli.sources.facts import Facts, letters_of, read_facts
from retention_cli.sources.files import ExportFile, Stamp, stamp_of
from retention_cli.sources.header import LONGEST, Header, csv_header, json_header, parquet_header, unreadable
from retention_cli.sources.packing import kind_of, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.asked import Asked
    from retention_cli.sources.plain import Plains, Readable

_AT_REST_NS = 2_000_000_000
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Export:
    """A file with what its bytes are and what its first line says."""

    file: ExportFile
    facts: Facts
    header: Header
    asked: Asked
    plains: Plains

    @property
    def readable(self) -> Readable:
        """The file as the reader takes it."""
        return self.plains.of(self.file, self.facts, self.header.csv.encoding, self.asked)

    @property
    def is_numbered(self) -> bool:
        """Whether its rows have numbers and no lines."""
        return self.facts.kind in ("parquet", "xlsx") or self.asked.unpack is not None

    def lines(self) -> Iterator[bytes]:
        """Return its lines, their ends included."""
        held = b""
        for chunk in self.readable.chunks():
            *whole, held = (held + chunk).splitlines(keepends=True) or [b""]
            yield from whole
        if held:
            yield held


def look_at(file: ExportFile, facts: Facts, asked: Asked, engine: Callable[[], DuckEngine], plains: Plains) -> Header:
    """Return a file's header; raises DataUnreachable or GuardStopped with the file's name and line."""
    if facts.kind == "parquet":
        return parquet_header(file.path, file.shown, engine())
    if facts.kind == "json":
        readable = plains.of(file, facts, "utf-8", asked)
        return json_header(readable.path, readable.packing, file.shown, engine())
    encoding = None
    if facts.kind == "csv":
        start = start_of(file.path, file.shown, facts.packing, LONGEST * (8 if facts.letters == "other" else 1))
        encoding = dress.encoding_of(start, facts.letters, asked.csv, asked.prefer, asked.language)
        if encoding == "utf-8" and facts.letters == "other":
            raise unreadable(file.shown, facts.odd_line or 1, encoding)
        if asked.unpack is None:
            return csv_header(start[:LONGEST], encoding, asked.csv, file.shown)
    written = plains.of(
        file, facts, encoding, dataclasses.replace(asked, csv=asked.csv.over(CsvFormat(delimiter=_delimiter(file, facts, encoding, asked))))
    )
    ours = CsvFormat(delimiter=",", decimal=asked.csv.decimal, thousands=asked.csv.thousands, date_format=asked.csv.date_format)
    return csv_header(start_of(written.path, file.shown, "none", LONGEST), None, ours, file.shown)


def _delimiter(file: ExportFile, facts: Facts, encoding: str | None, asked: Asked) -> Any:
    if facts.kind != "csv" or asked.csv.delimiter is not None:
        return asked.csv.delimiter
    return csv_header(start_of(file.path, file.shown, facts.packing, LONGEST), encoding, asked.csv, file.shown).csv.delimiter


def first_facts(file: ExportFile) -> Facts:
    """Return what the start of a file tells, without reading it through."""
    kind, packing = kind_of(file.path, file.shown)
    if kind not in ("csv", "json"):
        return Facts("", kind)
    return Facts("", kind, packing, letters=letters_of([start_of(file.path, file.shown, packing, LONGEST)], file.shown))


class FileCache:
    """Facts and headers by path, from the file `path` (JSON) and back."""

    def __init__(self, path: Path, plains: Plains) -> None:
        """Read the cache; a missing or unreadable one is an empty one."""
        self._path = path
        self._plains = plains
        self._entries: dict[str, dict[str, Any]] = {}
        self._written_ns = 0
        self._seen: dict[str, dict[str, Any]] = {}
        self._is_new = False
        self._coming: dict[str, Future[Facts]] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="facts")
        try:
            self._written_ns = path.stat().st_mtime_ns
            known = json.loads(path.read_text(encoding="utf-8"))
            self._entries = known["files"] if known["format"] == _FORMAT else {}
        except (OSError, ValueError, KeyError, TypeError):
            return

    def expect(self, files: Iterable[ExportFile]) -> None:
        """Begin to read what has changed, in the background, in this order."""
        for file in files:
            if file.path not in self._coming and not self._at_rest(file):
                self._coming[file.path] = self._reader.submit(read_facts, file, self._plains.spool(file.path))

    def look(self, file: ExportFile, asked: Asked, engine: Callable[[], DuckEngine]) -> Export:
        """Return a file with its facts and header, reading it only where it changed; raises as those do."""
        entry = self._seen.get(file.path) or (self._entries[file.path] if self._at_rest(file) else self._read(file))
        facts = Facts(**entry["facts"])
        if (header := entry["headers"].get(str(asked))) is None:
            found = look_at(file, facts, asked, engine, self._plains)
            confirm(file)
            self._is_new = True
            header = entry["headers"][str(asked)] = {**dataclasses.asdict(found), "csv": found.csv.model_dump()}
        self._seen[file.path] = entry
        return Export(file, facts, _header(header), asked, self._plains)

    def _read(self, file: ExportFile) -> dict[str, Any]:
        coming = self._coming.pop(file.path, None)
        facts = coming.result() if coming is not None else read_facts(file, self._plains.spool(file.path))
        confirm(file)
        self._is_new = True
        return {"stamp": dataclasses.astuple(file.stamp), "facts": dataclasses.asdict(facts), "headers": {}}

    def _at_rest(self, file: ExportFile) -> bool:
        entry = self._entries.get(file.path)
        return entry is not None and file.stamp.mtime_ns + _AT_REST_NS < self._written_ns and Stamp(*entry["stamp"]) == file.stamp

    @property
    def is_reading(self) -> bool:
        """Whether something is being read in the background."""
        return bool(self._coming)

    def close(self) -> None:
        """End the reading in the background."""
        self._reader.shutdown(cancel_futures=True)

    def save(self) -> None:
        """Keep what was looked at; what was not is forgotten."""
        if self._is_new or self._seen.keys() != self._entries.keys():
            write_text(self._path, json.dumps({"format": _FORMAT, "files": self._seen}, indent=1), durable=False)


def _header(raw: dict[str, Any]) -> Header:
    return Header(tuple(raw["names"]), CsvFormat(**raw["csv"]), raw["newline"], tuple(raw["native"]))


def confirm(file: ExportFile) -> None:
    """Raise DataUnreachable where a file is no longer what it was when it was found."""
    if stamp_of(file.path) != file.stamp:
        raise DataUnreachable(f"{file.shown} changed while it was read", "is the export still being written? Write it elsewhere and rename it")
