"""Recency, frequency and monetary value, scored from 1 to 5 as the R package rfm does, and how the shop spreads over them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retention_cli.insight.orders import Orders

BINS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """Who has these two scores: how many, what they paid (shop's currency), and their mean monetary score; None without totals."""

    recency: int
    frequency: int
    customers: int
    revenue: Decimal | None
    monetary: Decimal | None


@dataclass(frozen=True, slots=True)
class Rfm:
    """The cells that have somebody in them, and where the scores are cut: a value from a cut on belongs above it (recency: below)."""

    cells: tuple[Cell, ...]
    recency_cuts: tuple[float, ...]
    frequency_cuts: tuple[float, ...]
    monetary_cuts: tuple[float, ...]

    @property
    def customers(self) -> int:
        """How many have ordered."""
        return sum(cell.customers for cell in self.cells)

    def cell(self, recency: int, frequency: int) -> Cell:
        """Return a cell; nobody may be in it."""
        empty = Cell(recency, frequency, 0, None, None)
        return next((cell for cell in self.cells if (cell.recency, cell.frequency) == (recency, frequency)), empty)


def rfm(orders: Orders) -> Rfm:
    """Return the heat map of everybody who has ordered."""
    today = {"today": orders.moment.today}
    rows = orders.ask("rfm_cells", today, through="rfm_scores")
    cells = tuple(Cell(int(r), int(f), int(n), _money(revenue, orders), _money(score, orders)) for r, f, n, revenue, score in rows)
    cuts = orders.ask("rfm_cuts", today, through="rfm_scores")
    recency, frequency, monetary = cuts[0] if cuts else ((), (), ())
    return Rfm(cells, _cuts(recency), _cuts(frequency), _cuts(monetary))


def _cuts(quantiles: object) -> tuple[float, ...]:
    """Return the cut points of the quantiles: each plus one, which is the package's rule."""
    return tuple(float(value) + 1 for value in quantiles) if isinstance(quantiles, list | tuple) else ()


def _money(value: object, orders: Orders) -> Decimal | None:
    return Decimal(str(value)) if value is not None and orders.has_total else None
