"""stdout is data, stderr is talk. Tables for people, JSON for programs; nothing from the data reaches a terminal raw."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

_WIDE = 400
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MISSING = "\u2013"


def say(text: str) -> None:
    """Say something to the person at the terminal, or to cron's log: one line, on stderr."""
    print(visible(text), file=sys.stderr)


def show(text: str) -> None:
    """Print data as it is: SQL, a schema, a message's text."""
    print(text)


def show_json(value: Any) -> None:
    """Print one JSON value."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def show_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a CSV with a header; a cell that a spreadsheet would take for a formula gets an apostrophe."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)


def harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return _plain(cell) if isinstance(cell, datetime | date) else cell


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = (), zone: ZoneInfo | None = None) -> None:
    """Print a table; columns named in `right` are numbers, times are told in `zone` (UTC, if left out)."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell_text(cell, zone)) for cell in row))
    console = Console(soft_wrap=False) if sys.stdout.isatty() else Console(width=_WIDE, no_color=True)
    console.print(table)


def cell_text(cell: Any, zone: ZoneInfo | None = None) -> str:
    """Return a cell for people: a dash for what is missing, thousands apart, times to the minute on the clock of `zone`."""
    if cell is None:
        return _MISSING
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=UTC)).astimezone(zone or UTC).strftime("%Y-%m-%d %H:%M")
    return visible(cell)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
