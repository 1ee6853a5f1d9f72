"""How `analyze rfm` is shown: a map of recency (down) by frequency (across), shaded where people are."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.figures import MISSING, short
from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show_csv, show_json, show_table
from retention_cli.cli.output import show as show_text
from retention_cli.insight.rfm import MEASURES

if TYPE_CHECKING:
    from retention_cli.insight.rfm import Cell, Rfm

_SHADES = "\u2591\u2592\u2593\u2588"
_COLUMNS = ("recency", "frequency", "customers", "revenue", "monetary_score")
_RANGES = ("days since the last order", "orders", "paid")


def show(found: Rfm, format_: TableFormat) -> None:
    """Show the heat map."""
    if format_ is TableFormat.JSON:
        show_json({"customers": found.customers, "scores": [asdict(each) for each in found.ranges], "cells": [_cell(cell) for cell in found.cells]})
    elif format_ is TableFormat.CSV:
        show_csv(_COLUMNS, [tuple(_cell(cell).values()) for cell in found.cells])
    elif not found.cells:
        say("nobody has ordered yet")
    else:
        _show_text(found)


def _cell(cell: Cell) -> dict[str, Any]:
    return dict(zip(_COLUMNS, (cell.recency, cell.frequency, cell.customers, cell.revenue, cell.monetary), strict=True))


def _show_text(found: Rfm) -> None:
    scores, most = range(1, found.best + 1), max(cell.customers for cell in found.cells)
    columns = tuple(str(score) for score in scores)
    rows: list[tuple[str, ...]] = []
    for recency in reversed(scores):
        cells = [found.cell(recency, frequency) for frequency in scores]
        rows.append((str(recency), *(f"{_shade(cell.customers, most)} {cell.customers:,}" for cell in cells)))
        rows.append(("", *(short(cell.revenue) if cell.customers else "" for cell in cells)))
    show_text(f"customers, and what they paid: recency down, frequency across; {found.best} is best")
    show_table(("recency", *columns), rows, right=columns)
    show_text("")
    meanings = [(str(score), *(_range(found, measure, score) for measure in MEASURES)) for score in reversed(scores)]
    show_table(("score", *_RANGES), meanings, right=_RANGES)


def _shade(customers: int, most: int) -> str:
    return _SHADES[min(len(_SHADES) - 1, customers * len(_SHADES) // (most + 1))] if customers else " "


def _range(found: Rfm, measure: str, score: int) -> str:
    """Return which values have a score."""
    each = found.range(measure, score)
    if each is None:
        return MISSING
    low, high = _number(each.lowest), _number(each.highest)
    return low if low == high else f"{low} to {high}"


def _number(value: float) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
