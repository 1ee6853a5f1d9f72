"""What the made-up customers do in the shop's web and app: visits that end in an order, and the many that do not.

A cart is filled before its order, often at once, sometimes the evening before; some carts are simply left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.app.demo_shop.people import Customer, Habit, moment
from retention_cli.app.demo_shop.products import SHOP, Product, slug
from retention_cli.app.demo_shop.shopping import draw_product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from random import Random

    from retention_cli.app.demo_shop.shopping import Order, Shelves

WINDOW = timedelta(days=200)
_DAYS_BETWEEN = {Habit.NEVER: 40, Habit.ONCE: 45, Habit.RARE: 30, Habit.REGULAR: 16, Habit.LOYAL: 8, Habit.GONE: 16}
_DAYS_BETWEEN_ONCE_GONE = 150
_FILLS_A_CART, _CAME_BACK, _THROUGH_THE_DOOR = 0.15, 0.25, 0.4


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


def draw_visits(random: Random, customer: Customer, orders: Sequence[Order], shelves: Shelves, as_of: datetime) -> Iterator[Event]:
    """Draw what a customer did in the last months before `as_of`."""
    opens = as_of - WINDOW
    for order in orders:
        if order.ordered_at > opens + timedelta(days=2):
            yield from _visit_that_buys(random, customer, order)
    at = max(opens, customer.registered_at)
    while at < as_of - timedelta(minutes=20):
        yield from _visit_that_looks(random, customer, at, shelves)
        gone = customer.leaves_at is not None and at > customer.leaves_at
        days = _DAYS_BETWEEN_ONCE_GONE if gone else _DAYS_BETWEEN[customer.habit]
        at = moment(random, (at + timedelta(days=1 + random.expovariate(1 / days))).date())


def _visit_that_buys(random: Random, customer: Customer, order: Order) -> Iterator[Event]:
    chosen = {line.product.product_id: line.quantity for line in order.lines}
    products = [line.product for line in order.lines]
    filled = order.ordered_at - timedelta(seconds=90 + 150 * len(products))
    if random.random() < _CAME_BACK:
        filled -= timedelta(minutes=random.randrange(45, 1500))
    yield from _visit(random, customer, max(filled, customer.registered_at), products, chosen)


def _visit_that_looks(random: Random, customer: Customer, at: datetime, shelves: Shelves) -> Iterator[Event]:
    count = random.choices((0, 1, 2, 3, 5), (22, 30, 24, 16, 8))[0]
    products = [draw_product(random, customer, shelves) for _ in range(count)]
    carted = products[: random.randrange(1, 4)] if random.random() < _FILLS_A_CART else []
    yield from _visit(random, customer, at, products, {product.product_id: random.choices((1, 2), (85, 15))[0] for product in carted})


def _visit(random: Random, customer: Customer, begins: datetime, products: Sequence[Product], carted: dict[str, int]) -> Iterator[Event]:
    """Yield a visit's events, each some seconds after the one before: at most 60 + 130 seconds a product."""
    who, at = customer.customer_id, int(begins.timestamp())
    session = f"{who or 'guest'}-{at:x}"
    device = customer.os, customer.device
    if customer.has_app:
        yield Event("app_open", at, who, "", None, "", *device, "", session)
    else:
        yield Event("page_view", at, who, "", None, _entrance(random, customer), *device, "", session)
    at += random.randrange(10, 60)
    for product in dict.fromkeys(products):
        yield Event("view_item", at, who, product.product_id, None, product.url, *device, "", session)
        at += random.randrange(15, 80)
        if quantity := carted.get(product.product_id):
            yield Event("add_to_cart", at, who, product.product_id, quantity, product.url, *device, f"K-{session}", session)
            at += random.randrange(5, 50)


def _entrance(random: Random, customer: Customer) -> str:
    if random.random() < _THROUGH_THE_DOOR:
        return f"{SHOP}/"
    return f"{SHOP}/{slug(random.choice(customer.shelves))}"
