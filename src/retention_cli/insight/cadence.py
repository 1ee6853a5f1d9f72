"""The shop's rhythm: how long people wait between purchases, over everything and by what they buy, and the limits it suggests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.insight.orders import Orders

PERCENTILES = (10, 25, 50, 75, 90)
CATEGORY = "category"
_BARS = 12
_WIDTHS = (1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The gaps, in days, of one kind of purchase: how many, of how many people, and their percentiles (days, with fractions)."""

    kind: str
    gaps: int
    people: int
    percentiles: tuple[float, ...]

    def at(self, percentile: int) -> float:
        """Return one of `PERCENTILES`, in days."""
        return self.percentiles[PERCENTILES.index(percentile)]


@dataclass(frozen=True, slots=True)
class Bin:
    """How many gaps last at least `low` and less than `high` days (None: any longer)."""

    low: int
    high: int | None
    gaps: int


@dataclass(frozen=True, slots=True)
class Cadence:
    """The rhythm over everything (None: nobody bought twice), by kind, and a histogram."""

    everything: Rhythm | None
    by: str | None
    kinds: tuple[Rhythm, ...]
    bins: tuple[Bin, ...]


def cadence(orders: Orders, by: str | None) -> Cadence:
    """Return the shop's rhythm; `by` is a column of orders or of their lines, None for none."""
    everything = _rhythms(orders.ask("gap_percentiles"))
    kinds = _rhythms(orders.ask("gap_percentiles", by=by)) if by is not None else []
    counts = [(int(gap), int(times)) for gap, times in orders.ask("gap_counts")]
    return Cadence(everything[0] if everything else None, by, tuple(kinds), histogram(counts))


def _rhythms(rows: Sequence[tuple[object, ...]]) -> list[Rhythm]:
    return [Rhythm(str(kind), int(str(gaps)), int(str(people)), tuple(float(str(day)) for day in days)) for kind, gaps, people, *days in rows]


def histogram(counts: Sequence[tuple[int, int]]) -> tuple[Bin, ...]:
    """Return bins of one width that a calendar knows, up to where nineteen of twenty gaps end, and one for all that is longer.

    `counts` are (days, how often), by days.
    """
    total = sum(times for _, times in counts)
    if not total:
        return ()
    width = _width(_nineteen_of_twenty(counts, total))
    edges = [width * n for n in range(_BARS)]
    closed = [Bin(low, high, sum(times for gap, times in counts if low <= gap < high)) for low, high in pairwise(edges)]
    last = Bin(edges[-1], None, sum(times for gap, times in counts if gap >= edges[-1]))
    bins = [*closed, last]
    while len(bins) > 1 and not bins[-1].gaps:
        bins.pop()
    return tuple(bins)


def _nineteen_of_twenty(counts: Sequence[tuple[int, int]], total: int) -> int:
    seen = 0
    for gap, times in counts:
        seen += times
        if seen * 20 >= total * 19:
            return gap
    return counts[-1][0]


def _width(longest: int) -> int:
    needed = (longest + 1) / (_BARS - 1)
    return next((width for width in _WIDTHS if width >= needed), math.ceil(needed))


def suggestion(rhythm: Rhythm) -> str:
    """Return a group to paste into groups/rhythm.yml: who is within three quarters of all gaps, within nine of ten, or beyond."""
    soon = max(1, math.ceil(rhythm.at(75)))
    late = max(soon + 1, math.ceil(rhythm.at(90)))
    return f"""\
# groups/rhythm.yml
name: rhythm
description: Where customers stand in the shop's rhythm
divisions:
  active: {{last_order_at: {{within: {soon} days}}}}        # 75 % of gaps are no longer
  late: {{last_order_at: {{older_than: {soon} days, within: {late} days}}}}
  asleep: {{last_order_at: {{older_than: {late} days}}}}    # 90 % of gaps are shorter
otherwise: never_ordered
"""
