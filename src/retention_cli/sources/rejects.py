"""Rows that were set aside: `rejects.csv` beside the snapshot, with file, line, column and reason.

A row's line is known without a second look where every row of its file is one line; else the file is read once more, up
to its last bad row. The list is made to be opened in a spreadsheet, so no cell of it can become a formula.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.model.source import ColumnType
from retention_cli.text import visible

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout, Planned
    from retention_cli.sources.staging import Staged

HEADER = ("file", "line", "column", "reason", "value")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_REASONS = {
    ColumnType.INTEGER: "not a whole number",
    ColumnType.DECIMAL: "not a number",
    ColumnType.BOOLEAN: "not true or false",
    ColumnType.DATE: "not a date like 2026-12-31",
    ColumnType.TIME: "not a time like 2026-12-31T09:30",
}


@dataclass(frozen=True, slots=True)
class Reject:
    """One bad row. `line` counts from 1 (in Parquet: the row); 0 where it could not be told."""

    file: str
    line: int
    column: str
    reason: str
    value: str = ""

    def __str__(self) -> str:
        where = f"{self.column}: " if self.column else ""
        return f"{visible(self.file)}:{self.line}: {visible(where)}{self.reason}"


def collect_rejects(engine: DuckEngine, layout: Layout, staged: Staged) -> list[Reject]:
    """Return every row that was set aside, by file and line."""
    found = [(bad.file, Reject(staged.exports[bad.file].file.shown, bad.line, "", _lines(bad.reason, bad.span))) for bad in staged.bad_lines]
    rows = engine.run("SELECT file, rowid, bad FROM raw WHERE bad IS NOT NULL ORDER BY rowid")
    places: dict[int, list[int]] = {}
    for file, place, _ in rows:
        places.setdefault(file, []).append(place - staged.first[file])
    lines = {(file, place): line for file, wanted in places.items() for place, line in zip(wanted, _line_numbers(staged, file, wanted), strict=True)}
    for file, place, bad in rows:
        found.append((file, _reject(staged.exports[file], lines[file, place - staged.first[file]], bad, layout.columns)))
    return [reject for _, reject in sorted(found, key=lambda pair: (pair[0], pair[1].line))]


def _lines(reason: str, span: int) -> str:
    return reason if span == 1 else f"{reason} ({span:,} lines)"


def _reject(export: Export, line: int, bad: str, columns: Sequence[Planned]) -> Reject:
    number, misfit, value = bad.partition(":")
    column = columns[int(number)]
    reason = _REASONS.get(column.type or ColumnType.TEXT, "does not fit") if misfit else "missing"
    return Reject(export.file.shown, line, column.origin, reason, value)


def _line_numbers(staged: Staged, file: int, places: Sequence[int]) -> list[int]:
    """Return the lines of a file's rows, given their places among its good lines (ascending)."""
    export = staged.exports[file]
    if export.facts.kind == "parquet":
        return [place + 1 for place in places]
    if file not in staged.exact:
        return list(_lines_by_reading(export, places))
    refused = sorted((bad.line, bad.span) for bad in staged.bad_lines if bad.file == file)
    lines, skipped = [], 0
    for place in places:
        while skipped < len(refused) and refused[skipped][0] <= _line_after(place, refused[:skipped]):
            skipped += 1
        lines.append(_line_after(place, refused[:skipped]))
    return lines


def _line_after(place: int, refused: Sequence[tuple[int, int]]) -> int:
    return 2 + place + sum(span for _, span in refused)


def _lines_by_reading(export: Export, places: Sequence[int]) -> Iterator[int]:
    wanted = iter(places)
    target = next(wanted, None)
    with export.open() as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        records = _records(csv.reader(text, delimiter=export.header.delimiter or ","), len(export.header.names))
        for place, line in enumerate(records):
            if place == target:
                yield line
                target = next(wanted, None)
            if target is None:
                return
    while target is not None:
        yield 0
        target = next(wanted, None)


def _records(reader: Reader, width: int) -> Iterator[int]:
    """Return the first line of every record of the right width, the header left out."""
    before = 0
    try:
        for number, record in enumerate(reader):
            if number and (len(record) == width or (width == 1 and not record)):
                yield before + 1
            before = reader.line_num
    except csv.Error:
        return


def safe_cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula, on one line."""
    text = visible(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Write the list."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows([safe_cell(cell) for cell in (r.file, r.line, r.column, r.reason, r.value)] for r in rejects)


def read_rejects(path: Path, limit: int | None = None) -> list[Reject]:
    """Read the list back, the first `limit` of it; the marks against formulas stay."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows, None)
        picked = (row for number, row in enumerate(rows) if limit is None or number < limit)
        return [Reject(row[0], int(row[1]), row[2], row[3], row[4]) for row in picked]
