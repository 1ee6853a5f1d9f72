"""Rows that were set aside: `rejects.csv` beside the snapshot, with file, line, column and reason.

A row's line is known without a second look where every row of its file is one line; else the file is read once more, up
to its last bad row. The list is made to be opened in a spreadsheet, so no cell of it can become a formula.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.model.source import ColumnType
from retention_cli.sources.dress import strictly
from retention_cli.sources.reading import NO_OBJECT
from retention_cli.text import visible

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout, Planned
    from retention_cli.sources.staging import BadLine, Staged

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
    rows = engine.run("SELECT file, rowid, bad FROM raw WHERE bad IS NOT NULL AND bad <> '-' ORDER BY rowid")
    found: list[Reject] = []
    for number in sorted({bad.file for bad in staged.bad_lines} | {file for file, _, _ in rows}):
        refused = [bad for bad in staged.bad_lines if bad.file == number]
        bad_rows = [(place - staged.first[number], bad) for file, place, bad in rows if file == number]
        found += sorted(_of_file(staged, number, refused, bad_rows, layout), key=lambda reject: reject.line)
    return found


def _of_file(staged: Staged, number: int, refused: Sequence[BadLine], bad_rows: Sequence[tuple[int, str]], layout: Layout) -> Iterator[Reject]:
    export = staged.exports[number]
    lines = _Lines([bad.line for bad in refused], None)
    if not export.is_numbered and export.facts.kind == "csv" and number not in staged.exact:
        lines = _lines_by_reading(export, staged, number) or lines
    for whole, line in zip(refused, lines.refused, strict=True):
        yield Reject(export.file.shown, line, "", whole.reason if whole.span == 1 else f"{whole.reason} ({whole.span:,} lines)")
    places = [place for place, _ in bad_rows]
    good = _numbers(export, places, exact=number in staged.exact) or lines.of_rows(places)
    for line, (_, bad) in zip(good, bad_rows, strict=True):
        yield _reject(export, line, bad, layout.columns)


def _numbers(export: Export, places: Sequence[int], *, exact: bool) -> list[int]:
    """Return the rows of Parquet and the lines of JSON, given their places, ascending; nothing for other files."""
    if export.facts.kind == "json" and not exact:
        written = [number for number, line in enumerate(export.lines(), start=1) if line.strip()]
        return [written[place] for place in places]
    return [place + 1 for place in places] if export.facts.kind in ("parquet", "json") else []


def _reject(export: Export, line: int, bad: str, columns: Sequence[Planned]) -> Reject:
    number, misfit, value = bad.partition(":")
    if number == NO_OBJECT:
        return Reject(export.file.shown, line, "", "no JSON object", value)
    column = columns[int(number)]
    reason = _REASONS.get(column.type or ColumnType.TEXT, "does not fit") if misfit else "missing"
    return Reject(export.file.shown, line, column.origin, reason, value)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a file's refused records, and those of its rows (None: every record is one line)."""

    refused: Sequence[int]
    rows: Sequence[int] | None

    def of_rows(self, places: Sequence[int]) -> list[int]:
        """Return the lines of rows, given their places among the file's rows, ascending."""
        if self.rows is not None:
            return [self.rows[place] for place in places]
        found, skipped = [], 0
        for place in places:
            while skipped < len(self.refused) and self.refused[skipped] <= 2 + place + skipped:
                skipped += 1
            found.append(2 + place + skipped)
        return found


def _lines_by_reading(export: Export, staged: Staged, number: int) -> _Lines | None:
    """Read the file once more, slowly; None where it cannot be told which record is which."""
    rows: list[int] = []
    refused: list[int] = []
    texts = (line.decode("utf-8").removeprefix("\ufeff" if n == 0 else "") for n, line in enumerate(export.lines()))
    for line, is_row in _records(strictly(texts, export.header.csv), len(export.header.names)):
        (rows if is_row else refused).append(line)
    known = sum(1 for bad in staged.bad_lines if bad.file == number)
    return _Lines(refused, rows) if len(rows) == staged.rows.get(number, 0) and len(refused) == known else None


def _records(reader: Reader, width: int) -> Iterator[tuple[int, bool]]:
    """Return the first line of every record after the header, and whether it has the right width; blank lines are none."""
    before = 0
    while True:
        try:
            record = next(reader)
            is_row = len(record) == width or (width == 1 and not record)
        except StopIteration:
            return
        except csv.Error:
            record, is_row = [""], False
        if before and (record or is_row):
            yield before + 1, is_row
        before = reader.line_num


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
