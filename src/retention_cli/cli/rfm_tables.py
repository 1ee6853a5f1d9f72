"""How `analyze rfm` is told: a map of recency (down) by frequency (across), shaded where people are."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.figures import short
from retention_cli.cli.local import MISSING
from retention_cli.cli.told import Table, Told
from retention_cli.insight.rfm import MEASURES

if TYPE_CHECKING:
    from retention_cli.cli.local import Local
    from retention_cli.insight.rfm import Cell, Rfm

_SHADES = "\u2591\u2592\u2593\u2588"
_COLUMNS = ("recency", "frequency", "customers", "revenue", "monetary_score")
_RANGES = ("days since the last order", "orders", "paid")


def rfm_told(found: Rfm, local: Local) -> Told:
    """Tell the heat map, and which values have each score."""
    plain = {"customers": found.customers, "scores": [asdict(each) for each in found.ranges], "cells": [_cell(cell) for cell in found.cells]}
    cells = [tuple(_cell(cell).values()) for cell in found.cells]
    if not found.cells:
        return Told(plain, (), _COLUMNS, cells, said=("nobody has ordered yet",))
    return Told(plain, (_map(found, local), _meanings(found, local)), _COLUMNS, cells)


def _cell(cell: Cell) -> dict[str, Any]:
    return dict(zip(_COLUMNS, (cell.recency, cell.frequency, cell.customers, cell.revenue, cell.monetary), strict=True))


def _map(found: Rfm, local: Local) -> Table:
    scores, most = range(1, found.best + 1), max(cell.customers for cell in found.cells)
    columns = tuple(str(score) for score in scores)
    rows: list[tuple[str, ...]] = []
    for recency in reversed(scores):
        cells = [found.cell(recency, frequency) for frequency in scores]
        rows.append((str(recency), *(f"{_shade(cell.customers, most)} {local.number(cell.customers)}" for cell in cells)))
        rows.append(("", *(short(cell.revenue, local) if cell.customers else "" for cell in cells)))
    title = f"customers, and what they paid: recency down, frequency across; {found.best} is best"
    return Table(("recency", *columns), rows, right=columns, title=title)


def _meanings(found: Rfm, local: Local) -> Table:
    scores = range(found.best, 0, -1)
    rows = [(str(score), *(_range(found, measure, score, local) for measure in MEASURES)) for score in scores]
    return Table(("score", *_RANGES), rows, right=_RANGES)


def _shade(customers: int, most: int) -> str:
    return _SHADES[min(len(_SHADES) - 1, customers * len(_SHADES) // (most + 1))] if customers else " "


def _range(found: Rfm, measure: str, score: int, local: Local) -> str:
    """Return which values have a score."""
    each = found.range(measure, score)
    if each is None:
        return MISSING
    low, high = local.number(each.lowest), local.number(each.highest)
    return low if low == high else f"{low} to {high}"
