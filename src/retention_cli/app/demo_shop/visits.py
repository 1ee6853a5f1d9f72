"""What the made-up customers do in the shop's web and app: visits that end in an order, and the many that do not.

A cart is filled before its order, often at once, sometimes the evening before; some carts are simply left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.app.demo_shop.chance import weighted
from retention_cli.app.demo_shop.people import Customer, Habit, moment
from retention_cli.app.demo_shop.products import SHOP, Product, slug
from retention_cli.app.demo_shop.shopping import draw_product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from retention_cli.app.demo_shop.chance import Chance
    from retention_cli.app.demo_shop.shopping import Order, Shelves

WINDOW = timedelta(days=200)
_DAYS_BETWEEN = {Habit.NEVER: 40, Habit.ONCE: 45, Habit.RARE: 30, Habit.REGULAR: 16, Habit.LOYAL: 8, Habit.GONE: 16}
_DAYS_BETWEEN_ONCE_GONE = 150
_VIEWS = weighted({0: 22, 1: 30, 2: 24, 3: 16, 5: 8})
_PIECES = weighted({1: 85, 2: 15})


class Event(NamedTuple):
    """One row of the web's log, in the order of its columns; `occurred_at` in seconds since 1970."""

    event: str
    occurred_at: int
    customer_id: str
    product_id: str
    quantity: int | None
    url: str
    os: str
    device: str
    cart_id: str
    session: str


def draw_visits(chance: Chance, customer: Customer, orders: Sequence[Order], shelves: Shelves, as_of: datetime) -> Iterator[Event]:
    """Draw what a customer did in the last months before `as_of`."""
    opens = as_of - WINDOW
    for order in orders:
        if order.ordered_at > opens + timedelta(days=2):
            yield from _visit_that_buys(chance, customer, order)
    at = max(opens, customer.registered_at)
    while at < as_of - timedelta(minutes=20):
        yield from _visit_that_looks(chance, customer, at, shelves)
        gone = customer.leaves_at is not None and at > customer.leaves_at
        days = _DAYS_BETWEEN_ONCE_GONE if gone else _DAYS_BETWEEN[customer.habit]
        at = moment(chance, (at + timedelta(days=1 + chance.expovariate(1 / days))).date(), customer.hours)


def _visit_that_buys(chance: Chance, customer: Customer, order: Order) -> Iterator[Event]:
    chosen = {line.product.product_id: line.quantity for line in order.lines}
    products = [line.product for line in order.lines]
    filled = order.ordered_at - timedelta(seconds=90 + 150 * len(products))
    if chance.happens(0.25):
        filled -= timedelta(minutes=chance.whole(45, 1500))
    yield from _visit(chance, customer, max(filled, customer.registered_at), products, chosen)


def _visit_that_looks(chance: Chance, customer: Customer, at: datetime, shelves: Shelves) -> Iterator[Event]:
    count = chance.pick(_VIEWS)
    products = [draw_product(chance, customer, shelves) for _ in range(count)]
    carted = products[: chance.whole(1, 4)] if chance.happens(0.15) else []
    yield from _visit(chance, customer, at, products, {product.product_id: chance.pick(_PIECES) for product in carted})


def _visit(chance: Chance, customer: Customer, begins: datetime, products: Sequence[Product], carted: dict[str, int]) -> Iterator[Event]:
    """Yield a visit's events, each some seconds after the one before: at most 60 + 130 seconds a product."""
    who, at = customer.customer_id, int(begins.timestamp())
    session = f"{who or 'guest'}-{at:x}"
    device = customer.os, customer.device
    if customer.has_app:
        yield Event("app_open", at, who, "", None, "", *device, "", session)
    else:
        yield Event("page_view", at, who, "", None, _entrance(chance, customer), *device, "", session)
    at += chance.whole(10, 60)
    for product in dict.fromkeys(products):
        yield Event("view_item", at, who, product.product_id, None, product.url, *device, "", session)
        at += chance.whole(15, 80)
        if quantity := carted.get(product.product_id):
            yield Event("add_to_cart", at, who, product.product_id, quantity, product.url, *device, f"K-{session}", session)
            at += chance.whole(5, 50)


def _entrance(chance: Chance, customer: Customer) -> str:
    if chance.happens(0.4):
        return f"{SHOP}/"
    return f"{SHOP}/{slug(chance.pick(customer.shelves))}"
