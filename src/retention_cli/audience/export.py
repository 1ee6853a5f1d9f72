"""Members in a file: CSV, Parquet or Excel. A file is there whole or not at all, and is its owner's alone.

In CSV a text that a spreadsheet would run gets an apostrophe, unless it is to be raw; in .xlsx every text is written as
text, which nothing runs; Parquet keeps values as they are. Times are UTC, but on the shop's clock in .xlsx, which knows no zone.
"""

from __future__ import annotations

import csv
import os
import secrets
import shutil
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from retention_cli.audience.cells import BETWEEN, cell, harmless
from retention_cli.compile import sql
from retention_cli.errors import MissingExtra, UsageError
from retention_cli.sources.atomic import sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from retention_cli.engine.duck import DuckEngine

Rows = list[tuple[Any, ...]]

KINDS = (".csv", ".parquet", ".xlsx")
_MOST_ROWS, _LONGEST = 1_048_576, 32_767
"""What a sheet and a cell of .xlsx hold (Excel specifications and limits)."""
_EXACT = 15
"""Digits that a number of .xlsx keeps; a longer one is written as text."""


def demand_kind(path: Path) -> None:
    """Raise UsageError for a name that ends like no kind of file that is written here."""
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"{path.suffix or path.name!r} is no kind of file that is written", f"end the name with {', '.join(KINDS)}")


def write_csv(file: TextIO, columns: Sequence[str], batches: Iterable[Rows], *, raw: bool = False) -> int:
    """Write a header and all rows; return how many ids got an apostrophe, and so are not what they were."""
    told, changed = cell if raw else harmless, 0
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for rows in batches:
        written = [[told(value) for value in row] for row in rows]
        changed += sum(row[0] != after[0] for row, after in zip(rows, written, strict=True))
        writer.writerows(written)
    return changed


def write_parquet(engine: DuckEngine, query: sql.Query, path: Path) -> None:
    """Write the rows of a query as they are; times are UTC without an offset, as in the snapshots."""
    with _aside(path) as aside:
        engine.execute(sql.copied_to(str(aside), query), query.values)


def write_csv_file(path: Path, columns: Sequence[str], batches: Iterable[Rows], *, raw: bool = False) -> int:
    """Write a CSV file; return what `write_csv` does."""
    with _aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        return write_csv(file, columns, batches, raw=raw)


def write_xlsx(path: Path, columns: Sequence[str], batches: Iterable[Rows], zone: ZoneInfo, as_of: datetime) -> None:
    """Write a workbook of one sheet. Raises MissingExtra, and UsageError where it does not fit."""
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingExtra("xlsx", "an .xlsx file") from None
    settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with _aside(path) as aside, xlsxwriter.Workbook(str(aside), settings) as book:
        book.set_properties({"created": as_of.astimezone(UTC).replace(tzinfo=None)})
        sheet = book.add_worksheet("segment")
        formats = {"time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), "date": book.add_format({"num_format": "yyyy-mm-dd"})}
        formats["text"] = book.add_format({"quote_prefix": True})
        formats["head"] = book.add_format({"bold": True, "quote_prefix": True})
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, formats["head"])
        _fill(_Sheet(sheet, formats, columns, zone), batches)
        sheet.freeze_panes(1, 0)


def _fill(sheet: _Sheet, batches: Iterable[Rows]) -> None:
    number = 0
    for rows in batches:
        for row in rows:
            number += 1
            if number >= _MOST_ROWS:
                raise UsageError(f"a sheet of .xlsx holds {_MOST_ROWS - 1:,} members, and there are more", "write .csv or .parquet")
            for place, value in enumerate(row):
                sheet.put(number, place, value)


class _Sheet:
    """A sheet that takes values by their type; a text is always a text."""

    def __init__(self, sheet: Any, formats: dict[str, Any], columns: Sequence[str], zone: ZoneInfo) -> None:
        self._sheet, self._formats, self._columns, self._zone = sheet, formats, columns, zone

    def put(self, row: int, place: int, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                self._sheet.write_boolean(row, place, value)
            case int() | float() | Decimal() if _fits(value):
                self._sheet.write_number(row, place, value)
            case datetime():
                local = value.replace(tzinfo=UTC).astimezone(self._zone).replace(tzinfo=None)
                self._dated(row, place, local, "time")
            case date():
                self._dated(row, place, value, "date")
            case _:
                self._text(row, place, BETWEEN.join(map(str, value)) if isinstance(value, list) else str(value))

    def _dated(self, row: int, place: int, value: date, kind: str) -> None:
        if value.year < 1900:  # noqa: PLR2004 - the first year that a sheet knows
            self._text(row, place, value.isoformat())
        else:
            self._sheet.write_datetime(row, place, value, self._formats[kind])

    def _text(self, row: int, place: int, text: str) -> None:
        if len(text) > _LONGEST:
            raise UsageError(
                f"{self._columns[place]} has a text of {len(text):,} characters, and a cell holds {_LONGEST:,}", "write .csv or .parquet"
            )
        self._sheet.write_string(row, place, text, self._formats["text"])


def _fits(value: float | Decimal) -> bool:
    """Whether a sheet's number is exactly this one."""
    exact = Decimal(str(value))
    return exact.is_finite() and len(exact.normalize().as_tuple().digits) <= _EXACT


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Give a place for a file that becomes `path` at the end, in a private folder beside it; nothing of it stays after a failure."""
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "make it first")
    folder = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    folder.mkdir(mode=0o700)
    try:
        yield folder / path.name
        (folder / path.name).chmod(0o600)
        sync(folder / path.name)
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
