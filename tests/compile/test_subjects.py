"""What is asked of journeys: each has its own entry and its own trigger, also where one customer has several; and its items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from compile.shop import Given, Shop, fill, open_shop
from retention_cli.compile.items import items_query
from retention_cli.compile.scans import GOALS, JOURNEYS
from retention_cli.compile.subjects import Questions, subjects_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import Did, EventQuery, Fold, Follow, Since, Total
from retention_cli.model.question import Op
from retention_cli.model.question import Test as Question
from retention_cli.model.step import If

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention_cli.model.condition import Condition

SUBJECTS = {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR", "campaign": "BIGINT", "is_new": "BOOLEAN"}

ASKED = {
    "ordered": "{did: order, since: entry}",
    "ordered_twice": "{did: order, since: entry, times: 2}",
    "this_order": "{did: order, since: 2026-01-01, same: order_id}",
    "this_product": "{did: view_item, within: 1 year, same: product_id}",
    "bought_it": "{did: buy_item, since: entry, same: product_id}",
    "left": "{did: view_item, since: entry, not_followed_by: {did: order, within: 1 hour}}",
    "left_it": "{did: view_item, since: entry, same: product_id, not_followed_by: {did: order, within: 1 hour}}",
    "czech": "{country: CZ}",
    "steady": "{days_between_orders: {at_most: 10}}",
    "typical": "{median_of: {did: order, field: total, value: 20}}",
    "apple_today": "{total_of: {did: buy_item, field: price, where: {brand: Apple}, since: entry, value: {at_least: 5}}}",
}
EXIT = "name: c\ntrigger: {{did: view_item}}\nsteps: [{{stop: here}}]\nexit:\n{}\n"

GIVEN: Given = {
    "customers": [{"customer_id": "a", "country": "CZ", "registered_at": "2026-01-02T10:00"}, {"customer_id": "b"}],
    "products": [{"product_id": "p1", "brand": "Apple"}, {"product_id": "p2"}],
    "orders": [
        {"order_id": "1", "customer_id": "a", "ordered_at": "2026-04-01T10:00", "total": 10},
        {"order_id": "2", "customer_id": "a", "ordered_at": "2026-04-06T10:00", "total": 20},
        {"order_id": "3", "customer_id": "a", "ordered_at": "2026-04-11T10:00", "total": 30},
    ],
    "order_items": [{"order_id": "2", "product_id": "p1", "price": 5}, {"order_id": "3", "product_id": "p2", "price": 7}],
    "web": [
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-11T09:30", "product_id": "p1"},
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-20T09:30", "product_id": "p2"},
        {"customer_id": "b", "event": "view_item", "occurred_at": "2026-04-20T09:30", "product_id": "p2"},
    ],
}
JOURNEYS_THERE = [
    (1, "a", "2026-04-01 08:00:00", {"order_id": "1", "product_id": "p1"}),
    (2, "a", "2026-04-06 08:00:00", {"order_id": "9", "product_id": "p2"}),
    (3, "a", "2026-04-05 08:00:00", None),
    (4, "b", "2026-01-01 00:00:00", {"order_id": None, "product_id": "p2"}),
    (5, "gone", "2026-01-01 00:00:00", {"product_id": "p2"}),
]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    exits = "\n".join(f"  {name}: {written}" for name, written in ASKED.items())
    return open_shop(tmp_path, {"campaigns/c.yml": EXIT.format(exits)})


@pytest.fixture
def engine(shop: Shop) -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        fill(opened, shop, GIVEN)
        rows = [(*row[:3], None if row[3] is None else json.dumps(row[3]), 1, True) for row in JOURNEYS_THERE]
        opened.table("subjects", SUBJECTS, rows)
        yield opened


def test_each_journey_is_asked_from_its_own_entry(shop: Shop, engine: DuckEngine) -> None:
    """The event at the entry's very instant does not count; a journey whose customer is gone has no answer."""
    conditions = {str(name): condition for name, condition in shop.project.campaigns["c"].exit.items()}
    compiler = shop.compiler(JOURNEYS)
    query = subjects_query(compiler, Questions(conditions))
    assert compiler.problems == []
    answers = {row[0]: {name for name, holds in zip(conditions, row[1:], strict=True) if holds} for row in engine.run(query.sql, query.values)}
    always = {"czech", "steady", "typical"}
    assert answers == {
        1: always | {"ordered", "ordered_twice", "this_order", "this_product", "bought_it", "left", "apple_today"},
        2: always | {"ordered", "this_product", "bought_it", "left", "left_it"},
        3: always | {"ordered", "ordered_twice", "left", "apple_today"},
        4: {"this_product", "left", "left_it"},
    }


OTHER_KINDS: dict[str, tuple[str, set[int]]] = {
    "second": ("{did: order, nth: 2, since: entry}", {1, 3}),
    "last": ("{did: order, nth: last, since: entry}", {1, 2, 3}),
    "first": ("{did: order, nth: 1, since: entry}", set()),
    "totals": ("{did: order, distinct: total, since: entry, times: 2}", {1, 3}),
    "looked": ("{did: order, since: entry, followed_by: {did: view_item}}", {1, 2, 3}),
    "looked_soon": ("{did: order, since: entry, followed_by: {did: view_item, within: 1 day}}", set()),
    "this_then": ("{did: view_item, since: entry, same: product_id, followed_by: {did: order}}", {1}),
    "nested": ("{did: order, since: entry, followed_by: {did: view_item, followed_by: {did: order}}}", {1, 3}),
    "latest": ("{latest_of: {did: order, field: total, since: entry, value: 30}}", {1, 2, 3}),
    "first_total": ("{first_of: {did: order, field: total, since: entry, value: 20}}", {1, 3}),
    "this_total": ("{largest_of: {did: order, field: total, same: order_id, value: 10}}", {1}),
    "this_distinct": ("{did: view_item, within: 1 year, same: product_id, distinct: event, times: 1}", {1, 2, 4}),
    "never_again": ("{did: view_item, within: 1 year, same: product_id, not_followed_by: {did: view_item, same: product_id}}", {1, 2, 4}),
    "not_this": ("{did_not: view_item, within: 1 year, same: product_id}", {3}),
    "month": ("{did: order, since: entry, during: 2026-04}", {1, 2, 3}),
    "bottom": ("{total_spent: {bottom: 50%}}", {4}),
    "above": ("{total_spent: {more_than: {percentile: 50}}}", {1, 2, 3}),
    "ratio": ("{total_spent: {at_least: {metric: average_order_value, factor: 3}}}", {1, 2, 3}),
    "scored": ("{points: 2}", {1, 2, 3}),
    "grouped": ("{lifecycle: falling_asleep}", {1, 2, 3}),
    "prospect": ("{lifecycle: prospect}", {4}),
    "favourite": ("{favourite_brand: Apple}", {1, 2, 3}),
    "computed": ('{sql: "total_spent > 50 and points = 2 and bottom is not true"}', {1, 2, 3}),
    "sampled": ("{sample: {share: 100%, name: all}}", {1, 2, 3, 4}),
    "has_none": ("{not: {has: push_subscription}}", {1, 2, 3, 4}),
    "own_half": ("{did: order, regularly: {every: 15 days, in: {at_least: 1, of: 2}}}", {1, 2, 3}),
}
METRICS = "points: {score: {of: total_spent, bins: 2, step: 0}}\nbottom: {when: {total_spent: {bottom: 50%}}}\n"
"""Two customers, three of the four journeys are one's: over journeys the shares, percentiles and cuts would be others."""


def test_every_other_kind_is_asked_from_its_own_entry_and_over_all_customers(tmp_path: Path, engine: DuckEngine) -> None:
    steps = "".join(f"  - {{if: {written}, then: [{{wait: 1 day}}]}}\n" for written, _ in OTHER_KINDS.values())
    files = {"campaigns/c.yml": f"name: c\ntrigger: {{did: view_item}}\nsteps:\n{steps}", "metrics/m.yml": METRICS}
    shop = open_shop(tmp_path / "kinds", files)
    asked = [step.if_ for step in shop.project.campaigns["c"].steps if isinstance(step, If)]
    compiler = shop.compiler(JOURNEYS)
    query = subjects_query(compiler, Questions(dict(zip(OTHER_KINDS, asked, strict=True))))
    assert compiler.problems == []
    rows = engine.run(query.sql, query.values)
    found = {name: {row[0] for row in rows if row[n]} for n, name in enumerate(OTHER_KINDS, 1)}
    assert found == {name: who for name, (_, who) in OTHER_KINDS.items()}
    assert all(answer is not None for row in rows for answer in row)


def test_a_goal_is_reached_only_before_its_end(shop: Shop, engine: DuckEngine) -> None:
    """What must follow must have followed by then, and facts have no time that could be too late."""
    engine.table(
        "goal_subjects",
        {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR", "until": "TIMESTAMP"},
        [(1, "a", "2026-04-01 08:00:00", None, "2026-04-12 00:00:00"), (2, "a", "2026-04-01 08:00:00", None, "2026-04-30 00:00:00")],
    )
    engine.execute("INSERT INTO push_subscription VALUES ('a', 'iOS', 't')")
    viewed = (Follow(events=("view_item",)),)
    goals: dict[str, Condition] = {
        "bought": Did(query=EventQuery(events=("order",), since=Since(entry=True))),
        "came_back": Did(query=EventQuery(events=("order",), nth="last", followed_by=viewed)),
        "spent": Total(fold=Fold.LATEST, query=EventQuery(events=("view_item",)), field="product_id", tests=(Question(op=Op.IS, values=("p2",)),)),
        "subscribed": Did(query=EventQuery(events=("push_subscription",), facts=True, distinct="os")),
    }
    query = subjects_query(shop.compiler(GOALS), Questions(goals))
    assert sorted(engine.run(query.sql, query.values)) == [(1, True, False, False, True), (2, True, True, True, True)]


def test_fields_and_totals_come_beside(shop: Shop, engine: DuckEngine) -> None:
    """Times as templates are told them; what nothing is known of is missing, and an unknown field is left out."""
    goal = shop.project.campaigns["c"].exit
    total = next(node for name, node in goal.items() if str(name) == "apple_today")
    questions = Questions({}, ("customer_id", "country", "registered_at", "total_spent", "nonsense"), {"apples": total})  # type: ignore[dict-item]
    query = subjects_query(shop.compiler(JOURNEYS), questions)
    names = query.tree.named_selects
    assert names == ["subject", "apples", "field_customer_id", "field_country", "field_registered_at", "field_total_spent"]
    rows = {row[0]: row[1:] for row in engine.run(query.sql, query.values)}
    assert rows[1] == (5, "a", "CZ", "2026-01-02T09:00:00Z", 60)
    assert rows[4] == (0, "b", None, None, 0)


UNSAID = dict.fromkeys(("category", "brand", "stock", "collection"))

WEB: list[dict[str, Any]] = [
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:00", "product_id": "p1", "cart_id": "c1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:10", "product_id": "p2", "cart_id": "c1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:20", "product_id": "p1", "cart_id": "c1"},
    {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-20T09:21", "product_id": "p3", "cart_id": "c1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:22", "product_id": "p3", "cart_id": "c2"},
    {"customer_id": "b", "event": "add_to_cart", "occurred_at": "2026-04-20T09:22", "product_id": "p3", "cart_id": "c1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T11:00", "product_id": "p3", "cart_id": "c1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:30", "product_id": "p1"},
    {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-20T09:31", "product_id": "gone", "cart_id": "c1"},
]


def items(shop: Shop, engine: DuckEngine, trigger: dict[str, Any], **columns: Any) -> list[list[dict[str, Any]]]:
    """Return the items of a journey that customer `a` entered at 10:00 by this event."""
    products = [{"product_id": name, "title": title, "list_price": "9.90"} for name, title in (("p1", "O'Neil <b>"), ("p2", "Šála"), ("p3", "Hat"))]
    fill(engine, shop, {"products": products, "web": WEB})
    row = {"subject": 7, "customer_id": "a", "entered_at": "2026-04-20 08:00:00", "trigger": json.dumps(trigger), "campaign": 1, "is_new": True}
    engine.table("subjects", SUBJECTS, [tuple((row | columns).values())])
    query = items_query(shop.schema, shop.compiler().events.scans.schema.tables_of("add_to_cart"), 1)
    assert query is not None
    return [json.loads(found) for _, found in engine.run(query.sql, query.values)]


def test_the_items_are_those_of_the_same_cart_up_to_the_entry(shop: Shop, engine: DuckEngine) -> None:
    """Each product once, how often it was put in, the latest first; what is no longer sold is left out."""
    assert items(shop, engine, {"cart_id": "c1", "product_id": "p2"}) == [
        [
            {
                "product_id": "p1",
                "quantity": 2,
                "title": "O'Neil <b>",
                "category": None,
                "brand": None,
                "list_price": 9.9,
                "stock": None,
                "collection": None,
            },
            {
                "product_id": "p2",
                "quantity": 1,
                "title": "Šála",
                "category": None,
                "brand": None,
                "list_price": 9.9,
                "stock": None,
                "collection": None,
            },
        ]
    ]


def test_without_a_cart_the_item_is_the_product_itself(shop: Shop, engine: DuckEngine) -> None:
    found = items(shop, engine, {"cart_id": None, "product_id": "p1"})
    assert [[item["product_id"] for item in one] for one in found] == [["p1"]]
    assert found[0][0]["quantity"] == 1


@pytest.mark.parametrize("columns", [{"is_new": False}, {"campaign": 2}])
def test_items_are_found_for_who_enters_this_campaign_now(shop: Shop, engine: DuckEngine, columns: dict[str, Any]) -> None:
    assert items(shop, engine, {"cart_id": "c1"}, **columns) == []


def test_an_event_that_names_no_product_has_no_items(shop: Shop) -> None:
    assert items_query(shop.schema, shop.schema.tables_of("visit"), 1) is None
