"""What the made-up customers say: of themselves, things sent back, complaints, and answers to questions asked by mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.app.demo_shop.chance import weighted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from retention_cli.app.demo_shop.chance import Chance
    from retention_cli.app.demo_shop.people import Customer
    from retention_cli.app.demo_shop.shopping import Order

_TEMPERS = weighted({"content": 82, "critical": 12, "hard_to_please": 6})
_RETURNS = {"content": 0.025, "critical": 0.10, "hard_to_please": 0.35}
_COMPLAINTS = {"content": 0.008, "critical": 0.10, "hard_to_please": 0.22}
_WHY_BACK = weighted({"changed_mind": 45, "wrong_size": 25, "damaged": 20, "not_as_described": 10})
_WHAT_ABOUT = weighted({"late_delivery": 40, "damaged": 30, "wrong_item": 15, "quality": 15})
_SCORES = {
    "content": weighted({10: 38, 9: 27, 8: 20, 7: 9, 6: 4, 5: 2}),
    "critical": weighted({9: 8, 8: 20, 7: 25, 6: 22, 5: 15, 3: 10}),
    "hard_to_please": weighted({8: 6, 7: 14, 6: 20, 5: 20, 4: 16, 2: 14, 0: 10}),
}
_HOBBIES = ("cycling", "running", "hiking", "gardening", "cooking", "reading", "crafts", "dogs")
_OF_SHELVES = {"Sport/Kolo": "cycling", "Sport/Turistika": "hiking", "Dům a zahrada/Zahradní nářadí": "gardening", "Chovatelské potřeby/Psi": "dogs"}
_CHANNELS = weighted({"": 62, "email": 29, "sms": 9})
_BETWEEN_QUESTIONS = timedelta(days=90)


class Return(NamedTuple):
    """Something sent back."""

    order: Order
    returned_at: datetime
    product_id: str
    reason: str


class Complaint(NamedTuple):
    """A complaint about an order."""

    order: Order
    complained_at: datetime
    about: str
    settled: str


class Answer(NamedTuple):
    """An answer to a question, in the order of its columns."""

    customer_id: str
    answered_at: datetime
    question: str
    answer: str


class Voices(NamedTuple):
    """Everything that customers said."""

    returns: list[Return]
    complaints: list[Complaint]
    answers: list[Answer]


def draw_voices(chance: Chance, customer: Customer, orders: Sequence[Order], as_of: datetime) -> Voices:
    """Draw what a customer said up to `as_of`; who is hard to please says more of it."""
    temper = chance.pick(_TEMPERS)
    returns = [each for order in orders for each in _return(chance, order, temper) if each.returned_at <= as_of]
    complaints = [each for order in orders for each in _complaint(chance, order, temper) if each.complained_at <= as_of]
    answers = [each for each in (*_scores(chance, orders, temper), *_hobbies(chance, customer, as_of)) if each.answered_at <= as_of]
    return Voices(returns, complaints, answers)


def _return(chance: Chance, order: Order, temper: str) -> Iterator[Return]:
    if order.delivered_at is not None and chance.happens(_RETURNS[temper]):
        at = order.delivered_at + timedelta(hours=chance.whole(6, 14 * 24))
        yield Return(order, at, chance.pick(order.lines).product.product_id, chance.pick(_WHY_BACK))


def _complaint(chance: Chance, order: Order, temper: str) -> Iterator[Complaint]:
    if chance.happens(_COMPLAINTS[temper]):
        at = order.ordered_at + timedelta(hours=chance.whole(30, 240))
        yield Complaint(order, at, chance.pick(_WHAT_ABOUT), "true" if chance.happens(0.7) else "false")


def _scores(chance: Chance, orders: Sequence[Order], temper: str) -> Iterator[Answer]:
    """Draw answers to "would you recommend us", asked after a delivery, at most once a quarter."""
    asked_at: datetime | None = None
    for order in orders:
        if order.delivered_at is None or (asked_at is not None and order.delivered_at < asked_at + _BETWEEN_QUESTIONS):
            continue
        asked_at = order.delivered_at + timedelta(hours=chance.whole(20, 72))
        if chance.happens(0.24):
            yield Answer(order.customer.customer_id, asked_at, "nps", str(chance.pick(_SCORES[temper])))


def _hobbies(chance: Chance, customer: Customer, as_of: datetime) -> Iterator[Answer]:
    """Draw one or two hobbies, told in one mail: what somebody likes to buy for is likely one."""
    if not chance.happens(0.3):
        return
    at = customer.registered_at + (as_of - customer.registered_at) * chance.random()
    told = _liked(chance, customer)
    yield from (Answer(customer.customer_id, at + timedelta(seconds=9 * place), "hobby", hobby) for place, hobby in enumerate(told))


def _liked(chance: Chance, customer: Customer) -> list[str]:
    liked = [hobby for shelf, hobby in _OF_SHELVES.items() if shelf in customer.shelves]
    return list(dict.fromkeys([*liked[:1], *chance.sample(_HOBBIES, 1 + (not liked and chance.happens(0.5)))]))


def with_profile(chance: Chance, customer: Customer) -> Customer:
    """Return the customer with what the form of the registration was told: hobbies, and how to be written to."""
    hobbies = _liked(chance, customer) if chance.happens(0.2) else ()
    return replace(customer, hobbies=tuple(hobbies), channel=chance.pick(_CHANNELS))
