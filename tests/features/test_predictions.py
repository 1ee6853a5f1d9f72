"""Predictions in SQL: against the paper's closed form, as of any moment, for customers and for journeys."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import hyp2f1
from sqlglot import exp

from compile.shop import Given, Shop, fill, open_shop
from compile.shop import settings as settings_of
from features.papers import expected_value, probability_alive
from retention_cli.compile import sql
from retention_cli.compile.scans import EVERY_CUSTOMER, JOURNEYS, with_ctes
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.statements import tree
from retention_cli.features.bg_nbd import History
from retention_cli.features.predictions import QUERIES, predictions
from retention_cli.model.fitted import Buying, Fitted, Spending, Unfit
from retention_cli.model.problem import NOWHERE

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.compile.scans import Subject

NAMES = ("probability_alive", "expected_orders_90d", "predicted_value_1y")
CDNOW, SPENT = (0.243, 4.414, 0.793, 2.426), (6.25, 3.74, 15.45)


def fit(buying: tuple[float, float, float, float] = CDNOW, spent: tuple[float, float, float] | None = SPENT) -> Fitted:
    """Return parameters as they come out of a fit."""
    spending = Unfit("nobody paid") if spent is None else Spending(*spent, people=946, currency="EUR")
    return Fitted("abc", date(2026, 5, 1), Buying(*buying, people=2357, repeaters=946), spending, ())


def alive(parameters: tuple[float, float, float, float], x: int, recency: float, age: float) -> float:
    """Return P(alive) as Fader and Hardie's note gives it."""
    one = History(*(np.array([number], dtype=float) for number in (x, recency, age, 1)))
    return float(probability_alive(one, *parameters)[0])


def expected(parameters: tuple[float, float, float, float], x: int, recency: float, age: float, span: float) -> float:
    """Return the paper's eq. 10, with its hypergeometric function."""
    r, alpha, a, b = parameters
    shrunk = ((alpha + age) / (alpha + age + span)) ** (r + x)
    series = hyp2f1(r + x, b + x, a + b + x - 1, span / (alpha + age + span))
    top = (a + b + x - 1) / (a - 1) * (1 - shrunk * series)
    return float(top * alive(parameters, x, recency, age))


GRID = [
    (x, days, age)
    for x, age in itertools.product((0, 1, 2, 9, 40), (0, 6, 90, 700))
    for days in ({0} if x == 0 else {1, age // 2, age})
    if days <= age
]


@pytest.mark.parametrize("parameters", [CDNOW, (2.0, 30.0, 0.2, 0.4), (0.1, 1.0, 3.5, 12.0), (0.6, 9.0, 25.0, 2400.0)])
def test_they_are_those_of_the_papers(parameters: tuple[float, float, float, float]) -> None:
    """For new and old, rare and eager buyers; scipy's hypergeometric function knows nothing of the sum that SQL makes."""
    p, q, v = SPENT
    values = dict(zip(("r", "alpha", "a", "b"), parameters, strict=True)) | {"p": p, "q": q, "v": v, "unit": 7.0}
    rows = [(f"{n}", x, recency, age, 20.0 if x else None) for n, (x, recency, age) in enumerate(GRID)]
    columns = {"customer_id": "VARCHAR", "repeats": "BIGINT", "recency_days": "BIGINT", "age_days": "BIGINT", "repeat_value": "DOUBLE"}
    with DuckEngine(threads=1) as engine:
        engine.table("purchases", columns, rows)
        found = {row[0]: row[1:] for row in engine.run(tree(QUERIES, "predictions").sql(dialect=sql.DIALECT), values)}
    assert len(found) == len(GRID)
    for n, (x, recency, age) in enumerate(GRID):
        weeks = (recency / 7, age / 7)
        worth = float(expected_value(np.array([float(x)]), np.array([20.0]), *SPENT)[0])
        told = (alive(parameters, x, *weeks), *(expected(parameters, x, *weeks, days / 7) for days in (90, 365)))
        assert found[str(n)] == pytest.approx((told[0], told[1], told[2] * worth), rel=2e-5, abs=2e-6), (x, recency, age)


GIVEN: Given = {
    "customers": [{"customer_id": name} for name in ("never", "once", "twice", "same_day", "later")],
    "orders": [
        {"order_id": "1", "customer_id": "once", "ordered_at": "2026-01-01", "total": "30"},
        {"order_id": "2", "customer_id": "twice", "ordered_at": "2025-11-02T10:00", "total": "10"},
        {"order_id": "3", "customer_id": "twice", "ordered_at": "2026-01-11T10:00", "total": "20"},
        {"order_id": "4", "customer_id": "twice", "ordered_at": "2026-03-22T10:00", "total": "40"},
        {"order_id": "5", "customer_id": "same_day", "ordered_at": "2026-01-01T10:00", "total": "5"},
        {"order_id": "6", "customer_id": "same_day", "ordered_at": "2026-01-01T11:00", "total": "7"},
        {"order_id": "7", "customer_id": "later", "ordered_at": "2026-05-02T10:00", "total": "50"},
    ],
}


def ask(root: Path, found: Fitted | Unfit, as_of: str = "2026-05-01T12:00", subject: Subject = EVERY_CUSTOMER) -> dict[object, tuple[object, ...]]:
    """Return the three numbers of every customer, or of every journey."""
    shop = with_fit(open_shop(root, {}, as_of), found)
    compiler = shop.compiler(subject)
    columns = [compiler.field(name, NOWHERE) for name in NAMES]
    key = sql.col(compiler.subject.key, compiler.subject.table or "customers")
    shown = [sql.aliased(column.expression, name) for name, column in zip(NAMES, columns, strict=True) if column is not None]
    select = with_ctes(compiler.scans.base().select(key, *shown, copy=False), compiler.scans.ctes())
    query = sql.finished(select, compiler.values)
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, GIVEN)
        engine.table("subjects", {"subject": "BIGINT", "customer_id": "VARCHAR"}, [(1, "twice"), (2, "twice"), (3, "never")])
        return {row[0]: row[1:] for row in engine.run(query.sql, query.values)}


def with_fit(shop: Shop, found: Fitted | Unfit) -> Shop:
    """Return the shop with something fitted."""
    from dataclasses import replace  # noqa: PLC0415 - only here

    return replace(shop, schema=replace(shop.schema, derived=lambda: predictions(found)))


def test_a_day_is_one_purchase_and_the_first_is_where_history_begins(tmp_path: Path) -> None:
    found = ask(tmp_path, fit())
    quarter, year = 90 / 7, 365 / 7
    worth = 6.25 * (15.45 + 2 * 30) / (6.25 * 2 + 2.74)
    told = (alive(CDNOW, 2, 20, 180 / 7), expected(CDNOW, 2, 20, 180 / 7, quarter), expected(CDNOW, 2, 20, 180 / 7, year) * worth)
    assert found["twice"] == pytest.approx(told, rel=1e-4)
    mean = 6.25 * 15.45 / 2.74
    assert found["once"] == pytest.approx((1, expected(CDNOW, 0, 0, 120 / 7, quarter), expected(CDNOW, 0, 0, 120 / 7, year) * mean), rel=1e-4)
    assert found["same_day"] == found["once"], "two orders of one day are one shopping"
    assert found["never"] == (None, None, None)
    assert found["later"] == (None, None, None), "what comes after as_of does not exist"


def test_they_are_as_of_the_moment_that_is_asked(tmp_path: Path) -> None:
    """A year of silence says more than forty days; before the second order there was one."""
    then, now, later = (
        ask(tmp_path / name, fit(), as_of)["twice"] for name, as_of in (("a", "2025-12-01"), ("b", "2026-05-01"), ("c", "2027-03-22"))
    )
    assert then[0] == 1
    assert then[1] == pytest.approx(expected(CDNOW, 0, 0, 29 / 7, 90 / 7), rel=1e-3)
    assert float(str(later[0])) < float(str(now[0])) < 1


def test_a_journey_has_its_customers_numbers(tmp_path: Path) -> None:
    found, journeys = ask(tmp_path / "a", fit()), ask(tmp_path / "b", fit(), subject=JOURNEYS)
    assert journeys == {1: found["twice"], 2: found["twice"], 3: (None, None, None)}


def test_without_a_fit_of_spending_only_the_value_is_missing(tmp_path: Path) -> None:
    shop = with_fit(open_shop(tmp_path, {}), fit(spent=None))
    compiler = shop.compiler()
    assert compiler.field("expected_orders_90d", NOWHERE) is not None
    assert compiler.field("predicted_value_1y", NOWHERE) is None
    [problem] = compiler.problems
    assert (problem.code, problem.message) == ("not-predictable", "predicted_value_1y cannot be predicted: nobody paid")


def test_without_any_fit_the_condition_says_why_at_its_place(tmp_path: Path) -> None:
    files = {"segments/gone.yml": "name: gone\nwhere:\n  - {probability_alive: {less_than: 0.2}}\n"}
    shop = with_fit(open_shop(tmp_path, files), Unfit("only 3 customers bought on more than one day; it takes 50", "wait for more orders"))
    compiler = shop.compiler()
    assert compiler.condition(shop.project.segments["gone"].where) == sql.false()
    [problem] = compiler.problems
    assert str(problem.place) == "segments/gone.yml:3:6"
    assert problem.message.startswith("probability_alive cannot be predicted: only 3 customers")
    assert problem.hint == "wait for more orders"


def test_before_any_data_is_known_they_are_no_mistake(tmp_path: Path) -> None:
    compiler = open_shop(tmp_path, {}).compiler()
    assert all(compiler.field(name, NOWHERE) is not None for name in NAMES)
    assert compiler.problems == []


def test_the_numbers_travel_beside_the_query_and_one_plan_predicts_once(tmp_path: Path) -> None:
    shop = with_fit(open_shop(tmp_path, {}), fit())
    compiler = shop.compiler()
    columns = [compiler.field(name, NOWHERE) for name in (*NAMES, *NAMES)]
    assert len(compiler.scans.by_customer) == 1
    assert {value for name, value in compiler.values.by_name.items() if name.startswith("fitted")} == {*CDNOW, *SPENT, 7.0}
    literals = {node.name for _, query in compiler.scans.ctes() for node in query.find_all(exp.Literal)}
    assert not literals & {str(value) for value in (*CDNOW, *SPENT)}
    assert all(column is not None for column in columns)


def test_a_source_may_be_called_like_our_tables(tmp_path: Path) -> None:
    """A shop whose orders stand in a source `purchases` beside one called `predictions`."""
    settings = """\
name: Shop
sources:
  purchases: {path: p.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
  predictions: {path: q.csv, customer: customer_id, time: at, event: predicted}
  customers: {path: c.csv, key: customer_id}
"""
    from compile.shop import COLUMNS, schema_of  # noqa: PLC0415 - only here
    from retention_cli.model.source import ColumnType  # noqa: PLC0415 - only here

    shop = open_shop(tmp_path, {"retention.yml": settings})
    columns = {
        "purchases": COLUMNS["orders"],
        "customers": COLUMNS["customers"],
        "predictions": {"customer_id": ColumnType.TEXT, "at": ColumnType.TIME},
    }
    shop = with_fit(Shop(shop.project, schema_of(shop.project, columns), shop.moment), fit())
    compiler = shop.compiler()
    column = compiler.field("probability_alive", NOWHERE)
    assert column is not None
    select = compiler.scans.base().select(sql.col("customer_id", "customers"), sql.aliased(column.expression, "alive"), copy=False)
    query = sql.finished(with_ctes(select, compiler.scans.ctes()), compiler.values)
    start = [{"order_id": str(n), "customer_id": "a", "ordered_at": str(date(2026, 1, 1) + timedelta(days=70 * n))} for n in range(2)]
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, {"customers": [{"customer_id": "a"}], "purchases": start}, columns)
        assert engine.run(query.sql, query.values)[0][1] == pytest.approx(alive(CDNOW, 1, 10, 120 / 7), rel=1e-3)


def test_orders_in_several_exports_are_one_history(tmp_path: Path) -> None:
    """The second and third order of `twice` stand in the stores' export; a refund there is no purchase."""
    settings = "stores: {path: data/stores.csv, customer: customer_id, time: bought_at, event: {column: kind}}"
    whole = ask(tmp_path / "whole", fit())["twice"]
    shop = with_fit(open_shop(tmp_path / "both", {"retention.yml": settings_of(sources=settings)}), fit())
    compiler = shop.compiler()
    column = compiler.field("predicted_value_1y", NOWHERE)
    assert column is not None
    select = compiler.scans.base().select(sql.col("customer_id", "customers"), sql.aliased(column.expression, "worth"), copy=False)
    query = sql.finished(with_ctes(select, compiler.scans.ctes()), compiler.values)
    moved = [row for row in GIVEN["orders"] if row["order_id"] in ("3", "4")]
    stores = [{"customer_id": "twice", "bought_at": row["ordered_at"], "total": row["total"], "kind": "order"} for row in moved]
    refund = {"customer_id": "once", "bought_at": "2026-04-01", "total": "-30", "kind": "refund"}
    given = {**GIVEN, "orders": [row for row in GIVEN["orders"] if row not in moved], "stores": [*stores, refund]}
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, given)
        found = {row[0]: row[1] for row in engine.run(query.sql, query.values)}
    assert found["twice"] == whole[2]
    assert found["once"] == ask(tmp_path / "again", fit())["once"][2]
