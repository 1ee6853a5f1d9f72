"""An answer in all its forms: tables for people, one JSON value for programs, one CSV for spreadsheets.

A command makes a `Told` and `tell` prints it; so every table has its JSON and its CSV, and no command prints by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show, show_csv, show_json, show_lines, show_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.cli.local import Local
    from retention_cli.model.unit import Unit

Cells = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people. Cells are texts, already written by the shop's locale; `right` are columns of numbers, `kept` are never folded."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    right: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a command found. `lines` stand before the tables, `said` are remarks for stderr; `columns` and `rows` are the CSV, with plain values."""

    json: Any
    tables: tuple[Table, ...]
    columns: Sequence[str] = ()
    rows: Cells = ()
    said: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def tell(told: Told, format_: TableFormat, *, one_line: bool = False) -> None:
    """Print an answer in the form that was asked for; `one_line` keeps a JSON value on a line, where several follow each other."""
    if format_ is TableFormat.JSON:
        show_json(told.json, indent=None if one_line else 2)
        return
    if format_ is TableFormat.CSV:
        show_csv(told.columns, told.rows)
        return
    show_lines(told.lines)
    for number, table in enumerate(told.tables):
        if number:
            show("")
        if table.title:
            show(table.title)
        show_texts(table.columns, table.rows, right=table.right, kept=table.kept)
    for remark in told.said:
        say(remark)


def values_table(columns: Sequence[str], rows: Cells, units: Mapping[str, Unit], local: Local) -> Table:
    """Return a table of values as the shop's people write them; numbers stand right, and neither they nor times are folded."""
    from retention_cli.model.unit import Unit

    cells = [[local.cell(value, units.get(column, Unit.NONE)) for column, value in zip(columns, row, strict=True)] for row in rows]
    numbers = tuple(column for place, column in enumerate(columns) if any(_is_number(row[place]) for row in rows))
    times = tuple(column for place, column in enumerate(columns) if any(isinstance(row[place], date) for row in rows))
    return Table(tuple(columns), cells, right=numbers, kept=(columns[0], *times))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
