"""Why somebody is (not) in a segment: every part, what it looked at, and the fewest parts that would have to change."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from compile.shop import Given, open_shop
from compile.shop import fill as fill_tables
from retention_cli.audience.explain import Explanation, explain
from retention_cli.compile.scans import JOURNEYS
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from pathlib import Path

GIVEN: Given = {
    "customers": [{"customer_id": "a", "country": "CZ", "age": 30, "city": ""}, {"customer_id": "b"}],
    "orders": [
        {"order_id": "1", "customer_id": "a", "ordered_at": "2026-04-01T10:00", "total": "20.50"},
        {"order_id": "2", "customer_id": "a", "ordered_at": "2026-04-11T10:00", "total": 10},
    ],
}


def explained(root: Path, where: str, customer: str = "a") -> Explanation | None:
    """Return the explanation of a segment written over a line or more, which begins on line 2."""
    shop = open_shop(root, {"segments/asked.yml": f"where:\n  {where}\n", "segments/czech.yml": "where: {country: CZ}\n"})
    with DuckEngine(threads=1) as engine:
        fill_tables(engine, shop, GIVEN)
        return explain(engine, shop.compiler(JOURNEYS), shop.project.segments["asked"], customer)


def misses(root: Path, where: str, customer: str = "a") -> list[str]:
    """Return what stands between a customer and a segment."""
    found = explained(root, where, customer)
    assert found is not None
    return [part.text for part in found.nearest_miss]


def test_every_part_is_told_with_its_place_and_the_value_it_looked_at(tmp_path: Path) -> None:
    found = explained(
        tmp_path, "- {country: CZ, age: {at_least: 40}}\n  - any:\n      - {did: order, times: 3}\n      - {total_spent: {at_least: 30}}"
    )
    assert found is not None
    assert (found.segment, found.customer, found.member) == ("asked", "a", False)
    assert [(part.path, part.line, part.text, part.holds, part.value, part.depth) for part in found.conditions] == [
        ("where", 2, "all of", False, None, 0),
        ("where[0]", 2, "all of", False, None, 1),
        ("where[0].country", 2, "country = CZ", True, "CZ", 2),
        ("where[0].age", 2, "age >= 40", False, 30, 2),
        ("where[1]", 3, "any of", True, None, 1),
        ("where[1].any[0]", 4, "did order times = 3", False, 2, 2),
        ("where[1].any[1].total_spent", 5, "total_spent >= 30", True, Decimal("30.50"), 2),
    ]


def test_a_missing_value_is_none_and_a_count_of_nothing_zero(tmp_path: Path) -> None:
    found = explained(tmp_path, "[{age: missing}, {did_not: order}, {last_order_at: missing}]", "b")
    assert found is not None
    assert found.member
    assert [(part.text, part.value) for part in found.conditions[1:]] == [
        ("age missing", None),
        ("did_not order", 0),
        ("last_order_at missing", None),
    ]


def test_who_is_no_customer_has_no_explanation(tmp_path: Path) -> None:
    assert explained(tmp_path, "{everyone: true}", "nobody") is None
    assert explained(tmp_path, "{everyone: true}", "a' OR 1=1 --") is None


@pytest.mark.parametrize(
    ("where", "missed"),
    [
        ("{country: CZ}", []),
        ("{country: SK}", ["country = SK"]),
        ("{country: SK, age: 20}", ["country = SK", "age = 20"]),
        ("{country: CZ, age: 20}", ["age = 20"]),
        ("{any: [{country: SK}, {age: 20}]}", ["country = SK"]),
        ("{any: [{country: SK, age: 20}, {age: 20}]}", ["age = 20"]),
        ("{any: [[{country: SK}, {age: 20}, {did_not: order}], [{age: 20}, {did_not: order}]]}", ["age = 20", "did_not order"]),
        ("{none: [{country: CZ}, {age: 20}, {did: order}]}", ["country = CZ", "did order"]),
        ("{not: {country: CZ}}", ["country = CZ"]),
        ("{not: [{country: CZ}, {age: 30}]}", ["country = CZ"]),
        ("{not: {any: [{country: CZ}, {age: 30}]}}", ["country = CZ", "age = 30"]),
        ("{not: {none: [{country: SK}, {age: 20}]}}", ["country = SK"]),
        ("{not: {not: {country: SK}}}", ["country = SK"]),
        ("{none: [{all: [{country: CZ}, {age: 30}]}, {not: {age: 20}}]}", ["country = CZ", "age = 20"]),
        ("{not: {segment: czech}}", ["segment czech"]),
        ("[{segment: czech}, {did: order, within: 1 day}]", ["did order within 1 day"]),
    ],
)
def test_the_nearest_miss_is_the_fewest_parts_that_would_have_to_be_otherwise(tmp_path: Path, where: str, missed: list[str]) -> None:
    assert misses(tmp_path, where) == missed


def test_what_no_change_can_bring_about_is_not_offered(tmp_path: Path) -> None:
    """Everyone is always everyone: where that stands in the way nothing is offered, else the way round it."""
    assert misses(tmp_path / "none", "{none: [{any: [{everyone: true}, {country: CZ}]}]}") == []
    assert misses(tmp_path / "round", "{any: [{not: {everyone: true}}, {country: SK, age: 20}]}") == ["country = SK", "age = 20"]
