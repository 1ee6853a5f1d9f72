"""What is known of files that have not changed: an unchanged export costs one stat.

The cache may be deleted at any time. An entry counts only while the file's stamp is the same and the file had been at
rest for a moment when it was read: a file written within the last two seconds could change again without its time showing it.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from retention_cli.errors import DataUnreachable
from retention_cli.sources.atomic import write_text
from retention_cli.sources.files import ExportFile, Facts, Stamp, read_facts, stamp_of
from retention_cli.sources.header import Header, read_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.engine.duck import DuckEngine

_AT_REST_NS = 2_000_000_000
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Export:
    """A file with what its bytes are and what its first line says."""

    file: ExportFile
    facts: Facts
    header: Header

    def open(self) -> BinaryIO:
        """Open the unpacked bytes."""
        if self.facts.packed:
            return cast("BinaryIO", gzip.GzipFile(self.file.path, "rb"))
        return Path(self.file.path).open("rb")


class FileCache:
    """Facts and headers by path, from the file `path` (JSON) and back."""

    def __init__(self, path: Path) -> None:
        """Read the cache; a missing or unreadable one is an empty one."""
        self._path = path
        self._entries: dict[str, dict[str, Any]] = {}
        self._written_ns = 0
        self._seen: dict[str, dict[str, Any]] = {}
        self._read_anew = False
        try:
            self._written_ns = path.stat().st_mtime_ns
            known = json.loads(path.read_text(encoding="utf-8"))
            self._entries = known["files"] if known["format"] == _FORMAT else {}
        except (OSError, ValueError, KeyError, TypeError):
            return

    def look(self, file: ExportFile, delimiter: str | None, engine: Callable[[], DuckEngine]) -> Export:
        """Return a file with its facts and header, reading it only where it changed; raises as those do."""
        entry = self._entries.get(file.path)
        if entry is None or not self._still_true(entry, file.stamp, delimiter):
            self._read_anew = True
            facts = read_facts(file)
            header = read_header(file, facts, delimiter, engine)
            confirm(file)
            entry = {
                "stamp": dataclasses.astuple(file.stamp),
                "facts": dataclasses.asdict(facts),
                "header": dataclasses.asdict(header),
                "asked": delimiter,
            }
        self._seen[file.path] = entry
        return Export(file, Facts(**entry["facts"]), _header(entry["header"]))

    def _still_true(self, entry: dict[str, Any], stamp: Stamp, delimiter: str | None) -> bool:
        at_rest = stamp.mtime_ns + _AT_REST_NS < self._written_ns
        return at_rest and Stamp(*entry["stamp"]) == stamp and entry["asked"] == delimiter

    def save(self) -> None:
        """Keep what was looked at; what was not is forgotten."""
        if self._read_anew or self._seen.keys() != self._entries.keys():
            write_text(self._path, json.dumps({"format": _FORMAT, "files": self._seen}, indent=1))


def _header(raw: dict[str, Any]) -> Header:
    return Header(tuple(raw["names"]), raw["delimiter"], raw["newline"], tuple(raw["native"]))


def confirm(file: ExportFile) -> None:
    """Raise DataUnreachable where a file is no longer what it was when it was found."""
    if stamp_of(file.path) != file.stamp:
        raise DataUnreachable(f"{file.shown} changed while it was read", "is the export still being written? Write it elsewhere and rename it")
