"""All segments are one plan: each event table is scanned once, each feature computed once, and the SQL can be read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compile.shop import Shop, fill, open_shop
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.segments import segments_query
from retention_cli.compile.subjects import Questions, subjects_query
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.sql import Query

GOLDEN = Path(__file__).parent / "golden"

SEGMENTS = """\
- {name: buyers, where: {did: order}}
- {name: asleep, where: {orders_count: {at_least: 2}, last_order_at: {older_than: 50 days}}}
- {name: valuable, where: {total_spent: {at_least: 1000}, average_order_value: {at_least: 200}}}
- {name: big_baskets, where: {average_of: {did: order, field: total, value: {at_least: 500}}}}
- {name: used_coupons, where: {did: order, where: {coupon: present}, times: {at_least: 2}}}
- {name: apple_fans, where: {did: buy_item, where: {brand: Apple}, times: {at_least: 2}, within: 1 year}}
- {name: case_buyers, where: {did: buy_item, where: {category: Cases, status: paid}}}
- {name: onlookers, where: [{did: view_item, times: {at_least: 3}, within: 30 days}, {did_not: order}]}
- {name: left_a_cart, where: {did: add_to_cart, not_followed_by: {did: order, within: 1 day}}}
- {name: steady, where: {days_between_orders: {at_most: 40}}}
- {name: typical, where: {median_of: {did: order, field: total, value: {between: [100, 500]}}}}
- {name: best, where: {all: [{segment: valuable}, {none: [{segment: asleep}, {segment: onlookers}]}]}}
- {name: czech_best, where: [{country: CZ}, {segment: best}]}
"""
SEPARATE = {"orders": 3, "web": 1}
"""Passes of their own: the median, the gaps, and the sequence (which reads orders and web)."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, {"segments/all.yml": SEGMENTS})


@pytest.fixture
def engine(shop: Shop) -> Iterator[DuckEngine]:
    """A shop with enough rows that the optimizer has something to scan."""
    orders = [
        {"order_id": f"{n}", "customer_id": f"{n % 7}", "ordered_at": f"2026-0{n % 4 + 1}-1{n % 9}", "total": 90 * n, "coupon": "A" * (n % 2)}
        for n in range(40)
    ]
    with DuckEngine(threads=1) as opened:
        given: dict[str, list[dict[str, Any]]] = {
            "customers": [{"customer_id": f"{n}", "country": "CZ"} for n in range(9)],
            "products": [{"product_id": "p", "brand": "Apple", "category": "Cases"}],
            "orders": orders,
            "order_items": [{"order_id": f"{n}", "product_id": "p"} for n in range(40)],
            "web": [{"customer_id": f"{n % 9}", "event": "view_item", "occurred_at": "2026-04-20", "device": "tablet"} for n in range(40)],
        }
        given["web"] += [{"customer_id": f"{n}", "event": "add_to_cart", "occurred_at": f"2026-04-1{n}"} for n in range(9)]
        fill(opened, shop, given)
        yield opened


def everything(shop: Shop) -> Query:
    """Return the plan of all segments."""
    return segments_query(shop.compiler(), {name: segment.where for name, segment in shop.project.segments.items()})


def scans(engine: DuckEngine, query: Query) -> Counter[str]:
    """Count how often a query's plan scans each table."""
    tree = json.loads(engine.run(f"EXPLAIN (FORMAT json) {query.sql}", query.values)[0][1])
    found: Counter[str] = Counter()
    left = list(tree)
    while left:
        node = left.pop()
        left += node["children"]
        table = node["extra_info"].get("Table")
        if table is not None:
            found[table.rpartition(".")[2]] += 1
    return found


def test_one_plan_scans_every_event_table_once_but_for_what_needs_a_pass_of_its_own(shop: Shop, engine: DuckEngine) -> None:
    found = scans(engine, everything(shop))
    events = {"orders", "order_items", "web"}
    lookups = Counter({"orders": 1, "products": 1})
    for table in events:
        assert 1 <= found[table] - lookups[table] <= 1 + SEPARATE.get(table, 0), table
    assert found["customers"] == 1
    assert set(found) <= events | {"customers", "products"}


WIDE = """\
- {name: shared_1, where: {did: order, during: last_month}}
- {name: shared_2, where: {did: order, regularly: {every: 1 month, in: {at_least: 2, of: 4}}}}
- {name: shared_3, where: {first_of: {did: order, field: coupon, value: A}}}
- {name: shared_4, where: {latest_of: {did: order, field: total, value: {at_least: 90}}}}
- {name: shared_5, where: {did: order, where: {hour: {between: [8, 12]}, weekday: monday}}}
- {name: shared_6, where: {total_spent: {top: 20%}}}
- {name: shared_7, where: {average_order_value: {at_least: {percentile: 75}}}}
- {name: shared_8, where: {days_since_last_order: {more_than: {metric: average_order_value, factor: 2, if_missing: 9}}}}
- {name: shared_9, where: {rfm_score: "555"}}
- {name: shared_10, where: {rfm_group: champions}}
- {name: shared_11, where: {tier: gold, big: true}}
- {name: shared_12, where: {sql: "total_spent > 3 * average_order_value or big or rfm_monetary = 5"}}
- {name: shared_13, where: [{sample: {share: 50%, name: pilot}}, {orders_count: {bottom: 10%}}]}
- {name: shared_14, where: {did: {source: web}}}
- {name: shared_15, where: {did: {starts_with: view}, where: {category: {under: Cases}}}}
- {name: apart_1, where: {lifecycle: loyal}}
- {name: apart_2, where: {did: order, distinct: status, times: {at_least: 2}}}
- {name: apart_3, where: {did: order, nth: 2, within: 1 year}}
- {name: apart_4, where: {did: view_item, followed_by: {did: add_to_cart, not_followed_by: {did: order, within: 1 day}}}}
- {name: apart_5, where: {favourite_brand: Apple}}
- {name: apart_6, where: {usual_order_hour: {at_least: 8}}}
"""
WIDE_METRICS = "big: {when: {total_spent: {top: 10%}}}\n"
WIDE_GROUPS = (
    "name: tier\nfirst_match: true\ndivisions: {gold: {rfm_monetary: 5}, silver: {total_spent: {at_least: {percentile: 50}}}}\notherwise: none_yet\n"
)
WIDE_SEPARATE = {"orders": 5, "web": 1, "order_items": 1}
"""Gaps between orders, distinct statuses, the second order, the sequence, and the favourite hour; the sequence; the favourite brand."""


def test_shares_scores_groups_and_expressions_scan_nothing_more(tmp_path: Path, engine: DuckEngine) -> None:
    """However often a threshold over all customers is asked for, each event table is read once and once for each pass of its own."""
    files = {"segments/all.yml": WIDE, "metrics/own.yml": WIDE_METRICS, "groups/tier.yml": WIDE_GROUPS}
    wide = open_shop(tmp_path / "wide", files)
    found = scans(engine, everything(wide))
    lookups = Counter({"orders": 1})  # a line's own order
    for table in ("orders", "order_items", "web"):
        assert 1 <= found[table] - lookups[table] <= 1 + WIDE_SEPARATE.get(table, 0), (table, found)
    alone = {name: segment.where for name, segment in wide.project.segments.items() if name.startswith("shared")}
    shared = scans(engine, segments_query(wide.compiler(), alone))
    assert {table: shared[table] for table in ("orders", "order_items", "web")} == {"orders": 1, "order_items": 0, "web": 1}


MANY_WINDOWS = "".join(
    f"""\
- {{name: left_{n}, where: {{did: add_to_cart, {window}, not_followed_by: {{did: order, within: 1 day}}}}}}
- {{name: devices_{n}, where: {{did: view_item, {window}, distinct: device, times: {{at_least: 2}}}}}}
- {{name: cart_devices_{n}, where: {{did: add_to_cart, {window}, distinct: device}}}}
"""
    for n, window in enumerate(["within: 7 days", "within: 30 days", "within: 2 months", "since: 2026-01-01", "within: 1 year"])
)


def test_what_differs_in_its_window_alone_is_read_once(tmp_path: Path, engine: DuckEngine) -> None:
    """Five windows of one sequence are a pass, and so are ten counts of one column's values."""
    many = open_shop(tmp_path / "many", {"segments/all.yml": MANY_WINDOWS})
    found = scans(engine, everything(many))
    assert {table: found[table] for table in ("orders", "order_items", "web")} == {"orders": 1, "order_items": 0, "web": 2}


def test_a_shared_pass_reads_back_to_its_earliest_window_and_no_further(tmp_path: Path) -> None:
    """A question without a window needs all rows."""
    many = open_shop(tmp_path / "many", {"segments/all.yml": MANY_WINDOWS})
    rows = {cte.alias: cte.this.sql(dialect="duckdb") for cte in everything(many).tree.ctes}
    assert rows["add_to_cart_not_followed_rows"].count("> $v_1_year_ago") == len(("web", "orders"))
    assert "30_days" not in rows["add_to_cart_not_followed_rows"]
    unbounded = "- {name: ever, where: {did: add_to_cart, not_followed_by: {did: order, within: 1 day}}}\n"
    everyone = open_shop(tmp_path / "ever", {"segments/all.yml": MANY_WINDOWS + unbounded})
    found = {cte.alias: cte.this.sql(dialect="duckdb") for cte in everything(everyone).tree.ctes}
    assert "ago" not in found["add_to_cart_not_followed_rows"]


def test_golden_windows(tmp_path: Path) -> None:
    golden("windows.sql", everything(open_shop(tmp_path / "many", {"segments/all.yml": MANY_WINDOWS})).readable())


def test_journeys_add_one_scan_for_all_customers(tmp_path: Path, engine: DuckEngine) -> None:
    """Thresholds are over everybody, so the tables behind them are read once more, whatever is asked."""
    files = {"segments/all.yml": WIDE, "metrics/own.yml": WIDE_METRICS, "groups/tier.yml": WIDE_GROUPS}
    wide = open_shop(tmp_path / "wide", files)
    engine.table("subjects", {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR"}, [(1, "1", None, None)])
    alone = {name: segment.where for name, segment in wide.project.segments.items() if name.startswith("shared")}
    found = scans(engine, subjects_query(wide.compiler(JOURNEYS), Questions(alone)))
    assert {table: found[table] for table in ("orders", "order_items", "web")} == {"orders": 2, "order_items": 0, "web": 1}


def test_a_hundred_more_conditions_on_known_features_scan_nothing_more(shop: Shop, engine: DuckEngine) -> None:
    before = scans(engine, everything(shop))
    wheres = [segment.where for segment in shop.project.segments.values()]
    many = segments_query(shop.compiler(), {f"s_{n}": where for n, where in enumerate(wheres * 8)})
    assert scans(engine, many) == before


def test_equal_features_are_computed_once(shop: Shop) -> None:
    """Eight times the same segments bring not one aggregate more, and the same features under the same names."""
    once = everything(shop)
    wheres = [segment.where for segment in shop.project.segments.values()]
    many = segments_query(shop.compiler(), {f"s_{n}": where for n, where in enumerate(wheres * 8)})
    assert [cte.sql(dialect="duckdb") for cte in many.tree.ctes] == [cte.sql(dialect="duckdb") for cte in once.tree.ctes]
    assert many.values == once.values


def test_the_readable_query_gives_what_the_bound_one_gives(shop: Shop, engine: DuckEngine) -> None:
    query = everything(shop)
    assert "$" not in query.readable()
    assert sorted(engine.run(query.readable())) == sorted(engine.run(query.sql, query.values))


def test_the_same_project_gives_the_same_text(shop: Shop) -> None:
    assert everything(shop).readable() == everything(shop).readable()


def golden(name: str, text: str) -> None:
    """Hold a text to its file; delete the file to write it anew, and read what came."""
    path = GOLDEN / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
        pytest.fail(f"{path.name} was not there; it is written now: read it")
    assert text + "\n" == path.read_text(encoding="utf-8")


def test_golden_segments(shop: Shop) -> None:
    golden("segments.sql", everything(shop).readable())


def test_golden_journeys(shop: Shop) -> None:
    """The same conditions asked of journeys: their features are per journey, for each has its own entry."""
    wheres = {name: shop.project.segments[name].where for name in ("buyers", "left_a_cart", "apple_fans", "steady")}
    golden("journeys.sql", subjects_query(shop.compiler(JOURNEYS), Questions(wheres, ("country", "last_order_at"))).readable())
