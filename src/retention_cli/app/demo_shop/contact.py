"""How the made-up customers may be reached: what each consented to and when, and whose phone or browser takes messages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from retention_cli.app.demo_shop.chance import Chance
    from retention_cli.app.demo_shop.people import Customer

NEWS, EMAIL = "news", "email"
_ASK_AGAIN = timedelta(days=20)
_APP, _WEB, _WEB_OF_IOS = 0.6, 0.07, 0.03


class Consent(NamedTuple):
    """A change of consent, in the order of its columns. Without a topic and a channel it is about everything."""

    customer_id: str
    changed_at: datetime
    topic: str
    channel: str
    consent: str


class PushToken(NamedTuple):
    """A phone or a browser that takes push messages, in the order of its columns."""

    customer_id: str
    token: str
    os: str
    kind: str
    subscribed_at: datetime


def draw_consents(chance: Chance, customer: Customer, as_of: datetime) -> list[Consent]:
    """Draw what a customer said of the newsletter, oldest first; the last is what `newsletter` says today."""
    who, began = customer.customer_id, customer.registered_at
    lasted = as_of - began
    if customer.newsletter:
        said = [Consent(who, began, NEWS, EMAIL, "true")]
        if chance.happens(0.08) and lasted > _ASK_AGAIN:
            said = [Consent(who, began, NEWS, EMAIL, "false"), Consent(who, began + lasted * chance.uniform(0.1, 0.9), NEWS, EMAIL, "true")]
        return said
    if chance.happens(0.4) and lasted > _ASK_AGAIN:
        return [Consent(who, began, NEWS, EMAIL, "true"), Consent(who, began + lasted * chance.uniform(0.2, 0.95), "", "", "false")]
    return [Consent(who, began, NEWS, EMAIL, "false")]


def draw_tokens(chance: Chance, customer: Customer, as_of: datetime) -> Iterator[PushToken]:
    """Draw the tokens of a customer's app and browser: most have none."""
    began, lasted = customer.registered_at, as_of - customer.registered_at
    web = _WEB_OF_IOS if customer.os == "iOS" else _WEB
    for kind, share in (("app", _APP if customer.has_app else 0), ("web", web)):
        if chance.happens(share):
            token = f"{chance.getrandbits(64):016x}"
            yield PushToken(customer.customer_id, token, customer.os, kind, began + lasted * chance.random())
