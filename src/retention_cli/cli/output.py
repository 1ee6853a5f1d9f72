"""stdout is data, stderr is talk. Tables for people, JSON for programs; nothing from the data reaches a terminal raw."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from retention_cli.audience.cells import harmless, plain
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

_MISSING = "\u2013"


def say(text: str) -> None:
    """Say something to the person at the terminal, or to cron's log: one line, on stderr."""
    print(visible(text), file=sys.stderr)


def show(text: str) -> None:
    """Print data as it is: SQL, a schema, a message's text."""
    print(text)


def show_lines(lines: Iterable[str]) -> None:
    """Print lines that are safe to show; on a terminal a long one goes on below its own beginning."""
    wide = width()
    for line in lines:
        for part in [line] if wide is None or len(line) <= wide else _folded(line, wide):
            print(part)


def _folded(line: str, width: int) -> list[str]:
    if "\x1b" in line:
        return [line]  # a heading in bold: it was laid out to fit
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return [part.rstrip() for part in textwrap.wrap(line, width, subsequent_indent=indent, drop_whitespace=False, replace_whitespace=False)]


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """Print one JSON value."""
    print(json.dumps(value, ensure_ascii=False, indent=indent, default=plain))


def show_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a CSV with a header; a cell that a spreadsheet would take for a formula gets an apostrophe."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)


def show_texts(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = (), kept: Sequence[str] = ()) -> None:
    """Print a table of texts that are safe to show; on a terminal long ones are folded, but those of `right` and `kept`, elsewhere none is."""
    from retention_cli.cli.layout import Sheet, lay_out

    safe = [visible(column) for column in columns]
    sheet = Sheet(safe, list(rows), frozenset(map(visible, right)), frozenset(map(visible, kept)))
    wide = width()
    lines = lay_out(sheet, wide, bold=wide is not None and not os.environ.get("NO_COLOR"))
    show_lines(lines)


def width() -> int | None:
    """Return how wide the terminal is, None where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


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


def can_draw() -> bool:
    """Whether stdout can write lines and boxes; a pipe of ASCII cannot."""
    try:
        "\u2502\u25c6".encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
