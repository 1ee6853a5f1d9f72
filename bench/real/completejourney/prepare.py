"""Make the grocer's exports from the raw transactions: `RETENTION_DATA=… python bench/real/completejourney/prepare.py [FOLDER]`.

`RETENTION_DATA` is the folder that holds completejourney/*.parquet. A basket becomes an order, its lines items; what
households said of themselves becomes fields. Addresses are made up.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

EXPORTS = {
    "customers.csv": """
        SELECT household_id AS customer_id, 'household' || household_id || '@example.com' AS email, age, income, household_size, kids_count
        FROM (SELECT DISTINCT household_id FROM '{raw}/transactions.parquet') LEFT JOIN '{raw}/demographics.parquet' USING (household_id)
        ORDER BY customer_id
    """,
    "products.csv": "FROM '{raw}/products.parquet' ORDER BY product_id",
    "orders.csv.gz": """
        SELECT basket_id AS order_id, household_id, min(transaction_timestamp)::TIMESTAMP AS ordered_at,
            sum(sales_value::DECIMAL(18, 2)) AS total, store_id
        FROM '{raw}/transactions.parquet' GROUP BY ALL ORDER BY ordered_at, order_id
    """,
    "order_items.parquet": """
        SELECT basket_id AS order_id, product_id, quantity, sales_value::DECIMAL(18, 2) AS amount, coupon_disc::DECIMAL(18, 2) AS coupon
        FROM '{raw}/transactions.parquet'
    """,
    "redemptions.csv": """
        SELECT household_id, redemption_date::TIMESTAMP AS redeemed_at, coupon_upc, campaign_id
        FROM '{raw}/coupon_redemptions.parquet' ORDER BY ALL
    """,
}


def prepare(folder: Path) -> None:
    """Write the export files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = Path(os.environ["RETENTION_DATA"]) / "completejourney"
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        for name, sql in EXPORTS.items():
            rows = database.sql(sql.format(raw=raw))
            if name.endswith(".parquet"):
                rows.write_parquet(str(folder / name))
            else:
                rows.write_csv(str(folder / name), compression="gzip" if name.endswith(".gz") else None)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
