"""The shops of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, Shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Four sources that hang together, two rows each."""
    made = Shop(tmp_path, {"customers": CUSTOMERS, "products": PRODUCTS, "orders": ORDERS, "items": ITEMS})
    made.write("customers.csv", "customer_id,email,birthday\n001,a@example.com,1980-01-02\n002,b@example.com,\n")
    made.write("products.csv", "product_id,title,price\np1,Čaj,12.50\np2,Káva,7\n")
    made.write(
        "orders.csv", "order_id,customer_id,ordered_at,total,status\no2,002,2026-05-02 10:00:00,7,paid\no1,001,2026-05-01 10:00:00,12.50,paid\n"
    )
    made.write("items.csv", "order_id,product_id,quantity,price\no2,p2,1,7\no1,p1,1,12.50\n")
    return made


@pytest.fixture
def orders(tmp_path: Path) -> Shop:
    """One source of events, to be written by the test."""
    return Shop(tmp_path, {"orders": {**ORDERS, "max_bad_rows": "100%"}})
