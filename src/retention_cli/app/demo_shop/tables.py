"""The rows of the shop's exports as they stand in CSV files: our objects turned into text, money into crowns, times into the shop's."""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

from retention_cli.app.demo_shop.people import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from retention_cli.app.demo_shop.contact import Consent, PushToken
    from retention_cli.app.demo_shop.mails import MailEvent
    from retention_cli.app.demo_shop.people import Customer
    from retention_cli.app.demo_shop.products import Product
    from retention_cli.app.demo_shop.shopping import Order
    from retention_cli.app.demo_shop.voices import Answer, Complaint, Return

Row = tuple[object, ...]

CUSTOMERS = (
    "customer_id", "email", "first_name", "last_name", "osloveni", "gender", "birthday", "country", "city", "postal_code",
    "registered_at", "newsletter", "hobbies", "preferred_channel",
)  # fmt: skip
PRODUCTS = (
    "product_id", "title", "url", "image_url", "price", "cost", "stock", "category", "brand", "consumption_days", "added_at",
)  # fmt: skip
ORDERS = (
    "order_id", "customer_id", "ordered_at", "total", "margin", "discount", "coupon", "status", "delivered_at", "source",
)  # fmt: skip
ITEMS = ("order_id", "product_id", "quantity", "price", "cost")
RETURNS = ("return_id", "customer_id", "returned_at", "order_id", "product_id", "reason")
COMPLAINTS = ("complaint_id", "customer_id", "complained_at", "order_id", "about", "settled")


def customer(each: Customer) -> Row:
    """Return a customer's row."""
    who = each.person
    return (
        each.customer_id, each.email, who.first_name, who.last_name, who.salutation, who.gender, each.birthday or "",
        each.country, each.city, each.postal_code, local(each.registered_at), "true" if each.newsletter else "false",
        "|".join(each.hobbies), each.channel,
    )  # fmt: skip


def product(each: Product) -> Row:
    """Return a product's row."""
    return (
        each.product_id, each.title, each.url, each.image_url, crowns(each.price * 100), crowns(each.cost * 100),
        each.stock, each.category, each.brand, each.consumption_days or "", each.added_on,
    )  # fmt: skip


def order(number: int, each: Order) -> Row:
    """Return an order's row."""
    return (
        number, each.customer.customer_id, local(each.ordered_at), crowns(each.total), crowns(each.margin),
        crowns(each.discount), each.coupon, each.status, local(each.delivered_at) if each.delivered_at else "", each.source,
    )  # fmt: skip


def items(number: int, each: Order) -> Iterator[Row]:
    """Yield the lines of an order."""
    for line in each.lines:
        yield number, line.product.product_id, line.quantity, crowns(line.price), crowns(line.cost)


def returned(number: int, order_number: int, each: Return) -> Row:
    """Return the row of a thing sent back."""
    return f"V{number}", each.order.customer.customer_id, local(each.returned_at), order_number, each.product_id, each.reason


def complaint(number: int, order_number: int, each: Complaint) -> Row:
    """Return a complaint's row."""
    return f"R{number}", each.order.customer.customer_id, local(each.complained_at), order_number, each.about, each.settled


def answer(each: Answer) -> Row:
    """Return an answer's row."""
    return each.customer_id, local(each.answered_at), each.question, each.answer


def consent(each: Consent) -> Row:
    """Return the row of a change of consent."""
    return each.customer_id, local(each.changed_at), each.topic, each.channel, each.consent


def token(each: PushToken) -> Row:
    """Return a push token's row."""
    return each.customer_id, each.token, each.os, each.kind, local(each.subscribed_at)


def mail(each: MailEvent) -> Row:
    """Return a row of the mail provider's history."""
    return (each.event, each.happened_at.isoformat(), *each[2:])


def crowns(hundredths: int) -> str:
    """Return money as a decimal number."""
    whole, rest = divmod(abs(hundredths), 100)
    return f"{'-' if hundredths < 0 else ''}{whole}.{rest:02}"


def local(instant: datetime) -> str:
    """Return a time by the shop's clock, to the second."""
    return str(instant.astimezone(ZONE))[:19]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a CSV file, packed where the name ends in .gz, without the packing's own time stamp; return how many rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    written = list(rows)
    writer.writerows(written)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data, 3, mtime=0) if path.suffix == ".gz" else data)
    return len(written)
