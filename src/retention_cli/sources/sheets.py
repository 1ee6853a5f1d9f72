"""A sheet of an Excel file as rows of text: numbers exact, dates as 2026-12-31, true and false."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from retention_cli.errors import DataUnreachable, GuardStopped, MissingExtra
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE_BELOW = 1e15


def sheet_rows(path: str, shown: str, sheet: str | None) -> Iterator[list[str]]:
    """Return the rows of a sheet (None: the first), the header first; raises MissingExtra, DataUnreachable or GuardStopped."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("xlsx", f"reading {shown}") from error
    try:
        book = CalamineWorkbook.from_path(path)
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise GuardStopped(f"{shown} has no sheet {sheet!r}", did_you_mean(sheet, names))
        rows = book.get_sheet_by_name(sheet if sheet is not None else names[0]).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise DataUnreachable(f"{shown} is a damaged Excel file", "export it anew") from error
    yield from _trimmed([[cell_text(cell) for cell in row] for row in rows])


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows without the empty ones around them and without empty columns on the right."""
    while rows and not any(rows[-1]):
        rows.pop()
    while rows and not any(rows[0]):
        rows.pop(0)
    width = max((n + 1 for row in rows for n, cell in enumerate(row) if cell), default=0)
    return [row[:width] for row in rows if any(row)]


def cell_text(cell: Any) -> str:
    """Return a cell as an export would write it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE_BELOW else repr(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell.total_seconds())
        case _:
            return str(cell)
