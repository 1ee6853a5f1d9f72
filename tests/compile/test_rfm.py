"""Scores as the R package rfm gives them, on its own data: the whole of it where it lies beside the repository, else a sample."""

from __future__ import annotations

import csv
import os
from datetime import date
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compile.shop import fill, open_shop
from retention_cli.compile.segments import members_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import Everyone

if TYPE_CHECKING:
    from collections.abc import Iterator

ANALYSED = date(2006, 12, 31)
SAMPLE = Path(__file__).parent / "data" / "rfm_orders_sample.csv"
SHARED = Path(os.environ.get("RETENTION_DATA") or Path(__file__).parents[3] / "shared" / "data") / "rfm_r" / "rfm_data_orders.csv"
FILES = [SAMPLE, *([SHARED] if SHARED.is_file() else [])]

PUBLISHED = {
    "Abbey O'Reilly": (205, 6, 472, 3, 4, 3),
    "Add Senger": (140, 3, 340, 4, 1, 2),
    "Aden Lesch": (194, 4, 405, 3, 2, 3),
    "Agness O'Keefe": (90, 9, 843, 5, 5, 5),
    "Aileen Barton": (84, 9, 763, 5, 5, 5),
    "Ailene Hermann": (281, 8, 699, 3, 5, 5),
    "Aiyanna Bruen": (246, 4, 157, 3, 2, 1),
    "Ala Schmidt": (349, 3, 363, 2, 1, 2),
    "Alannah Borer": (619, 4, 196, 1, 2, 1),
}
"""Days, orders, revenue and the three scores of some customers, as the package's own pages print them for the whole data."""

Scores = dict[str, tuple[int, int, int]]


def orders(file: Path) -> list[tuple[str, date, int]]:
    """Return the orders: who, when, for how much."""
    with file.open(encoding="utf-8", newline="") as opened:
        return [(row["customer_id"], date.fromisoformat(row["order_date"]), int(row["revenue"])) for row in csv.DictReader(opened)]


def quantile(values: list[int], share: Fraction) -> Fraction:
    """Return R's quantile of type 7: h = (n - 1) p + 1, between the values on both sides."""
    ranked = sorted(values)
    at = (len(ranked) - 1) * share
    low = floor(at)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (at - low) * (ranked[high] - ranked[low])


def bins(values: dict[str, int], *, low_is_best: bool = False) -> dict[str, int]:
    """Return the number of the bin of each value, or its mirror image: bins are closed below and open above."""
    cuts = [quantile(list(values.values()), Fraction(n, 5)) + 1 for n in range(1, 5)]
    found = {}
    for who, value in values.items():
        lower = [Fraction(min(values.values())), *cuts]
        upper = [*cuts, Fraction(max(values.values()) + 1)]
        number = next(n for n in range(5, 0, -1) if lower[n - 1] <= value < upper[n - 1])
        found[who] = 6 - number if low_is_best else number
    return found


def expected(rows: list[tuple[str, date, int]]) -> tuple[dict[str, tuple[int, int, int]], Scores]:
    """Return each customer's days, orders and revenue, and their scores, in plain Python."""
    who = {row[0] for row in rows}
    days = {one: min((ANALYSED - at).days for name, at, _ in rows if name == one) for one in who}
    count = {one: sum(name == one for name, *_ in rows) for one in who}
    spent = {one: sum(total for name, _, total in rows if name == one) for one in who}
    scores = (bins(days, low_is_best=True), bins(count), bins(spent))
    return {one: (days[one], count[one], spent[one]) for one in who}, {one: (scores[0][one], scores[1][one], scores[2][one]) for one in who}


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_customer_has_the_scores_of_the_r_package(tmp_path: Path, engine: DuckEngine, file: Path) -> None:
    rows = orders(file)
    numbers, scores = expected(rows)
    shop = open_shop(tmp_path, {}, ANALYSED.isoformat())
    given = [{"order_id": str(n), "customer_id": who, "ordered_at": str(at), "total": total} for n, (who, at, total) in enumerate(rows)]
    fill(engine, shop, {"customers": [{"customer_id": who} for who in [*numbers, "never"]], "orders": given})
    fields = ["days_since_last_order", "orders_count", "total_spent", "rfm_recency", "rfm_frequency", "rfm_monetary", "rfm_score", "rfm_group"]
    query = members_query(shop.compiler(), Everyone(), fields)
    found = {row[0]: row[1:] for row in engine.run(query.sql, query.values)}
    assert found.pop("never") == (None, 0, 0, None, None, None, None, None)
    assert {who: row[:3] for who, row in found.items()} == numbers
    assert {who: row[3:6] for who, row in found.items()} == scores
    assert all(row[6] == "".join(map(str, row[3:6])) and row[7] is not None for row in found.values())
    if file == SHARED:
        assert len(found) == 995
        assert {who: found[who][:6] for who in PUBLISHED} == PUBLISHED
