"""The rows behind a condition: what counted, what was passed over, for every kind of leaf without a word about its kind."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from compile.shop import Given, open_shop
from compile.shop import fill as fill_tables
from retention_cli.audience.evidence import Evidence
from retention_cli.audience.explain import explain
from retention_cli.compile.scans import JOURNEYS
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from pathlib import Path

GIVEN: Given = {
    "customers": [{"customer_id": "a", "country": "CZ"}, {"customer_id": "b"}],
    "products": [{"product_id": "p1", "brand": "Apple"}, {"product_id": "p2", "brand": "Nokia"}],
    "orders": [
        *({"order_id": f"{n}", "customer_id": "a", "ordered_at": f"2026-04-0{n}T10:00", "total": n * 10} for n in range(1, 6)),
        {"order_id": "b1", "customer_id": "b", "ordered_at": "2026-04-09T10:00", "total": 15},
        {"order_id": "later", "customer_id": "a", "ordered_at": "2026-06-01T10:00", "total": 99},
    ],
    "order_items": [
        {"order_id": "1", "product_id": "p1", "quantity": 1, "price": 5},
        {"order_id": "2", "product_id": "p2", "quantity": 1, "price": 6},
    ],
    "web": [
        {"customer_id": "a", "occurred_at": "2026-04-20T10:00", "event": "add_to_cart", "product_id": "p1", "cart_id": "k"},
        {"customer_id": "a", "occurred_at": "2026-04-20T09:00", "event": "view_item", "product_id": "p1"},
    ],
}


def of(root: Path, where: str, customer: str = "a") -> Evidence:
    """Return the evidence of a segment's one leaf."""
    shop = open_shop(
        root, {"segments/asked.yml": f"where: {where}\n", "metrics/own.yml": "spent: {total_of: {did: order, field: total, within: 28 days}}\n"}
    )
    with DuckEngine(threads=1) as engine:
        fill_tables(engine, shop, GIVEN)
        found = explain(engine, shop.compiler(JOURNEYS), shop.project.segments["asked"], customer)
    assert found is not None
    return found.conditions[-1].evidence


def ids(found: Evidence, key: str = "order_id") -> list[str]:
    return [row.columns[key] for row in found.rows]


def test_the_latest_rows_that_count_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    """Nothing after as_of is evidence, nor what others did."""
    found = of(tmp_path, "{did: order}")
    assert (found.counted, ids(found)) == (5, ["5", "4", "3"])
    assert all(row.counts and row.source == "orders" for row in found.rows)
    assert found.rows[0].columns["total"] == Decimal("50.0")


def test_where_nothing_counts_the_rows_passed_over_are_shown(tmp_path: Path) -> None:
    found = of(tmp_path, "{did: order, where: {total: {at_least: 1000}}}")
    assert (found.counted, ids(found), {row.counts for row in found.rows}) == (0, ["5", "4", "3"], {False})


def test_a_window_and_a_lookup_decide_which_rows_count(tmp_path: Path) -> None:
    assert ids(of(tmp_path / "window", "{did: order, within: 28 days}")) == ["5", "4"]
    found = of(tmp_path / "lookup", "{did: buy_item, where: {brand: Apple}}")
    assert (found.counted, ids(found)) == (1, ["1"])
    assert next(iter(found.rows[0].columns)) == "products.brand", "what the condition reads comes first, of other tables too"


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("{total_spent: {at_least: 1}}", ["5", "4", "3"]),
        ("{days_between_orders: {at_least: 1}}", ["5", "4", "3"]),
        ("{spent: {at_least: 1}}", ["5", "4"]),
        ("{total_of: {did: order, field: total, where: {total: {at_most: 20}}, value: {at_least: 1}}}", ["2", "1"]),
        ("{median_of: {did: order, field: total, where: {total: {at_most: 20}}, value: {at_least: 1}}}", ["2", "1"]),
    ],
)
def test_metrics_and_folds_stand_on_their_rows(tmp_path: Path, where: str, rows: list[str]) -> None:
    assert ids(of(tmp_path, where)) == rows


def test_a_sequence_shows_what_began_and_what_followed(tmp_path: Path) -> None:
    found = of(tmp_path, "{did: add_to_cart, not_followed_by: {did: order, within: 1 day}}")
    assert {(row.source, row.columns.get("event") or row.columns["order_id"]) for row in found.rows} >= {("web", "add_to_cart")}


def test_other_events_of_a_table_are_no_evidence(tmp_path: Path) -> None:
    assert [row.columns["event"] for row in of(tmp_path, "{did: view_item}").rows] == ["view_item"]


@pytest.mark.parametrize("where", ["{country: CZ}", "{everyone: true}", "{did: visit}"])
def test_what_looks_at_no_row_has_none(tmp_path: Path, where: str) -> None:
    assert of(tmp_path, where) == Evidence(0, ())
