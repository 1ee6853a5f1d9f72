"""The first line of an export: its columns, and how the file is written.

Our own reading, because a guess over a sample may call a ragged file one wide column. Excel, databases and cells that hold
several rows are read by way of a CSV of ours, so they come here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, literal
from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.sources import dress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.engine.duck import DuckEngine

LONGEST = 1 << 20
MOST_COLUMNS = 2_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Header:
    """A file's columns in order. `native` holds Parquet's own types, and is empty for text; `csv` is how a CSV is written."""

    names: tuple[str, ...]
    csv: CsvFormat = field(default_factory=CsvFormat)
    newline: str = "\n"
    native: tuple[str, ...] = ()


def csv_header(start: bytes, encoding: str | None, asked: CsvFormat, shown: str) -> Header:
    """Return the header of a CSV that begins so; raises DataUnreachable or GuardStopped with the file's name and line."""
    text = decoded(start, encoding or "utf-8", shown)
    record, newline = first_record(text, asked.quote)
    if not record.strip():
        raise GuardStopped(f"{shown} is empty: it has no header", "was the export cut off?")
    if len(record) >= LONGEST:
        raise GuardStopped(f"{shown}:1: the header has no end within {LONGEST:,} characters", "is a quote left open?")
    found = asked.model_copy(update={"encoding": encoding, "delimiter": asked.delimiter or dress.sniff_delimiter(record, asked.quote)})
    names = checked_names(dress.split(record, found), shown)
    return Header(names, dress.sniffed(first_rows(text, found, len(names)), found), newline)


def decoded(start: bytes, encoding: str, shown: str) -> str:
    """Return a start of a file as text, without its byte order mark; a letter that is cut off at its end is left out."""
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    for cut in range(4):
        try:
            return start[: len(start) - cut].decode(codec).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            if error.start < len(start) - 8:
                raise unreadable(shown, start.count(b"\n", 0, error.start) + 1, encoding) from error
    raise unreadable(shown, start.count(b"\n") + 1, encoding)


def unreadable(shown: str, line: int, encoding: str) -> DataUnreachable:
    """Return the error of a file in another encoding than the settled one."""
    hint = "save the export in the encoding that it had, or settle another one: csv: {encoding: cp1250}"
    return DataUnreachable(f"{shown}:{line}: not {encoding.upper()}", hint)


def first_record(text: str, quote: str | None = None) -> tuple[str, str]:
    """Return the first line and the line end it has; a line end between quotes does not count."""
    quoted, mark = False, quote or '"'
    for index, char in enumerate(text):
        if char == mark:
            quoted = not quoted
        elif not quoted and char in "\r\n":
            return text[:index], "\r\n" if text[index : index + 2] == "\r\n" else char
    return text, "\n"


def first_rows(text: str, found: CsvFormat, width: int) -> list[list[str]]:
    """Return the first rows behind the header that have its width; the last line may be cut off and does not count."""
    lines = text.splitlines(keepends=True)[: dress.LOOKED_AT + 2]
    try:
        return [row for row in dress.records(lines[:-1] if len(text) >= LONGEST else lines, found) if len(row) == width][1:]
    except Exception:  # noqa: BLE001 - csv.Error and whatever else a damaged start gives: nothing is proven by it
        return []


def checked_names(raw: Sequence[str], shown: str) -> tuple[str, ...]:
    """Return the columns' names, trimmed; an unnamed column is named for its place, a name used twice is refused."""
    if len(raw) > MOST_COLUMNS:
        raise GuardStopped(f"{shown}:1: {len(raw):,} columns, at most {MOST_COLUMNS:,} are read", "is the delimiter right? Settle it with `csv:`")
    names = [name.strip() or f"column_{place}" for place, name in enumerate(raw, start=1)]
    seen: set[str] = set()
    for name in names:
        if _CONTROL.search(name):
            raise GuardStopped(f"{shown}:1: a column's name has a control character in it", "is a quote left open?")
        if name.casefold() in seen:
            raise GuardStopped(f"{shown}:1: two columns are named {name!r}", "give each column its own name in the export")
        seen.add(name.casefold())
    return tuple(names)


def parquet_header(path: str, shown: str, engine: DuckEngine) -> Header:
    """Return the header of a Parquet file."""
    from duckdb import Error  # noqa: PLC0415 - only Parquet and JSON need the engine for their header

    try:
        columns = engine.columns(fill("SELECT * FROM read_parquet({path})", path=literal(path)))
    except Error as error:
        raise DataUnreachable(f"{shown} is damaged or no Parquet file", "was it cut off while it was written?") from error
    checked_names(list(columns), shown)
    return Header(tuple(columns), native=tuple(columns.values()))


def json_header(path: str, packing: str, shown: str, engine: DuckEngine) -> Header:
    """Return the keys of a file of JSON lines, in the order in which they first appear."""
    query = fill(
        "SELECT key FROM (SELECT unnest(json_keys(row)) AS key, n FROM (SELECT {row} AS row, row_number() OVER () AS n FROM {lines})) "
        "GROUP BY key ORDER BY min(n), min(key)",
        row=json_row(),
        lines=json_lines(packing, path=literal(path)),
    )
    names = [row[0] for row in engine.run(query)]
    if not names:
        raise GuardStopped(f"{shown} is empty: it has no keys", "was the export cut off?")
    checked_names(names, shown)
    return Header(tuple(names))


def json_lines(packing: str, path: Sql) -> Sql:
    """Return a reader of lines, each one text `line`; a blank line is NULL."""
    template = (
        "read_csv({path}, auto_detect=false, header=false, delim='\\x01', quote='', escape='', nullstr='', "
        "compression={packing}, max_line_size=16777216, columns={{line: 'VARCHAR'}})"
    )
    return fill(template, path=path, packing=literal(packing))


def json_row() -> Sql:
    """Return a line as JSON, NULL where it is no object."""
    return Sql("CASE WHEN starts_with(ltrim(line), '{') THEN TRY_CAST(line AS JSON) END")
