"""The demo shop's export files, made from a seed: the same seed, size and instant give the same rows.

The shop is made up: its people have addresses at example.com and example.org only. Nothing in the files happens after
`as_of`. CSV times are the shop's wall clock, as shops export them; those of the web's Parquet files are UTC.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from retention_cli.app.demo_shop.chance import Chance
from retention_cli.app.demo_shop.people import ZONE, Customer, Habit, draw_customer
from retention_cli.app.demo_shop.products import catalogue
from retention_cli.app.demo_shop.shopping import by_category, draw_orders
from retention_cli.app.demo_shop.visits import Event, draw_visits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from retention_cli.app.demo_shop.products import Product
    from retention_cli.app.demo_shop.shopping import Order

CUSTOMER_COLUMNS = (
    "customer_id", "email", "first_name", "last_name", "osloveni", "gender", "birthday", "country", "city", "postal_code",
    "registered_at", "newsletter",
)  # fmt: skip
PRODUCT_COLUMNS = (
    "product_id", "title", "url", "image_url", "price", "cost", "stock", "category", "brand", "consumption_days", "added_at",
)  # fmt: skip
ORDER_COLUMNS = (
    "order_id", "customer_id", "ordered_at", "total", "margin", "discount", "coupon", "status", "delivered_at", "source",
)  # fmt: skip
ITEM_COLUMNS = ("order_id", "product_id", "quantity", "price", "cost")
EVENT_TYPES = dict.fromkeys(Event._fields, "VARCHAR") | {"occurred_at": "BIGINT", "quantity": "INTEGER"}
_LOAD_EVENTS = """
CREATE TABLE events AS
SELECT * REPLACE (make_timestamp(occurred_at * 1000000) AS occurred_at)
FROM read_csv($log, header = true, columns = $types, delim = ',', quote = '"')
ORDER BY occurred_at, session, event, product_id
"""
GUESTS = 0.02
"""Orders without an account, as a share of the customers."""


@dataclass(frozen=True, slots=True)
class Made:
    """How many rows were written."""

    customers: int
    products: int
    orders: int
    items: int
    events: int


def write(folder: Path, *, as_of: datetime, customers: int = 5000, seed: int = 7) -> Made:
    """Write the export files into `folder`, which is made; `as_of` is an aware instant."""
    as_of = as_of.astimezone(UTC).replace(microsecond=0)
    products = catalogue(stream(seed, "products"), as_of.date())
    (folder / "events").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        log = Path(scratch) / "events.csv"
        people, orders, events = _live(products, as_of, customers, seed, log)
        _write_events(folder / "events", log)
    _write_csv(folder / "customers.csv", CUSTOMER_COLUMNS, map(_customer_row, people))
    _write_csv(folder / "products.csv", PRODUCT_COLUMNS, map(_product_row, products))
    numbered = list(enumerate(sorted(orders, key=lambda order: order.ordered_at), start=100_001))
    for year, part in groupby(numbered, key=lambda pair: _local(pair[1].ordered_at)[:4]):
        _write_csv(folder / f"orders-{year}.csv.gz", ORDER_COLUMNS, (_order_row(number, order) for number, order in part))
    items = [row for number, order in numbered for row in _item_rows(number, order)]
    _write_csv(folder / "order_items.csv", ITEM_COLUMNS, items)
    return Made(len(people), len(products), len(orders), len(items), events)


def _live(products: Sequence[Product], as_of: datetime, count: int, seed: int, log: Path) -> tuple[list[Customer], list[Order], int]:
    """Live everybody's life up to `as_of`: return the customers, the orders and how many events went into `log`."""
    people, orders, events = [], [], 0
    with log.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Event._fields)
        for customer, bought, done in _lives(products, as_of, count, seed):
            people.append(customer)
            orders += bought
            events += len(done)
            writer.writerows(done)
    return people[:count], orders, events


def _lives(products: Sequence[Product], as_of: datetime, count: int, seed: int) -> Iterator[tuple[Customer, list[Order], list[Event]]]:
    """Yield each customer's life; after them some guests, whose orders and visits bear no customer."""
    shelves, until = by_category(products), int(as_of.timestamp())
    for number in range(count + round(count * GUESTS)):
        chance = stream(seed, number)
        customer = draw_customer(chance, number % count, count, as_of, list(shelves))
        if number >= count:
            customer = replace(customer, customer_id="", habit=Habit.ONCE, leaves_at=None)
        orders = draw_orders(chance, customer, shelves, as_of)
        visits = draw_visits(chance, customer, orders, shelves, as_of)
        yield customer, orders, [event for event in visits if event.occurred_at <= until]


def stream(seed: int, name: object) -> Chance:
    """Return a stream of chance of its own for everyone and everything."""
    return Chance(f"{seed}/{name}")


def _customer_row(customer: Customer) -> tuple[object, ...]:
    who = customer.person
    return (
        customer.customer_id, customer.email, who.first_name, who.last_name, who.salutation, who.gender, customer.birthday or "",
        customer.country, customer.city, customer.postal_code, _local(customer.registered_at), "true" if customer.newsletter else "false",
    )  # fmt: skip


def _product_row(product: Product) -> tuple[object, ...]:
    return (
        product.product_id, product.title, product.url, product.image_url, _crowns(product.price * 100), _crowns(product.cost * 100),
        product.stock, product.category, product.brand, product.consumption_days or "", product.added_on,
    )  # fmt: skip


def _order_row(number: int, order: Order) -> tuple[object, ...]:
    return (
        number, order.customer.customer_id, _local(order.ordered_at), _crowns(order.total), _crowns(order.margin),
        _crowns(order.discount), order.coupon, order.status, _local(order.delivered_at) if order.delivered_at else "", order.source,
    )  # fmt: skip


def _item_rows(number: int, order: Order) -> Iterator[tuple[object, ...]]:
    for line in order.lines:
        yield number, line.product.product_id, line.quantity, _crowns(line.price), _crowns(line.cost)


def _crowns(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _local(instant: datetime) -> str:
    return str(instant.astimezone(ZONE))[:19]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file, packed where the name ends in .gz, without the packing's own time stamp."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data, 6, mtime=0) if path.suffix == ".gz" else data)


def _write_events(folder: Path, log: Path) -> None:
    """Write a Parquet file a month (of UTC), rows by time, from the events gathered in a CSV file."""
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(_LOAD_EVENTS, {"log": str(log), "types": EVENT_TYPES})
        for (month,) in database.execute("SELECT DISTINCT strftime(occurred_at, '%Y-%m') FROM events ORDER BY 1").fetchall():
            rows = database.sql("SELECT * FROM events WHERE strftime(occurred_at, '%Y-%m') = $month", params={"month": month})
            rows.write_parquet(str(folder / f"{month}.parquet"), compression="zstd")
