"""A hundred segments of ten kinds, as YAML for the tool and as booleans for the plan that is written by hand.

The first fifty bring the features; the second fifty ask the same features other questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Segment = tuple[str, str, str]
"""A name, the condition in YAML, and the same as SQL over the features of `FEATURES`."""

_COUNTRIES = ("CZ", "SK", "PL", "DE", "AT")
_BRANDS = ("Apple", "Bosch", "Ikea", "Lego", "Nike")
_AISLES = ("Kitchen", "Garden", "Bath", "Office", "Kids")
_AGES = (30, 50, 90, 180, 365)
_NOW = "TIMESTAMP '2026-05-01'"


def _ago(days: int) -> str:
    return f"{_NOW} - INTERVAL {days} DAY"


def segments(rounds: int) -> list[Segment]:
    """Return fifty segments a round; the second round asks nothing new of the events."""
    return [segment for number in range(rounds) for segment in _round(number)]


def _round(number: int) -> Iterator[Segment]:
    for n in range(5):
        yield from _kinds(n, number, f"{n}_{number}")


def _kinds(n: int, number: int, mark: str) -> Iterator[Segment]:
    """Yield the n-th of each kind; `number` moves what is asked, not what is counted."""
    more, money = n + 2 + 3 * number, 100 * (n + 1) + 50 * number
    days, country, brand, aisle = _AGES[n], _COUNTRIES[n], _BRANDS[n], _AISLES[n]
    often = 1 + number
    yield f"frequent_{mark}", f"{{orders_count: {{at_least: {more}}}}}", f"o.orders >= {more}"
    yield f"silent_{mark}", f"{{last_order_at: {{older_than: {days + 5 * number} days}}}}", f"coalesce(o.latest <= {_ago(days + 5 * number)}, false)"
    yield f"spent_{mark}", f"{{total_spent: {{at_least: {money}}}}}", f"o.spent >= {money}"
    yield (
        f"spent_lately_{mark}",
        f"{{total_of: {{did: order, field: total, within: {days} days, value: {{at_least: {money}}}}}}}",
        f"o.spent_{days} >= {money}",
    )
    yield (
        f"viewed_{mark}",
        f"{{did: view_item, where: {{category: {{under: Home/{aisle}}}}}, times: {{at_least: {often}}}, within: 90 days}}",
        f"w.viewed_{n} >= {often}",
    )
    yield f"brand_{mark}", f"{{did: buy_item, where: {{brand: {brand}}}, times: {{at_least: {often}}}}}", f"i.brand_{n} >= {often}"
    yield (
        f"app_{mark}",
        f"{{did: app_open, where: {{os: iOS}}, within: {days} days, times: {{at_least: {often}}}}}",
        f"w.app_{days} >= {often}",
    )
    yield (
        f"visits_{mark}",
        f"{{did: page_view, distinct: session, within: {days} days, times: {{at_least: {more}}}}}",
        f"coalesce(d{n}.sessions, 0) >= {more}",
    )
    yield (
        f"left_cart_{mark}",
        f"{{did: add_to_cart, within: {days} days, not_followed_by: {{did: order, within: 1 day}}, times: {{at_least: {often}}}}}",
        f"coalesce(s{n}.carts, 0) >= {often}",
    )
    yield (
        f"local_{mark}",
        f"[{{country: {country}}}, {{newsletter: true}}, {{average_order_value: {{at_least: {20 * (n + 1) + 5 * number}}}}}]",
        f"c.country = '{country}' AND c.newsletter AND coalesce(o.spent / o.orders >= {20 * (n + 1) + 5 * number}, false)",
    )


def write_segments(project: Path, rounds: int) -> list[str]:
    """Write the segments of a project, the descriptions left out; return their names."""
    found = segments(rounds)
    lines = "".join(f"- {{name: {name}, where: {where}}}\n" for name, where, _ in found)
    (project / "segments").mkdir(exist_ok=True)
    (project / "segments" / "segments.yml").write_text(lines, encoding="utf-8")
    return [name for name, _, _ in found]


def by_hand(rounds: int) -> str:
    """Return the plan as somebody would write it who wants it quick: each table once, each DISTINCT and sequence on its own.

    Of an event table only the rows that somebody asks for are read, the lookups are turned into flags of the products first,
    and `{source}` stands for a Parquet file.
    """
    spent = ", ".join(f"coalesce(sum(total) FILTER (ordered_at > {_ago(days)}), 0) AS spent_{days}" for days in _AGES)
    viewed = ", ".join(f"count(*) FILTER (event = 'view_item' AND aisle_{n} AND occurred_at > {_ago(90)}) AS viewed_{n}" for n in range(5))
    app = ", ".join(f"count(*) FILTER (event = 'app_open' AND os = 'iOS' AND occurred_at > {_ago(days)}) AS app_{days}" for days in _AGES)
    aisles = ", ".join(f"contains('/' || category || '/', '/Home/{aisle}/') AS aisle_{n}" for n, aisle in enumerate(_AISLES))
    bought = ", ".join(f"count(*) FILTER (brand = '{brand}') AS brand_{n}" for n, brand in enumerate(_BRANDS))
    brands = ", ".join(f"'{brand}'" for brand in _BRANDS)
    orders = "count(*) AS orders, sum(total) AS spent, max(ordered_at) AS latest"
    seen = f"occurred_at <= {_NOW} AND event IN ('view_item', 'app_open')"
    named = f"ordered_at <= {_NOW} AND brand IN ({brands})"
    parts = [
        f"o AS (SELECT customer_id, {orders}, {spent} FROM '{{orders}}' WHERE ordered_at <= {_NOW} GROUP BY ALL)",
        f"p AS (SELECT product_id, {aisles} FROM '{{products}}')",
        f"w AS (SELECT customer_id, {viewed}, {app} FROM '{{web}}' LEFT JOIN p USING (product_id) WHERE {seen} GROUP BY ALL)",
        f"i AS (SELECT customer_id, {bought} FROM '{{order_items}}' JOIN '{{products}}' USING (product_id) WHERE {named} GROUP BY ALL)",
        *(_distinct(n, days) for n, days in enumerate(_AGES)),
        *(_sequence(n, days) for n, days in enumerate(_AGES)),
    ]
    joins = " ".join(f"LEFT JOIN {name} USING (customer_id)" for name in ("o", "w", "i", *(f"d{n}" for n in range(5)), *(f"s{n}" for n in range(5))))
    columns = ", ".join(f"coalesce({boolean}, false) AS {name}" for name, _, boolean in segments(rounds))
    return f"WITH {', '.join(parts)} SELECT c.customer_id, {columns} FROM '{{customers}}' c {joins}"


def _distinct(n: int, days: int) -> str:
    rows = f"SELECT customer_id, session FROM '{{web}}' WHERE event = 'page_view' AND occurred_at > {_ago(days)} AND occurred_at <= {_NOW}"
    return f"d{n} AS (SELECT customer_id, count(DISTINCT session) AS sessions FROM ({rows}) GROUP BY ALL)"


def _sequence(n: int, days: int) -> str:
    over = f"occurred_at > {_ago(days)} AND occurred_at <= {_NOW} - INTERVAL 1 DAY"
    carts = f"SELECT customer_id, occurred_at AS at_ FROM '{{web}}' WHERE event = 'add_to_cart' AND {over}"
    orders = f"SELECT customer_id, ordered_at FROM '{{orders}}' WHERE ordered_at > {_ago(days)} AND ordered_at <= {_NOW}"
    left = f"SELECT c.customer_id FROM ({carts}) c ASOF LEFT JOIN ({orders}) f ON c.customer_id = f.customer_id AND c.at_ < f.ordered_at"
    alone = "f.ordered_at IS NULL OR f.ordered_at > c.at_ + INTERVAL 1 DAY"
    return f"s{n} AS (SELECT customer_id, count(*) AS carts FROM ({left} WHERE {alone}) GROUP BY ALL)"
