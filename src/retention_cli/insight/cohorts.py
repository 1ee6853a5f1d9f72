"""Cohorts by first order: how many of each come back, period by period, and what first and repeat orders are worth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from retention_cli.insight.orders import Orders


class Period(StrEnum):
    """How long a cohort's period is; a week begins on Monday."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cohort in its period number `later`: how many ordered again in it, and what those repeat orders were worth."""

    later: int
    returning: int
    recurring_revenue: Decimal


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order fell into the period that begins at `start`. Periods after as_of are not in `cells`."""

    start: date
    people: int
    first_revenue: Decimal
    cells: tuple[Cell, ...]

    def share(self, cell: Cell) -> float:
        """Return the share of the cohort that ordered again in a period, 0 to 1."""
        return round(cell.returning / self.people, 6)


def cohorts(orders: Orders, period: Period) -> tuple[Cohort, ...]:
    """Return the cohorts, oldest first; each has a cell a period from its own up to the one that as_of is in."""
    rows = orders.ask("cohorts", {"period": str(period)})
    starts = sorted({row[0] for row in rows})
    return tuple(
        _cohort(start, [row[1:] for row in rows if row[0] == start], periods_between(start, orders.moment.today, period)) for start in starts
    )


def _cohort(start: date, rows: Sequence[tuple[int, int, int, Decimal, Decimal]], last: int) -> Cohort:
    found = {later: Cell(int(later), int(returning), Decimal(str(recurring))) for later, _, returning, _, recurring in rows}
    cells = tuple(found.get(later, Cell(later, 0, Decimal(0))) for later in range(last + 1))
    first = sum((Decimal(str(revenue)) for _, _, _, revenue, _ in rows), Decimal(0))
    return Cohort(start, sum(int(people) for _, people, *_ in rows), first, cells)


def periods_between(start: date, day: date, period: Period) -> int:
    """Return how many periods begin after `start`'s and up to `day`."""
    months = (day.year - start.year) * 12 + day.month - start.month
    match period:
        case Period.WEEK:
            return ((day - start).days + start.weekday()) // 7
        case Period.MONTH:
            return months
        case Period.QUARTER:
            return (day.year - start.year) * 4 + (day.month - 1) // 3 - (start.month - 1) // 3
