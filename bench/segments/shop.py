"""A made-up shop of any size, as Parquet exports: 10 orders, 20 lines and 20 events a customer on average, some with hundreds.

Everything follows from `hash(number * 64 + stream)`: no two streams of one number agree, and no run differs from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = "2026-05-01"
SETTINGS = """\
name: Scale
timezone: UTC
currency: EUR
sources:
  customers: {path: data/customers.parquet, key: customer_id}
  products: {path: data/products.parquet, key: product_id}
  orders: {path: data/orders.parquet, key: order_id, customer: customer_id, time: ordered_at, event: order}
  order_items: {path: data/order_items.parquet, parent: orders, lookup: products, event: buy_item}
  web: {path: data/web.parquet, customer: customer_id, time: occurred_at, event: {column: event}, lookup: products}
"""
_MACRO = "CREATE MACRO chance(number, stream) AS (hash(number * 64 + stream) % 1000000007) / 1000000007.0"
_SHARE = "CREATE MACRO whose(number, stream, people) AS CAST(floor(people * pow(chance(number, stream), 2.2)) AS BIGINT)"
_TABLES = {
    "customers": """
        SELECT 'C' || i AS customer_id, 'c' || i || '@example.com' AS email,
          (['CZ', 'SK', 'PL', 'DE', 'AT'])[1 + CAST(floor(5 * pow(chance(i, 1), 2)) AS INT)] AS country, chance(i, 2) < 0.6 AS newsletter,
          TIMESTAMP '2020-01-01' + to_seconds(CAST(chance(i, 3) * 190000000 AS BIGINT)) AS registered_at
        FROM range($people) t(i)""",
    "products": """
        SELECT 'P' || i AS product_id, 'Home/' || (['Kitchen', 'Garden', 'Bath', 'Office', 'Kids'])[1 + i % 5] || '/Shelf ' || i % 40 AS category,
          (['Apple', 'Bosch', 'Ikea', 'Lego', 'Nike', 'Sony', 'Tefal', 'Zara'])[1 + i % 8] AS brand,
          CAST(5 + 300 * chance(i, 4) AS DECIMAL(10, 2)) AS price
        FROM range(5000) t(i)""",
    "orders": """
        SELECT 'O' || i AS order_id, 'C' || whose(i, 5, $people) AS customer_id,
          TIMESTAMP '2021-01-01' + to_seconds(CAST(chance(i, 6) * 168000000 AS BIGINT)) AS ordered_at,
          CAST(5 + 400 * pow(chance(i, 7), 3) AS DECIMAL(10, 2)) AS total, CAST(60 * chance(i, 8) - 5 AS DECIMAL(10, 2)) AS margin,
          CASE WHEN chance(i, 9) < 0.1 THEN 'SPRING' END AS coupon
        FROM range(10 * $people) t(i)""",
    "order_items": """
        SELECT 'O' || CAST(floor(10 * $people * chance(i, 10)) AS BIGINT) AS order_id,
          'P' || CAST(floor(5000 * pow(chance(i, 11), 2)) AS BIGINT) AS product_id,
          1 + CAST(floor(3 * pow(chance(i, 12), 3)) AS INT) AS quantity, CAST(5 + 300 * chance(i, 13) AS DECIMAL(10, 2)) AS price
        FROM range(20 * $people) t(i)""",
    "web": """
        SELECT 'C' || whose(i, 14, $people) AS customer_id,
          TIMESTAMP '2025-11-01' + to_seconds(CAST(chance(i, 15) * 15600000 AS BIGINT)) AS occurred_at,
          (['view_item', 'view_item', 'view_item', 'page_view', 'add_to_cart', 'app_open'])[1 + CAST(floor(6 * chance(i, 16)) AS INT)] AS event,
          'P' || CAST(floor(5000 * pow(chance(i, 17), 2)) AS BIGINT) AS product_id,
          (['iOS', 'Android', 'Windows'])[1 + CAST(floor(3 * chance(i, 18)) AS INT)] AS os,
          'S' || CAST(floor(5 * $people * chance(i, 19)) AS BIGINT) AS session
        FROM range(20 * $people) t(i)""",
}


def write_shop(folder: Path, people: int) -> Path:
    """Write the project and its exports."""
    (folder / "data").mkdir(parents=True)
    (folder / "retention.yml").write_text(SETTINGS, encoding="utf-8")
    with duckdb.connect() as database:
        for macro in (_MACRO, _SHARE):
            database.execute(macro)
        for name, select in _TABLES.items():
            made = select.replace("$people", str(people))
            database.execute(f"COPY ({made}) TO '{folder / 'data' / f'{name}.parquet'}' (FORMAT parquet, COMPRESSION zstd)")
    return folder
