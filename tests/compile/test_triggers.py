"""When journeys begin: occurrences with their key, their due instant and their facts, executed on DuckDB."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from compile.shop import Shop, fill, open_shop
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.trigger import Happened

if TYPE_CHECKING:
    from pathlib import Path

    from compile.shop import Given

LONG_AGO = "2020-01-01T00:00"
CUSTOMERS: list[dict[str, Any]] = [{"customer_id": who} for who in "abc"]


@dataclass(frozen=True)
class Occurrence:
    """A row of the query; times are by the shop's clock."""

    customer: str
    key: str
    at: str
    due: str
    facts: dict[str, Any]


def happened(root: Path, trigger: str, given: Given, *, as_of: str = "2026-05-01T12:00", after: str = LONG_AGO) -> list[Occurrence]:
    """Return what became due after `after` up to `as_of`, oldest first."""
    steps = f"name: c\ntrigger: {trigger}\nsteps: [{{stop: here}}]\n"
    shop = open_shop(root, {"campaigns/c.yml": steps}, as_of)
    happens = shop.project.campaigns["c"].trigger
    assert isinstance(happens, Happened)
    start = shop.moment.read_time(after)
    assert start is not None
    query = occurrences_query(shop.compiler(), happens.query, Due(start))
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, {"customers": CUSTOMERS} | given)
        rows = engine.run(query.sql, query.values)
        assert sorted(map(str, engine.run(query.readable()))) == sorted(map(str, rows))
    return [Occurrence(row[0], row[1], local(shop, row[2]), local(shop, row[3]), json.loads(row[4])) for row in rows]


def local(shop: Shop, instant: datetime) -> str:
    """Return a naive UTC instant by the shop's clock."""
    return datetime.fromisoformat(f"{instant.isoformat()}+00:00").astimezone(shop.moment.zone).strftime("%Y-%m-%dT%H:%M")


def test_an_event_is_known_by_its_sources_key_and_due_at_once(tmp_path: Path) -> None:
    orders: list[dict[str, Any]] = [
        {"order_id": "o2", "customer_id": "b", "ordered_at": "2026-04-30T11:00", "total": 10},
        {"order_id": "o1", "customer_id": "a", "ordered_at": "2026-04-30T10:00", "total": "12.50", "delivered_at": "2026-05-01T08:00"},
        {"order_id": "o3", "customer_id": "a", "ordered_at": "2026-05-01T12:01", "total": 10},
    ]
    found = happened(tmp_path, "{did: order}", {"orders": orders})
    assert [(one.customer, one.key, one.at, one.due) for one in found] == [
        ("a", "o1", "2026-04-30T10:00", "2026-04-30T10:00"),
        ("b", "o2", "2026-04-30T11:00", "2026-04-30T11:00"),
    ]
    assert found[0].facts == {
        "order_id": "o1", "customer_id": "a", "ordered_at": "2026-04-30T08:00:00Z", "delivered_at": "2026-05-01T06:00:00Z", "total": 12.5,
        "status": None, "coupon": None, "margin": None, "discount": None, "source": None,
    }  # fmt: skip


def test_without_a_key_event_time_and_product_tell_them_apart(tmp_path: Path) -> None:
    web = [
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-30T10:00", "product_id": "p1"},
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-30T10:00", "product_id": "p2"},
        {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-30T10:00", "product_id": "p1"},
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-30T10:01"},
        {"customer_id": "b", "event": "view_item", "occurred_at": "2026-04-30T10:00", "product_id": "p1"},
    ]
    found = happened(tmp_path, "{did: [view_item, add_to_cart]}", {"web": web})
    assert [(one.customer, one.key) for one in found] == [
        ("a", "add_to_cart|2026-04-30 08:00:00|p1"),
        ("a", "view_item|2026-04-30 08:00:00|p1"),
        ("a", "view_item|2026-04-30 08:00:00|p2"),
        ("b", "view_item|2026-04-30 08:00:00|p1"),
        ("a", "view_item|2026-04-30 08:01:00"),
    ]


def test_in_a_sequence_each_event_keeps_its_own_name(tmp_path: Path) -> None:
    """Two events of one instant and product, from one source, are two occurrences, in a sequence as alone."""
    web = [
        {"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-30T10:00", "product_id": "p1"},
        {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-04-30T10:00", "product_id": "p1"},
    ]
    trigger = "{did: [view_item, add_to_cart], not_followed_by: {did: order, within: 1 hour}}"
    found = happened(tmp_path, trigger, {"web": web})
    assert [one.key for one in found] == ["add_to_cart|2026-04-30 08:00:00|p1", "view_item|2026-04-30 08:00:00|p1"]
    assert [one.facts["event"] for one in found] == ["add_to_cart", "view_item"]


def test_rows_with_one_key_are_one_occurrence(tmp_path: Path) -> None:
    """The ledger knows an occurrence once; so does the query, also where the export repeats a row."""
    web = [{"customer_id": "a", "event": "view_item", "occurred_at": "2026-04-30T10:00", "seconds": n} for n in (5, 7)]
    assert [one.facts["seconds"] for one in happened(tmp_path / "plain", "{did: view_item}", {"web": web})] == [5]
    sequence = "{did: view_item, not_followed_by: {did: order, within: 1 hour}}"
    assert len(happened(tmp_path / "sequence", sequence, {"web": web})) == 1


def test_a_row_whose_key_is_missing_still_has_one(tmp_path: Path) -> None:
    found = happened(tmp_path, "{did: order}", {"orders": [{"customer_id": "a", "ordered_at": "2026-04-30T10:00"}]})
    assert [one.key for one in found] == ["order|2026-04-30 08:00:00"]


def test_only_what_became_due_since_then_counts(tmp_path: Path) -> None:
    """After `after`, which is judged already, up to and with as_of."""
    orders = [
        {"order_id": name, "customer_id": "a", "ordered_at": at}
        for name, at in (("before", "2026-04-30T09:59"), ("judged", "2026-04-30T10:00"), ("new", "2026-04-30T10:01"), ("now", "2026-05-01T12:00"))
    ]
    found = happened(tmp_path, "{did: order}", {"orders": orders}, after="2026-04-30T10:00")
    assert [one.key for one in found] == ["new", "now"]


CART = "{did: add_to_cart, not_followed_by: [{did: order, within: 30 minutes}, {did: add_to_cart, within: 2 hours}]}"


def test_a_sequence_is_due_when_its_last_window_is_over(tmp_path: Path) -> None:
    web = [{"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-05-01T10:00", "product_id": "p1", "cart_id": "c1"}]
    assert happened(tmp_path / "early", CART, {"web": web}, as_of="2026-05-01T11:59") == []
    found = happened(tmp_path / "over", CART, {"web": web}, as_of="2026-05-01T12:00")
    assert [(one.key, one.at, one.due) for one in found] == [("add_to_cart|2026-05-01 08:00:00|p1", "2026-05-01T10:00", "2026-05-01T12:00")]
    assert happened(tmp_path / "judged", CART, {"web": web}, as_of="2026-05-02T12:00", after="2026-05-01T12:00") == []


def test_a_sequence_that_was_followed_never_becomes_due(tmp_path: Path) -> None:
    web = [
        {"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-05-01T08:00"},
        {"customer_id": "b", "event": "add_to_cart", "occurred_at": "2026-05-01T08:00"},
        {"customer_id": "b", "event": "add_to_cart", "occurred_at": "2026-05-01T09:00"},
    ]
    orders = [{"order_id": "1", "customer_id": "a", "ordered_at": "2026-05-01T08:10"}]
    found = happened(tmp_path, CART, {"web": web, "orders": orders})
    assert [(one.customer, one.at) for one in found] == [("b", "2026-05-01T09:00")]


def test_facts_are_of_the_row_its_parent_and_its_lookup(tmp_path: Path) -> None:
    given: Given = {
        "products": [{"product_id": "p1", "title": "Phone", "list_price": 900, "stock": 3}],
        "orders": [{"order_id": "o1", "customer_id": "a", "ordered_at": "2026-04-30T10:00", "status": "paid", "total": 5}],
        "order_items": [{"order_id": "o1", "product_id": "p1", "quantity": 2, "price": "0.10"}],
    }
    found = happened(tmp_path, "{did: buy_item, where: {status: paid}}", given)
    assert len(found) == 1
    assert {name: found[0].facts[name] for name in ("title", "list_price", "stock", "status", "total", "quantity", "price", "brand")} == {
        "title": "Phone", "list_price": 900, "stock": 3, "status": "paid", "total": 5, "quantity": 2, "price": 0.1, "brand": None,
    }  # fmt: skip
    assert found[0].facts["ordered_at"] == "2026-04-30T08:00:00Z"


def test_facts_of_a_sequence_are_those_of_the_event_that_began_it(tmp_path: Path) -> None:
    web = [{"customer_id": "a", "event": "add_to_cart", "occurred_at": "2026-05-01T08:00", "product_id": "p1", "seconds": 9}]
    found = happened(tmp_path, CART, {"web": web, "products": [{"product_id": "p1", "title": "Phone"}]})
    assert [(one.facts["title"], one.facts["seconds"], one.facts["occurred_at"]) for one in found] == [("Phone", 9, "2026-05-01T06:00:00Z")]


@pytest.mark.parametrize(
    ("at", "after", "as_of"),
    [
        ("2026-03-01T01:30", "2026-04-01T01:15", "2026-04-02T00:00"),  # the clock changed in between
        ("2026-02-28T23:00", "2026-03-28T22:59", "2026-03-29T12:00"),  # a month back from 28 March is 28 February, earlier
        ("2026-01-31T12:00", "2026-02-28T11:59", "2026-02-28T12:00"),  # the end of a short month
        ("2026-01-28T12:00", "2026-02-28T11:59", "2026-02-28T12:00"),
    ],
)
def test_a_window_of_a_month_loses_nobody_between_two_ticks(tmp_path: Path, at: str, after: str, as_of: str) -> None:
    """What was not due at the tick before is due at this one, whatever a month was."""
    trigger, given = (
        "{did: order, not_followed_by: {did: visit, within: 1 month}}",
        {"orders": [{"order_id": "o", "customer_id": "a", "ordered_at": at}]},
    )
    whole = [one.key for one in happened(tmp_path / "whole", trigger, given, as_of=as_of)]
    before = [one.key for one in happened(tmp_path / "before", trigger, given, as_of=after)]
    now = [one.key for one in happened(tmp_path / "now", trigger, given, as_of=as_of, after=after)]
    assert before + now == whole == ["o"]


def test_occurrences_are_the_same_whenever_one_looks(tmp_path: Path) -> None:
    """Ticks of any length, one after the other, give every occurrence exactly once."""
    web = [{"customer_id": "abc"[n % 3], "event": "add_to_cart", "occurred_at": f"2026-04-30T{8 + n % 9:02}:{7 * n % 60:02}"} for n in range(40)]
    orders = [{"order_id": str(n), "customer_id": "abc"[n % 3], "ordered_at": f"2026-04-30T{8 + n:02}:20"} for n in range(9)]
    given: Given = {"web": web, "orders": orders}
    ticks = [LONG_AGO, *(f"2026-04-30T{hour:02}:{minute}" for hour in range(8, 21, 3) for minute in ("00", "37")), "2026-05-01T12:00"]
    parts = [happened(tmp_path / str(n), CART, given, as_of=end, after=start) for n, (start, end) in enumerate(pairwise(ticks))]
    whole = happened(tmp_path / "whole", CART, given)
    assert sorted((one.customer, one.key) for part in parts for one in part) == sorted((one.customer, one.key) for one in whole)
    assert len(whole) > 3
