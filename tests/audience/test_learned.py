"""Learned thresholds: the percentile of those who have the number, by kinds that are big enough, and what counts as drift."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from compile.shop import Given, Row, Shop, fill, open_shop
from retention_cli.audience.learned import FEWEST, drift, learn
from retention_cli.audience.moves import Move, moves
from retention_cli.compile.check import check
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.lock import LearnedValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AS_OF = datetime(2026, 5, 1, 12, tzinfo=UTC)
METRICS = """\
usual_total: {learned: {percentile: 50, of: average_order_value}}
by_city: {learned: {percentile: 90, of: average_order_value, by: city}}
of_nobody: {learned: {percentile: 50, of: days_between_orders}}
"""
CITIES = [("Brno", 30), ("Praha", FEWEST), ("Zlín", FEWEST - 1), (None, 40)]


def people() -> Given:
    """Return customers of three cities, and of none, each with one order; and ten who never ordered."""
    customers: list[Row] = [{"customer_id": f"never{n}", "city": "Brno"} for n in range(10)]
    orders: list[Row] = []
    for city, count in CITIES:
        for n in range(count):
            name = f"{city}{n}"
            customers.append({"customer_id": name, "city": city})
            orders.append({"order_id": name, "customer_id": name, "ordered_at": "2026-01-01", "total": f"{n * 10 + len(str(city))}.50"})
    return {"customers": customers, "orders": orders}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, {"metrics/limits.yml": METRICS})


@pytest.fixture
def engine(shop: Shop) -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        fill(opened, shop, people())
        yield opened


SOURCES = {"orders": "abc", "customers": "def", "web": "ghi"}


def found(engine: DuckEngine, shop: Shop, name: str) -> LearnedValue | None:
    return learn(engine, shop.compiler, shop.project.learned[name], as_of=AS_OF, sources=SOURCES)


def percentile(values: list[float], percent: int) -> Decimal:
    """Interpolate as quantiles of type 7 do."""
    return Decimal(str(round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 6)))


def totals(city: str | None, count: int) -> list[float]:
    return [n * 10 + len(str(city)) + 0.5 for n in range(count)]


def test_the_median_of_all_who_have_the_number(engine: DuckEngine, shop: Shop) -> None:
    everybody = [total for city, count in CITIES for total in totals(city, count)]
    value = found(engine, shop, "usual_total")
    assert value is not None
    assert (value.value, value.people, value.by) == (percentile(everybody, 50), len(everybody), {})
    assert value.meaning == "percentile 50 of average_order_value"
    assert value.as_of == "2026-05-01T12:00:00+00:00"
    assert value.sources == {"orders": "abc", "customers": "def"}, "what was not looked at is not pinned"


def test_each_kind_that_enough_people_are_of(engine: DuckEngine, shop: Shop) -> None:
    """Nineteen people of Zlín are too few, and nowhere is no city; both count over all."""
    value = found(engine, shop, "by_city")
    assert value is not None
    assert value.by == {city: percentile(totals(city, count), 90) for city, count in CITIES[:2]}
    assert value.value == percentile([total for city, count in CITIES for total in totals(city, count)], 90)
    assert value.people == sum(count for _, count in CITIES)


def test_what_nobody_has_is_not_learned(engine: DuckEngine, shop: Shop) -> None:
    assert found(engine, shop, "of_nobody") is None


def test_a_tenth_is_drift_and_less_is_not() -> None:
    pinned = LearnedValue(Decimal(100), 50, {"a": Decimal(50), "gone": Decimal(130), "level": Decimal(101)})
    now = LearnedValue(Decimal(110), 60, {"a": Decimal("55.01"), "new": Decimal(89), "level": Decimal(101)})
    assert drift(pinned, now) == {
        "a": (Decimal(50), Decimal("55.01")),
        "gone": (Decimal(130), Decimal(110)),
        "new": (Decimal(100), Decimal(89)),
    }
    assert drift(pinned, pinned) == {}
    assert drift(LearnedValue(Decimal(0), 5), LearnedValue(Decimal("0.1"), 5)) == {"": (Decimal(0), Decimal("0.1"))}


def test_mistakes_are_at_their_word(tmp_path: Path) -> None:
    metrics = """\
a: {learned: {percentile: 50, of: days_betwen_orders}}
b: {learned: {percentile: 50, of: city}}
c: {learned: {percentile: 50, of: total_spent, by: cty}}
d: {learned: {percentile: 50, of: total_spent, by: hobbies}}
e: {learned: {percentile: 50, of: total_spent, by: country}}
"""
    shop = open_shop(tmp_path, {"metrics/limits.yml": metrics})
    told = [f"{problem.place} {problem.code}: {problem.message}" for problem in check(shop.project, shop.schema)]
    assert told == [
        "metrics/limits.yml:1:35 unknown-field: customers have no field or metric 'days_betwen_orders'",
        "metrics/limits.yml:2:35 wrong-type: 'city' is text, and a percentile is of numbers",
        "metrics/limits.yml:3:52 unknown-field: customers have no field or metric 'cty'",
        "metrics/limits.yml:4:52 wrong-type: 'hobbies' is a list, and a customer has one limit",
    ]


def test_whom_another_meaning_moves(tmp_path: Path) -> None:
    """The same segments by two readings: each is asked once of everybody, and compared one by one."""
    texts = [
        f"- {{name: big, where: {{total_spent: {{at_least: {limit}}}}}}}\n- {{name: czech, where: {{country: CZ}}}}\n"
        f"- {{name: small, where: {{total_spent: {{less_than: {limit}}}}}}}\n"
        for limit in (20, 30)
    ]
    before, after = (open_shop(tmp_path / str(n), {"segments/all.yml": text}) for n, text in enumerate(texts))
    names = ["big", "czech", "small"]
    conditions = {name: before.project.segments[name].where for name in names}
    given: Given = {
        "customers": [{"customer_id": f"c{n}", "country": "CZ"} for n in range(5)],
        "orders": [{"order_id": str(n), "customer_id": f"c{n}", "ordered_at": "2026-01-01", "total": n * 10} for n in range(5)],
    }
    from retention_cli.model.condition import InSegment  # noqa: PLC0415 - only here

    asked = {name: InSegment(name=name) for name in conditions}
    with DuckEngine(threads=1) as engine:
        fill(engine, before, given)
        assert moves(engine, before.compiler(), after.compiler(), asked) == [Move("big", 3, 0, 1), Move("czech", 5, 0, 0), Move("small", 2, 1, 0)]
        assert moves(engine, before.compiler(), after.compiler(), {}) == []
