"""How `analyze rfm` is shown: a map of recency (down) by frequency (across), shaded where people are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.figures import short
from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show_csv, show_json, show_table
from retention_cli.cli.output import show as show_text
from retention_cli.insight.rfm import BINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.insight.rfm import Cell, Rfm

_SHADES = "\u2591\u2592\u2593\u2588"
_COLUMNS = ("recency", "frequency", "customers", "revenue", "monetary_score")


def show(found: Rfm, format_: TableFormat) -> None:
    """Show the heat map."""
    if format_ is TableFormat.JSON:
        show_json(_json(found))
    elif format_ is TableFormat.CSV:
        show_csv(_COLUMNS, [tuple(_cell(cell).values()) for cell in found.cells])
    elif not found.cells:
        say("nobody has ordered yet")
    else:
        _show_text(found)


def _json(found: Rfm) -> dict[str, Any]:
    cuts = {"recency": found.recency_cuts, "frequency": found.frequency_cuts, "monetary": found.monetary_cuts}
    return {"customers": found.customers, "cuts": cuts, "cells": [_cell(cell) for cell in found.cells]}


def _cell(cell: Cell) -> dict[str, Any]:
    return dict(zip(_COLUMNS, (cell.recency, cell.frequency, cell.customers, cell.revenue, cell.monetary), strict=True))


def _show_text(found: Rfm) -> None:
    scores, most = range(1, BINS + 1), max(cell.customers for cell in found.cells)
    columns = tuple(str(score) for score in scores)
    rows: list[tuple[str, ...]] = []
    for recency in reversed(scores):
        cells = [found.cell(recency, frequency) for frequency in scores]
        rows.append((str(recency), *(f"{_shade(cell.customers, most)} {cell.customers:,}" for cell in cells)))
        rows.append(("", *(short(cell.revenue) if cell.customers else "" for cell in cells)))
    show_text("customers, and what they paid: recency down, frequency across; 5 is best")
    show_table(("recency", *columns), rows, right=columns)
    show_text("")
    cuts = [(score, *(_range(each, score, down=n == 0) for n, each in enumerate(_cuts(found)))) for score in reversed(scores)]
    show_table(("score", "days since the last order", "orders", "paid"), cuts, right=("days since the last order", "orders", "paid"))


def _shade(customers: int, most: int) -> str:
    return _SHADES[min(len(_SHADES) - 1, customers * len(_SHADES) // (most + 1))] if customers else " "


def _cuts(found: Rfm) -> tuple[tuple[float, ...], ...]:
    return found.recency_cuts, found.frequency_cuts, found.monetary_cuts


def _range(cuts: Sequence[float], score: int, *, down: bool) -> str:
    """Return which values get a score: from a cut on, up to the next; `down`: few are best."""
    if not cuts:
        return ""
    place = BINS - score if down else score - 1
    low, high = (cuts[place - 1] if place else None), (cuts[place] if place < len(cuts) else None)
    if low is None or high is None:
        return f"under {_number(high or 0)}" if low is None else f"{_number(low)} or more"
    return "\u2013" if low == high else f"{_number(low)} to under {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
