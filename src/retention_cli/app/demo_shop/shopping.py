"""What the made-up customers buy: orders by each one's rhythm, baskets by each one's taste.

Money is counted in whole hundredths of a crown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.app.demo_shop.chance import weighted
from retention_cli.app.demo_shop.people import Customer, Habit, moment
from retention_cli.app.demo_shop.products import IPHONE, Product

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from retention_cli.app.demo_shop.chance import Chance

FREE_SHIPPING_FROM, SHIPPING = 120_000, 8_900
_DEAR, _CHEAP = 3_000, 1_000
_STATUSES = weighted({"delivered": 935, "cancelled": 40, "refunded": 25})
_ORIGINS = weighted({"direct": 34, "search": 30, "newsletter": 16, "social": 10, "comparison": 10})
_FIRST_ORIGINS = weighted({"direct": 20, "search": 34, "newsletter": 4, "social": 18, "comparison": 24})
_LINES = weighted({1: 34, 2: 29, 3: 20, 4: 11, 5: 6})
_PIECES = weighted({1: 70, 2: 22, 3: 8})
REDUCTIONS = {"": 0, "VITEJTE10": 10, "JARO10": 10, "PODZIM10": 10, "VYPRODEJ40": 40}
"""The shop's coupons, and by how many of a hundred crowns each reduces the goods; a clearance may sell them at a loss."""
Shelves = dict[str, tuple[Product, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One product of an order, at the price of its day."""

    product: Product
    quantity: int
    price: int
    cost: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `delivered_at` is None until it is there."""

    customer: Customer
    ordered_at: datetime
    lines: tuple[Line, ...]
    coupon: str
    status: str
    delivered_at: datetime | None
    source: str

    @property
    def goods(self) -> int:
        """Price of the goods before discount and shipping."""
        return sum(line.price * line.quantity for line in self.lines)

    @property
    def discount(self) -> int:
        """What the coupon takes off the goods."""
        return self.goods * REDUCTIONS[self.coupon] // 100

    @property
    def total(self) -> int:
        """What the customer paid."""
        return self.goods - self.discount + (0 if self.goods >= FREE_SHIPPING_FROM else SHIPPING)

    @property
    def margin(self) -> int:
        """What is left of the goods after their cost and the discount; less than nothing where they went below cost."""
        return self.goods - self.discount - sum(line.cost * line.quantity for line in self.lines)


def by_category(products: Sequence[Product]) -> Shelves:
    """Return the products by category."""
    names = dict.fromkeys(product.category for product in products)
    return {name: tuple(product for product in products if product.category == name) for name in names}


def draw_orders(chance: Chance, customer: Customer, shelves: Shelves, as_of: datetime) -> list[Order]:
    """Draw a customer's orders up to `as_of`, oldest first."""
    times = list(_times(chance, customer, as_of))
    return [_order(chance, customer, at, shelves, as_of, first=at == times[0]) for at in times]


def _times(chance: Chance, customer: Customer, as_of: datetime) -> Iterator[datetime]:
    if customer.habit is Habit.NEVER:
        return
    last = customer.leaves_at or as_of
    at = customer.registered_at + timedelta(minutes=chance.whole(16, 55))
    if chance.happens(0.45):
        at = moment(chance, (at + timedelta(days=1 + chance.expovariate(1 / 12))).date(), customer.hours)
    while at <= min(last, as_of):
        yield at
        if customer.habit is Habit.ONCE:
            return
        at = moment(chance, (at + timedelta(days=2 + customer.rhythm * chance.lognormvariate(0, 0.4))).date(), customer.hours)


def _order(chance: Chance, customer: Customer, at: datetime, shelves: Shelves, as_of: datetime, *, first: bool) -> Order:
    delivered_at = at + timedelta(hours=chance.whole(20, 96), minutes=chance.whole(0, 60))
    status = chance.pick(_STATUSES)
    source = chance.pick(_FIRST_ORIGINS if first else _ORIGINS)
    if status != "cancelled" and delivered_at > as_of:
        status = "shipped" if as_of - at > timedelta(hours=12) else "paid"
    return Order(
        customer=customer,
        ordered_at=at,
        lines=tuple(_line(chance, product, at, as_of) for product in draw_basket(chance, customer, shelves)),
        coupon=_coupon(chance, at, bargain=first and source == "comparison", first=first),
        status=status,
        delivered_at=delivered_at if status in ("delivered", "refunded") else None,
        source=source,
    )


def draw_basket(chance: Chance, customer: Customer, shelves: Shelves) -> tuple[Product, ...]:
    """Draw one to five different products to buy; a phone seldom."""
    count = chance.pick(_LINES)
    drawn = (draw_product(chance, customer, shelves) for _ in range(count))
    return tuple({product.product_id: product for product in drawn if _affordable(chance, product)}.values()) or (
        chance.pick(shelves[customer.shelves[0]]),
    )


def _affordable(chance: Chance, product: Product) -> bool:
    return product.price < _DEAR or chance.happens(0.1)


def draw_product(chance: Chance, customer: Customer, shelves: Mapping[str, tuple[Product, ...]]) -> Product:
    """Draw a product to look at: mostly from a category the customer likes."""
    if chance.happens(0.12):
        return chance.pick(shelves[chance.pick([name for name in shelves if name != IPHONE])])
    return chance.pick(shelves[chance.pick(customer.shelves)])


def _line(chance: Chance, product: Product, at: datetime, as_of: datetime) -> Line:
    """Prices rose by four per cent a year."""
    level = 10_000 - 400 * (as_of - at).days // 365
    quantity = chance.pick(_PIECES) if product.price < _CHEAP else 1
    return Line(product, quantity, product.price * level // 10_000 * 100, product.cost * level // 10_000 * 100)


def _coupon(chance: Chance, at: datetime, *, bargain: bool, first: bool) -> str:
    """Draw a coupon: a clearance draws those who compare prices, a welcome everybody else."""
    if chance.happens(0.4 if bargain else 0.02):
        return "VYPRODEJ40"
    if first:
        return "VITEJTE10" if chance.happens(0.3) else ""
    if chance.happens(0.1):
        return "JARO10" if at.month in range(2, 8) else "PODZIM10"
    return ""
