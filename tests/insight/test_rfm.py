"""RFM: every customer's scores are those of the R package's rule, done over by hand; and the map holds everybody once."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insight.shop import bought, compiled
from retention_cli.audience.members import Pick, members
from retention_cli.insight.rfm import MEASURES, Cell, Range, rfm
from retention_cli.model.condition import Everyone
from support.real_data import real_data

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_OF = "2006-12-31T12:00"
"""The analysis date of the package's own example."""
SAMPLE = Path(__file__).parent / "data" / "rfm_twelfth.csv"
Scores = tuple[int, int, int]
PUBLISHED: dict[str, Scores] = {
    "Abbey O'Reilly": (3, 4, 3), "Add Senger": (4, 1, 2), "Aden Lesch": (3, 2, 3), "Admiral Senger": (4, 3, 3), "Agness O'Keefe": (5, 5, 5),
    "Aileen Barton": (5, 5, 5), "Ailene Hermann": (3, 5, 5), "Aiyanna Bruen": (3, 2, 1), "Ala Schmidt": (2, 1, 2), "Alannah Borer": (1, 2, 1),
}  # fmt: skip
"""Lines of the table that the package's vignette prints, without the titles behind the names."""


def files() -> dict[str, Path]:
    """Return the committed sample, and the whole where it is there."""
    whole = real_data("rfm_r/rfm_data_orders.csv")
    return {"a twelfth": SAMPLE, **({"everybody": whole} if whole is not None else {})}


def read(path: Path) -> list[tuple[str, str, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["customer_id"], row["order_date"], float(row["revenue"])) for row in csv.DictReader(file)]


def score(values: Sequence[float], value: float) -> int:
    """Return the package's score: the first of five ranges [low, high) that the value is in."""
    cuts = [float(cut) + 1 for cut in np.quantile(np.array(values, dtype=float), [0.2, 0.4, 0.6, 0.8])]
    ranges = zip([min(values), *cuts], [*cuts, max(values) + 1], strict=True)
    return next(n for n, (low, high) in enumerate(ranges, 1) if low <= value < high)


def by_hand(rows: Sequence[tuple[str, str, float]]) -> dict[str, Scores]:
    """Return every customer's (recency, frequency, monetary)."""
    last: dict[str, date] = {}
    count: dict[str, int] = {}
    paid: dict[str, float] = {}
    for name, day, total in rows:
        last[name] = max(date.fromisoformat(day), last.get(name, date.min))
        count[name], paid[name] = count.get(name, 0) + 1, paid.get(name, 0) + total
    ago = {name: (date(2006, 12, 31) - day).days for name, day in last.items()}
    all_ago, all_counts, all_paid = ([float(value) for value in each.values()] for each in (ago, count, paid))
    return {name: (6 - score(all_ago, ago[name]), score(all_counts, count[name]), score(all_paid, paid[name])) for name in last}


@pytest.mark.parametrize("name", files())
def test_every_customers_scores_are_the_packages(name: str, tmp_path: Path) -> None:
    rows = read(files()[name])
    with compiled(tmp_path, bought(*rows), AS_OF) as (engine, compiler):
        scored = members(engine, compiler, Everyone(), ["rfm_recency", "rfm_frequency", "rfm_monetary"], Pick(limit=len(rows)))
        found = rfm(engine, compiler())
    scores = {str(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in scored.rows}
    assert scores == by_hand(rows)
    if name == "everybody":
        assert len(scores) == 995
        assert {customer: scores[customer] for customer in PUBLISHED} == PUBLISHED
    assert found.customers == len(scores)
    for cell in found.cells:
        inside = [customer for customer, (r, f, _) in scores.items() if (r, f) == (cell.recency, cell.frequency)]
        assert cell.customers == len(inside)
        assert float(cell.revenue or 0) == pytest.approx(sum(total for customer, _, total in rows if customer in inside))


def test_each_score_says_which_values_have_it(tmp_path: Path) -> None:
    """Five customers, one in each fifth: who bought last also bought most often."""
    rows = [(f"c{n}", f"2006-0{n + 1}-01T{k // 6:02}:{k % 6}0", 2.0) for n in range(5) for k in range(10 * (n + 1))]
    with compiled(tmp_path, bought(*rows), AS_OF) as (engine, compiler):
        found = rfm(engine, compiler())
    assert [(cell.recency, cell.frequency, cell.customers) for cell in found.cells] == [(5, 5, 1), (4, 4, 1), (3, 3, 1), (2, 2, 1), (1, 1, 1)]
    assert found.cell(5, 5).revenue == 100
    assert found.cell(5, 1) == Cell(5, 1, 0, None, None)
    assert [found.range("frequency", score) for score in (1, 5)] == [Range("frequency", 1, 10, 10, 1), Range("frequency", 5, 50, 50, 1)]
    assert [(each.measure, each.score) for each in found.ranges] == [(measure, score) for measure in sorted(MEASURES) for score in range(1, 6)]


def test_the_shops_own_scores_are_the_maps(tmp_path: Path) -> None:
    """Ten and twenty days as limits, the shorter the better: the map shows three scores of recency, as a segment would mean them."""
    files = {"metrics/own.yml": "rfm_recency: {score: {of: days_since_last_order, bins: [10, 20], best: low}}\n"}
    rows = [("a", "2006-12-30", 1.0), ("b", "2006-12-15", 1.0), ("c", "2006-01-01", 1.0)]
    with compiled(tmp_path, bought(*rows), AS_OF, files) as (engine, compiler):
        found = rfm(engine, compiler())
    assert sorted((cell.recency, cell.customers) for cell in found.cells) == [(1, 1), (2, 1), (3, 1)]
    assert found.range("recency", 3) == Range("recency", 3, 1, 1, 1)


def test_what_comes_after_the_moment_is_not_there(tmp_path: Path) -> None:
    rows = [("a", "2006-12-31T11:59", 1.0), ("a", "2006-12-31T12:01", 5.0), ("b", "2007-01-01", 9.0)]
    with compiled(tmp_path, bought(*rows), AS_OF) as (engine, compiler):
        found = rfm(engine, compiler())
    assert [(cell.customers, cell.revenue) for cell in found.cells] == [(1, Decimal("1.0"))]


def test_nobody_is_an_empty_map(tmp_path: Path) -> None:
    with compiled(tmp_path, {}, AS_OF) as (engine, compiler):
        found = rfm(engine, compiler())
    assert (found.cells, found.ranges, found.customers) == ((), (), 0)
