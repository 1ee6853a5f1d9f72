"""Cadence: gaps between days with a purchase, over everything and by kind; bars on calendar widths; limits that can be pasted."""

from __future__ import annotations

import statistics
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import yaml

from compile.shop import Given
from insight.shop import bought, orders
from retention_cli.errors import UsageError
from retention_cli.insight.cadence import Bin, Rhythm, cadence, histogram, suggestion

if TYPE_CHECKING:
    from pathlib import Path

DAYS = {"weekly": [1, 8, 15, 22], "monthly": [1, 31, 61], "once": [5], "twice": [2, 102]}


def january(day: int) -> str:
    from datetime import date, timedelta  # noqa: PLC0415 - only here

    return str(date(2025, 12, 31) + timedelta(days=day))


def test_gaps_of_those_who_came_back(tmp_path: Path) -> None:
    rows = [(name, f"{january(day)}T10:00", 5.0) for name, days in DAYS.items() for day in days]
    rows.append(("once", f"{january(5)}T18:00", 5.0))
    with orders(tmp_path, bought(*rows)) as opened:
        found = cadence(opened, None)
    gaps = [float(later - day) for days in DAYS.values() for day, later in pairwise(days)]
    assert found.everything is not None
    assert (found.everything.gaps, found.everything.people) == (len(gaps), 3), "two orders of one day are one purchase"
    cuts = statistics.quantiles(gaps, n=100, method="inclusive")
    assert found.everything.percentiles == pytest.approx([cuts[percentile - 1] for percentile in (10, 25, 50, 75, 90)])
    assert sum(each.gaps for each in found.bins) == len(gaps)
    assert found.kinds == ()


def lines() -> Given:
    """Return a shop where coffee is bought each ten days, and a grinder twice in a hundred."""
    products = [{"product_id": "p1", "category": "coffee"}, {"product_id": "p2", "category": "grinder"}, {"product_id": "p3"}]
    placed = [(day, "p1") for day in (1, 11, 21, 31)] + [(1, "p2"), (101, "p2"), (1, "p3"), (21, "p3")]
    given = bought(*[("a", f"{january(day)}T10:00", 5.0) for day, _ in placed])
    items = [{"order_id": str(n), "product_id": product} for n, (_, product) in enumerate(placed)]
    return {**given, "products": products, "order_items": items}


def test_each_category_has_its_own(tmp_path: Path) -> None:
    with orders(tmp_path, lines()) as opened:
        assert opened.has("category")
        found = cadence(opened, "category")
        by_order = cadence(opened, "coupon")
    assert [(each.kind, each.gaps, each.people, each.at(50)) for each in found.kinds] == [("coffee", 3, 1, 10.0), ("grinder", 1, 1, 100.0)]
    assert found.everything is not None
    assert found.everything.gaps == 4
    assert by_order.kinds == (), "a column of the orders themselves may stand for a kind; here none has a value"


def test_an_unknown_column_is_told(tmp_path: Path) -> None:
    with orders(tmp_path, lines()) as opened, pytest.raises(UsageError) as raised:
        cadence(opened, "categry")
    assert "did you mean 'category'" in raised.value.hint


def test_nobody_came_back(tmp_path: Path) -> None:
    with orders(tmp_path, bought(("a", "2026-01-01", 1.0))) as opened:
        found = cadence(opened, None)
    assert (found.everything, found.bins) == (None, ())


def test_bars_have_a_width_that_a_calendar_knows() -> None:
    assert histogram([]) == ()
    assert histogram([(1, 5)]) == (Bin(0, 1, 0), Bin(1, 2, 5))
    found = histogram([(gap, 1) for gap in range(1, 101)])
    assert (found[0], found[1], found[-1]) == (Bin(0, 10, 9), Bin(10, 20, 10), Bin(100, 110, 1))
    assert len(histogram([(7, 95), (4000, 5)])) == 12
    assert histogram([(7, 95), (4000, 5)])[-1] == Bin(11, None, 5)
    assert sum(each.gaps for each in histogram([(3000, 2), (9000, 1)])) == 3


def test_the_suggestion_is_a_group_without_gap_or_overlap() -> None:
    """Whole days, each limit behind the one before, whatever the percentiles are."""
    for p75, p90, limits in ((41.2, 90.0, (42, 90)), (0.4, 0.6, (1, 2)), (30.0, 30.0, (30, 31))):
        group = yaml.safe_load(suggestion(Rhythm("everything", 10, 5, (1.0, 2.0, 3.0, p75, p90))))
        soon, late = (f"{days} days" for days in limits)
        assert group["divisions"] == {
            "active": {"last_order_at": {"within": soon}},
            "late": {"last_order_at": {"older_than": soon, "within": late}},
            "asleep": {"last_order_at": {"older_than": late}},
        }
        assert (group["name"], group["otherwise"]) == ("rhythm", "never_ordered")
