"""The demo shop's export files, made from a seed: the same seed, size and instant give the same rows.

The shop is made up: its people have addresses at example.com and example.org only. Nothing in the files happens after
`as_of`. CSV times are the shop's wall clock, as shops export them; those of the web's Parquet files and of the mail
provider's history are UTC.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from retention_cli.app.demo_shop import tables
from retention_cli.app.demo_shop.chance import Chance
from retention_cli.app.demo_shop.contact import Consent, PushToken, draw_consents, draw_tokens
from retention_cli.app.demo_shop.mails import MailEvent, draw_mails, newsletters
from retention_cli.app.demo_shop.people import Customer, Habit, draw_customer
from retention_cli.app.demo_shop.products import catalogue
from retention_cli.app.demo_shop.shopping import by_category, draw_orders
from retention_cli.app.demo_shop.tables import write_csv
from retention_cli.app.demo_shop.visits import Event, draw_visits
from retention_cli.app.demo_shop.voices import Answer, Voices, draw_voices, with_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from retention_cli.app.demo_shop.products import Product
    from retention_cli.app.demo_shop.shopping import Order

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
    mails: int


class _Life(NamedTuple):
    """All that one customer did and said. A guest, who bears no name, only orders and looks."""

    customer: Customer
    orders: list[Order]
    events: list[Event]
    consents: list[Consent]
    tokens: list[PushToken]
    mails: list[MailEvent]
    voices: Voices


@dataclass(slots=True)
class _Lives:
    """What everybody did and said, but for the visits, which are many: they go into a file, and are only counted."""

    people: list[Customer] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    tokens: list[PushToken] = field(default_factory=list)
    mails: list[MailEvent] = field(default_factory=list)
    voices: Voices = field(default_factory=lambda: Voices([], [], []))
    events: int = 0

    def add(self, life: _Life) -> None:
        """Add one life."""
        if life.customer.customer_id:
            self.people.append(life.customer)
        self.orders += life.orders
        self.consents += life.consents
        self.tokens += life.tokens
        self.mails += life.mails
        self.voices.returns.extend(life.voices.returns)
        self.voices.complaints.extend(life.voices.complaints)
        self.voices.answers.extend(life.voices.answers)
        self.events += len(life.events)


def write(folder: Path, *, as_of: datetime, customers: int = 5000, seed: int = 7) -> Made:
    """Write the export files into `folder`, which is made; `as_of` is an aware instant."""
    as_of = as_of.astimezone(UTC).replace(microsecond=0)
    products = catalogue(stream(seed, "products"), as_of.date())
    (folder / "events").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        log = Path(scratch) / "events.csv"
        lives = _live(products, as_of, customers, seed, log)
        _write_events(folder / "events", log)
    write_csv(folder / "customers.csv", tables.CUSTOMERS, map(tables.customer, lives.people))
    write_csv(folder / "products.csv", tables.PRODUCTS, map(tables.product, products))
    items = _write_orders(folder, lives)
    _write_contact(folder, lives)
    mails = sorted(lives.mails, key=attrgetter("happened_at", "message", "event"))
    write_csv(folder / "mail_history.csv.gz", MailEvent._fields, map(tables.mail, mails))
    return Made(len(lives.people), len(products), len(lives.orders), items, lives.events, len(mails))


def _live(products: Sequence[Product], as_of: datetime, count: int, seed: int, log: Path) -> _Lives:
    """Live everybody's life up to `as_of`; the visits go into `log`."""
    lives = _Lives()
    with log.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Event._fields)
        for life in _each(products, as_of, count, seed):
            writer.writerows(life.events)
            lives.add(life)
    return lives


def _each(products: Sequence[Product], as_of: datetime, count: int, seed: int) -> Iterator[_Life]:
    """Yield each customer's life; after them some guests, whose orders and visits bear no customer."""
    shelves, until, sent = by_category(products), int(as_of.timestamp()), newsletters(as_of)
    for number in range(count + round(count * GUESTS)):
        chance = stream(seed, number)
        customer = draw_customer(chance, number % count, count, as_of, list(shelves))
        if number >= count:
            customer = replace(customer, customer_id="", habit=Habit.ONCE, leaves_at=None)
        else:
            customer = with_profile(stream(seed, f"{number}/profile"), customer)
        orders = draw_orders(chance, customer, shelves, as_of)
        visits = draw_visits(chance, customer, orders, shelves, as_of)
        events = [event for event in visits if event.occurred_at <= until]
        if number >= count:
            yield _Life(customer, orders, events, [], [], [], Voices([], [], []))
            continue
        consents = draw_consents(stream(seed, f"{number}/consents"), customer, as_of)
        yield _Life(
            customer,
            orders,
            events,
            consents,
            tokens=list(draw_tokens(stream(seed, f"{number}/tokens"), customer, as_of)),
            mails=list(draw_mails(stream(seed, f"{number}/mails"), customer, consents, sent, as_of)),
            voices=draw_voices(stream(seed, f"{number}/voices"), customer, orders, as_of),
        )


def stream(seed: int, name: object) -> Chance:
    """Return a stream of chance of its own for everyone and everything."""
    return Chance(f"{seed}/{name}")


def _write_orders(folder: Path, lives: _Lives) -> int:
    """Write the orders, a file a year, their lines, and what was sent back or complained about; return the number of lines."""
    numbered = list(enumerate(sorted(lives.orders, key=attrgetter("ordered_at")), start=100_001))
    numbers = {id(order): number for number, order in numbered}
    for year, part in groupby(numbered, key=lambda pair: tables.local(pair[1].ordered_at)[:4]):
        write_csv(folder / f"orders-{year}.csv.gz", tables.ORDERS, (tables.order(number, order) for number, order in part))
    returns = sorted(lives.voices.returns, key=attrgetter("returned_at"))
    rows = (tables.returned(number, numbers[id(each.order)], each) for number, each in enumerate(returns, start=5001))
    write_csv(folder / "returns.csv", tables.RETURNS, rows)
    complaints = sorted(lives.voices.complaints, key=attrgetter("complained_at"))
    rows = (tables.complaint(number, numbers[id(each.order)], each) for number, each in enumerate(complaints, start=3001))
    write_csv(folder / "complaints.csv", tables.COMPLAINTS, rows)
    return write_csv(folder / "order_items.csv", tables.ITEMS, (row for number, order in numbered for row in tables.items(number, order)))


def _write_contact(folder: Path, lives: _Lives) -> None:
    """Write consents, push tokens and answers, each by time."""
    consents = sorted(lives.consents, key=attrgetter("changed_at"))
    write_csv(folder / "consents.csv", Consent._fields, map(tables.consent, consents))
    tokens = sorted(lives.tokens, key=attrgetter("subscribed_at"))
    write_csv(folder / "push_tokens.csv", PushToken._fields, map(tables.token, tokens))
    answers = sorted(lives.voices.answers, key=attrgetter("answered_at"))
    write_csv(folder / "answers.csv", Answer._fields, map(tables.answer, answers))


def _write_events(folder: Path, log: Path) -> None:
    """Write a Parquet file a month (of UTC), rows by time, from the events gathered in a CSV file."""
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(_LOAD_EVENTS, {"log": str(log), "types": EVENT_TYPES})
        for (month,) in database.execute("SELECT DISTINCT strftime(occurred_at, '%Y-%m') FROM events ORDER BY 1").fetchall():
            rows = database.sql("SELECT * FROM events WHERE strftime(occurred_at, '%Y-%m') = $month", params={"month": month})
            rows.write_parquet(str(folder / f"{month}.parquet"), compression="zstd")
