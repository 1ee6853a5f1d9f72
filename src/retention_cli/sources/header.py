"""The first line of an export: its columns, and how the file is written.

Our own reading, because a guess over a sample may call a ragged file one wide column. The delimiter is the one that the
project or the lock says, else the one of `, ; tab |` that divides the first line into most columns.
"""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import fill, literal
from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.sources.files import open_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.files import ExportFile, Facts

DELIMITERS = (",", ";", "\t", "|")
LONGEST = 1 << 20
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Header:
    """A file's columns in order. `native` holds Parquet's own types, and is empty for CSV."""

    names: tuple[str, ...]
    delimiter: str | None = None
    newline: str = "\n"
    native: tuple[str, ...] = ()


def read_header(file: ExportFile, facts: Facts, delimiter: str | None, engine: Callable[[], DuckEngine]) -> Header:
    """Return a file's header; raises DataUnreachable or GuardStopped with the file's name and line."""
    if facts.kind == "parquet":
        return _parquet_header(file, engine())
    text = first_text(file.path, file.shown, packed=facts.packed)
    record, newline = first_record(text)
    if not record.strip():
        raise GuardStopped(f"{file.shown} is empty: it has no header", "was the export cut off?")
    if len(record) >= LONGEST:
        raise GuardStopped(f"{file.shown}:1: the header has no end within {LONGEST:,} characters", "is a quote left open?")
    chosen = delimiter or sniff_delimiter(record)
    return Header(checked_names(split(record, chosen), file.shown), chosen, newline)


def first_text(path: str, shown: str, *, packed: bool) -> str:
    """Return the start of a CSV file as text, without its byte order mark."""
    with open_bytes(path, shown) as stream:
        start = gzip.GzipFile(fileobj=stream).read(LONGEST) if packed else stream.read(LONGEST)
    for cut in range(4):
        try:
            return start[: len(start) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(start) - 8:
                line = start.count(b"\n", 0, error.start) + 1
                raise not_utf8(shown, line) from error
    raise not_utf8(shown, start.count(b"\n") + 1)


def not_utf8(shown: str, line: int) -> DataUnreachable:
    """Return the error of a file in another encoding."""
    return DataUnreachable(f"{shown}:{line}: not UTF-8", "save the export as UTF-8 (it looks like cp1250, latin1 or the like)")


def first_record(text: str) -> tuple[str, str]:
    """Return the first line and the line end it has; a line end between quotes does not count."""
    quoted = False
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "\r\n":
            return text[:index], "\r\n" if text[index : index + 2] == "\r\n" else char
    return text, "\n"


def sniff_delimiter(record: str) -> str:
    """Return the delimiter that divides the line into most columns; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: len(split(record, delimiter)))


def split(record: str, delimiter: str) -> list[str]:
    """Return a line's values."""
    return next(csv.reader([record], delimiter=delimiter), [])


def checked_names(raw: list[str], shown: str) -> tuple[str, ...]:
    """Return the columns' names, trimmed; an unnamed column is named for its place, a name used twice is refused."""
    names = [name.strip() or f"column_{place}" for place, name in enumerate(raw, start=1)]
    seen: set[str] = set()
    for name in names:
        if _CONTROL.search(name):
            raise GuardStopped(f"{shown}:1: a column's name has a control character in it", "is a quote left open?")
        if name.casefold() in seen:
            raise GuardStopped(f"{shown}:1: two columns are named {name!r}", "give each column its own name in the export")
        seen.add(name.casefold())
    return tuple(names)


def _parquet_header(file: ExportFile, engine: DuckEngine) -> Header:
    from duckdb import Error  # noqa: PLC0415 - only Parquet needs the engine for its header

    try:
        columns = engine.columns(fill("SELECT * FROM read_parquet({path})", path=literal(file.path)))
    except Error as error:
        raise DataUnreachable(f"{file.shown} is damaged or no Parquet file", "was it cut off while it was written?") from error
    checked_names(list(columns), file.shown)
    return Header(tuple(columns), native=tuple(columns.values()))
