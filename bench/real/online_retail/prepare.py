"""Make the shop's exports from the raw order lines: `RETENTION_DATA=… python bench/real/online_retail/prepare.py [FOLDER]`.

`RETENTION_DATA` is the folder that holds online_retail/online_retail_2010_2011.parquet. Cancelled invoices and lines without
a customer stay in the exports, as they would in a shop's; leaving them out is the project's business. Addresses are made up.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

LINES = """
CREATE TABLE lines AS
SELECT row_number() OVER () AS line, "Invoice" AS order_id, "StockCode" AS product_id, "Description" AS title, "Quantity" AS quantity,
    "InvoiceDate"::TIMESTAMP AS time, "Price"::DECIMAL(18, 3) AS price, "Customer ID"::VARCHAR AS customer_id, "Country" AS country
FROM read_parquet($raw)
"""
EXPORTS = {
    "customers.csv": """
        SELECT customer_id, 'customer' || customer_id || '@example.com' AS email, arg_max(country, (time, line)) AS country
        FROM lines WHERE customer_id IS NOT NULL GROUP BY customer_id ORDER BY customer_id
    """,
    "products.csv": """
        SELECT product_id, coalesce(arg_max(title, (times, title)), '') AS title
        FROM (SELECT product_id, title, count(*) AS times FROM lines GROUP BY ALL) GROUP BY product_id ORDER BY product_id
    """,
    "orders.csv.gz": """
        SELECT order_id, any_value(customer_id) AS customer_id, min(time) AS ordered_at, sum(quantity * price)::DECIMAL(18, 2) AS total,
            any_value(country) AS country
        FROM lines GROUP BY order_id ORDER BY ordered_at, order_id
    """,
    "order_items.csv.gz": "SELECT order_id, product_id, quantity, price FROM lines ORDER BY line",
}


def prepare(folder: Path) -> None:
    """Write the export files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = Path(os.environ["RETENTION_DATA"]) / "online_retail" / "online_retail_2010_2011.parquet"
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(LINES, {"raw": str(raw)})
        for name, sql in EXPORTS.items():
            database.sql(sql).write_csv(str(folder / name), compression="gzip" if name.endswith(".gz") else None)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
