"""Where the cells of a table go: whole and on one line each in a pipe, folded into its width on a terminal, and nothing ever cut off.

On a terminal a table that is too wide gives way in this order: long texts are folded; a heading longer than its values is broken
at `_` or a space; and what still does not fit is told row by row, a line a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

_BETWEEN = 2
_FOLDED = 12
"""Columns that a text keeps at least when it is folded."""
_ENDLESS = 1_000_000
_PIECES = re.compile(r"[^_ ]*[_ ]|[^_ ]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Texts that are safe to show, their headings, and which columns are of numbers (`right`) or never folded (`fixed`)."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()

    def is_fixed(self, column: str) -> bool:
        """Whether a column's cells must stay on a line."""
        return column in self.fixed or column in self.right


def lay_out(sheet: Sheet, width: int | None, *, bold: bool = False) -> list[str]:
    """Return the lines of a table for a terminal of so many columns, or for a pipe (None)."""
    headings = list(sheet.columns)
    if width is not None:
        _break_headings(sheet, headings, width)
        if _needed(sheet, headings) > width:
            return _records(sheet)
    return _table(sheet, headings, width, bold=bold)


def _break_headings(sheet: Sheet, headings: list[str], width: int) -> None:
    """Break headings until the table fits, those first that are longest beside their values."""
    spare = sorted(range(len(headings)), key=lambda place: _widest(sheet, place) - len(headings[place]))
    for place in spare:
        if _needed(sheet, headings) <= width:
            return
        headings[place] = _broken(headings[place], _widest(sheet, place))


def _needed(sheet: Sheet, headings: Sequence[str]) -> int:
    """Return the least width that a table takes without cutting."""
    from rich.cells import cell_len

    widths = []
    for place, heading in enumerate(headings):
        whole = max(_widest(sheet, place), *(cell_len(line) for line in heading.split("\n")))
        widths.append(whole if sheet.is_fixed(sheet.columns[place]) else min(whole, _FOLDED))
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _widest(sheet: Sheet, place: int) -> int:
    from rich.cells import cell_len

    return max((cell_len(row[place]) for row in sheet.rows), default=0)


def _broken(heading: str, widest: int) -> str:
    """Break a heading that is longer than its values into lines, where it has a joint."""
    lines = [""]
    for piece in _PIECES.findall(heading):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > widest:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip(" ") for line in lines)


def _table(sheet: Sheet, headings: Sequence[str], width: int | None, *, bold: bool) -> list[str]:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _BETWEEN - 1, 0, 0), header_style="bold" if bold else "")
    for heading, column in zip(headings, sheet.columns, strict=True):
        right = column in sheet.right
        table.add_column(Text(heading), justify="right" if right else "left", overflow="fold", no_wrap=width is None or sheet.is_fixed(column))
    for row in sheet.rows:
        table.add_row(*_cells(row))
    console = Console(width=width or _ENDLESS, color_system="standard" if bold else None, force_terminal=bold, highlight=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def _cells(row: Sequence[str]) -> list[Text]:
    from rich.text import Text

    return [Text(cell) for cell in row]


def _records(sheet: Sheet) -> list[str]:
    """Tell a table row by row: its first value, then a line for each of the others."""
    widest = max(len(column) for column in sheet.columns)
    lines: list[str] = []
    for row in sheet.rows:
        lines += ["", row[0]] if lines else [row[0]]
        lines += [f"  {column:<{widest}}  {cell}".rstrip() for column, cell in list(zip(sheet.columns, row, strict=True))[1:]]
    return lines
