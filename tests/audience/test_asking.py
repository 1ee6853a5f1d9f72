"""What an analyst asks of segments: how many, who, with what; who uses one; and conditions in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from compile.shop import Given, Shop, fill, open_shop
from retention_cli.audience.members import Pick, Size, members, sizes
from retention_cli.audience.uses import uses_of
from retention_cli.audience.words import in_words
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEGMENTS = """\
- {name: buyers, where: {did: order}}
- {name: czech, where: {country: CZ}}
- {name: nobody, where: {country: XX}}
- {name: everybody, where: {everyone: true}}
"""
GIVEN: Given = {
    "customers": [
        {"customer_id": "b", "country": "CZ"}, {"customer_id": "a", "country": "CZ"}, {"customer_id": "10"}, {"customer_id": "9", "country": "SK"},
    ],
    "orders": [{"order_id": "1", "customer_id": "a", "ordered_at": "2026-01-01", "total": "9.90"}],
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, {"segments/all.yml": SEGMENTS})


@pytest.fixture
def engine(shop: Shop) -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        fill(opened, shop, GIVEN)
        yield opened


def test_sizes_are_counted_of_all_customers(shop: Shop, engine: DuckEngine) -> None:
    found = sizes(engine, shop.compiler(), {name: segment.where for name, segment in shop.project.segments.items()})
    assert found == [Size("buyers", 1, 4), Size("czech", 2, 4), Size("nobody", 0, 4), Size("everybody", 4, 4)]
    assert [size.share for size in found] == [0.25, 0.5, 0, 1]


def test_of_no_customers_the_share_is_none(shop: Shop, engine: DuckEngine) -> None:
    fill(engine, shop, {})
    assert sizes(engine, shop.compiler(), {"everybody": shop.project.segments["everybody"].where}) == [Size("everybody", 0, 0)]
    assert Size("everybody", 0, 0).share == 0


def test_members_come_in_the_order_of_their_ids_with_the_fields_asked_for(shop: Shop, engine: DuckEngine) -> None:
    where = shop.project.segments["everybody"].where
    found = members(engine, shop.compiler, where, ["country", "total_spent", "last_order_at", "customer_id"], Pick(9))
    assert found.columns == ("customer_id", "country", "total_spent", "last_order_at")
    assert [row[:3] for row in found.rows] == [("10", None, 0), ("9", "SK", 0), ("a", "CZ", Decimal("9.90")), ("b", "CZ", 0)]
    assert (found.size, found.of) == (4, 4)


def test_a_limit_leaves_the_size_whole(shop: Shop, engine: DuckEngine) -> None:
    found = members(engine, shop.compiler, shop.project.segments["czech"].where, (), Pick(1))
    assert (found.size, found.of, found.columns, found.rows) == (2, 4, ("customer_id",), [("a",)])
    assert members(engine, shop.compiler, shop.project.segments["nobody"].where, (), Pick(5)).rows == []


CAMPAIGN = """\
name: {name}
trigger: {trigger}
steps: {steps}
exit: {exit}
audience: {audience}
goals: {{g: {{when: {goal}, window: 1 day}}}}
"""
PLAIN = {
    "trigger": "{did: order}", "steps": "[{stop: here}]", "exit": "{x: {did: order, since: entry}}", "audience": "{everyone: true}",
    "goal": "{did: order}",
}  # fmt: skip
NAMES = {
    "by_trigger": {"trigger": "{enters: vip}"},
    "by_audience": {"audience": "{none: [{segment: vip}]}"},
    "by_exit": {"exit": "{x: {not: {segment: vip}}}"},
    "by_branch": {"steps": "[{if: {country: CZ}, then: [{if: {segment: vip}, then: [{stop: here}]}]}]"},
    "by_goal": {"goal": "{any: [{did: order}, {segment: vip}]}"},
    "not_at_all": {},
}


def test_uses_are_found_wherever_a_segment_is_named(tmp_path: Path) -> None:
    files = {f"campaigns/{name}.yml": CAMPAIGN.format(name=name, **PLAIN | parts) for name, parts in NAMES.items()}
    files["segments/all.yml"] = (
        "- {name: vip, where: {country: CZ}}\n"
        "- {name: deep, where: {not: [{age: 1}, {any: [{segment: vip}]}]}}\n"
        "- {name: x, where: {segment: deep}}\n"
    )
    project = open_shop(tmp_path, files).project
    assert uses_of(project, "vip") == ("segment deep", *(f"campaign {name}" for name in sorted(NAMES) if name != "not_at_all"))
    assert uses_of(project, "deep") == ("segment x",)
    assert uses_of(project, "x") == ()


WORDS = [
    ("{country: CZ}", "country = CZ"),
    ("{country: [CZ, SK]}", "country in CZ, SK"),
    ("{country: {not_in: [CZ, SK]}}", "country not in CZ, SK"),
    ("{country: missing}", "country missing"),
    ("{city: {is: praha, ignore_case: true}}", "city = praha (ignoring case)"),
    ("{age: {at_least: 18, less_than: 65}}", "age >= 18 and age < 65"),
    ("{age: {between: [18, 65]}}", "age between 18 and 65"),
    ("{registered_at: {older_than: 50 days}}", "registered_at older than 50 days"),
    ("{everyone: true}", "everyone"),
    ("{segment: vip}", "segment vip"),
    ("{not: {country: CZ}}", "not"),
    ("{none: [{country: CZ}]}", "none of"),
    ("{did: order}", "did order"),
    ("{did_not: [order, visit], within: 90 days}", "did_not order or visit within 90 days"),
    ("{did: order, times: {at_least: 2}, since: 2026-01-01}", "did order since 2026-01-01 times >= 2"),
    ("{did: buy_item, where: [{brand: Apple}, {any: [{quantity: 2}, {not: {price: 1}}]}]}",
     "did buy_item where brand = Apple and (quantity = 2 or not price = 1)"),
    ("{did: buy_item, where: {none: [{brand: Apple}, {price: 1}]}}", "did buy_item where none of (brand = Apple or price = 1)"),
    (
        "{did: view_item, not_followed_by: [{did: order, within: 1 day}, {did: buy_item, same: product_id}]}",
        "did view_item not followed by order within 1 day not followed by buy_item of the same product_id",
    ),
    (
        "{did: view_item, not_followed_by: {did: buy_item, where: {brand: Apple}, within: 1 day}}",
        "did view_item not followed by buy_item where brand = Apple within 1 day",
    ),
    ("{total_of: {did: order, field: total, within: 1 year, value: {at_least: 100}}}", "total_of total of order within 1 year >= 100"),
    ("{count_of: {did: order, value: 2}}", "count_of events of order = 2"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "words"), WORDS)
def test_a_condition_reads_like_its_yaml(tmp_path: Path, written: str, words: str) -> None:
    files = {"segments/asked.yml": f"where: {written}\n", "segments/vip.yml": "where: {country: CZ}\n"}
    assert in_words(open_shop(tmp_path, files).project.segments["asked"].where) == words
