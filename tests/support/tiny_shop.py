"""A shop of a handful of people, small enough to know everybody: built from tables, changed between runs."""

from __future__ import annotations

import csv
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

SETTINGS = """\
name: Tiny shop
timezone: Europe/Prague
locale: en_US
currency: EUR
sender: {email: shop@example.com, name: Tiny shop, unsubscribe: stop@example.com, postal_address: "1 Lane, Town"}
sources:
  customers: {path: data/customers.csv, key: customer_id}
  products: {path: data/products.csv, key: product_id}
  orders: {path: data/orders.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
  web: {path: data/web.csv, customer: customer_id, time: occurred_at, event: {column: event}, lookup: products}
targets:
  default: {deliver: {email: {to: folder, path: outbox}}, public_url: https://mail.example.com}
"""

TEMPLATE = """\
---
subject: Hello {{ customer.first_name or "there" }}
preheader: A word from the tiny shop.
---
<h1>Hello {{ customer.first_name or "there" }}</h1><p>This is a letter from the tiny shop, with enough words.</p>
<p><a href="{{ unsubscribe_url }}">No more letters</a></p>
"""

COLUMNS = {
    "customers": ("customer_id", "email", "first_name", "country", "registered_at"),
    "products": ("product_id", "title", "price"),
    "orders": ("order_id", "customer_id", "ordered_at", "total"),
    "web": ("customer_id", "occurred_at", "event", "product_id", "cart_id"),
    "identities": ("visitor_id", "customer_id"),
}

PEOPLE = (
    ("a", "ann@example.com", "Ann", "CZ", "2026-01-01"),
    ("b", "bob@example.com", "Bob", "SK", "2026-01-02"),
    ("c", "", "", "CZ", "2026-01-03"),
)

Row = tuple[object, ...]


def make_shop(folder: Path, files: Mapping[str, str] | None = None, **tables: Iterable[Row]) -> Path:
    """Write a project with its exports; `files` adds or replaces project files (indented text is fine)."""
    folder.mkdir(parents=True, exist_ok=True)
    everything = {"retention.yml": SETTINGS, "templates/letter.html": TEMPLATE, **(files or {})}
    for name, text in everything.items():
        write(folder, name, text)
    export(folder, customers=tables.get("customers", PEOPLE))
    export(folder, products=tables.get("products", [("p1", "Cup", "10.00"), ("p2", "Plate", "20.00")]))
    export(folder, orders=tables.get("orders", [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-04-20 10:00:00", "50.00")]))
    export(folder, web=tables.get("web", [("a", "2026-04-01 10:00:00", "page_view", "p1", "k0")]))
    if "identities" in tables:
        export(folder, identities=tables["identities"])
    return folder


def write(folder: Path, name: str, text: str) -> None:
    """Write one project file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")


def export(folder: Path, **tables: Iterable[Row]) -> None:
    """Write exports anew, as the shop's nightly job would."""
    for name, rows in tables.items():
        _write_csv(folder / "data" / f"{name}.csv", COLUMNS[name], rows)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
