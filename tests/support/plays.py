"""Small shops by chance: campaigns of every trigger and step, policies, a handful of people, and the moments at which somebody runs them.

A play is text from end to end (project files, exports as they lie there at each moment), so that another process can give
the same one.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from hypothesis import strategies as st

from support.play_campaigns import GROUP, POLICIES, SEGMENTS, campaigns, some
from support.tiny_shop import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import DrawFn

SETTINGS: dict[str, Any] = {
    "name": "Play",
    "timezone": "Europe/Prague",
    "sender": {"email": "shop@example.com", "name": "Play", "unsubscribe": "stop@example.com", "postal_address": "1 Lane, Town"},
    "sources": {
        "customers": {
            "path": "data/customers.csv",
            "key": "customer_id",
            "guard": {"max_shrink": "100%"},
            "types": {"newsletter": "boolean", "birthday": "date", "timezone": "text", "email": "text", "country": "text", "phone": "text"},
        },
        "products": {"path": "data/products.csv", "key": "product_id"},
        "orders": {
            "path": "data/orders.csv",
            "key": "order_id",
            "customer": "customer_id",
            "time": "ordered_at",
            "event": "order",
            "timezone": "UTC",
        },
        "web": {
            "path": "data/web.csv",
            "customer": "customer_id",
            "time": "occurred_at",
            "event": {"column": "event"},
            "lookup": "products",
            "timezone": "UTC",
        },
    },
    "secrets": {"signing": "a-key-of-the-play-only"},
    "targets": {"default": {"deliver": {"email": {"to": "folder", "path": "outbox"}}, "public_url": "https://mail.example.com"}},
}
COLUMNS = {
    "customers": (
        "customer_id",
        "email",
        "first_name",
        "country",
        "registered_at",
        "birthday",
        "timezone",
        "newsletter",
        "preferred_channel",
        "phone",
    ),
    "products": ("product_id", "title", "price", "stock", "consumption_days"),
    "orders": ("order_id", "customer_id", "ordered_at", "total"),
    "web": ("customer_id", "occurred_at", "event", "product_id", "cart_id"),
}
EVENTS = ("page_view", "view_item", "add_to_cart")
LONG_AGO = timedelta(days=60)
BEGINNINGS = ("2026-05-01T07:00", "2026-03-28T20:00", "2026-10-24T20:30")
"""UTC; two of them lie right before Prague's clocks change."""
GAPS = (
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=13),
    timedelta(days=1),
    timedelta(days=1, hours=1),
    timedelta(days=3),
    timedelta(days=8),
)


@dataclass(frozen=True)
class Moment:
    """One tick: as of when, with which exports, and with how many messages at most."""

    as_of: str
    exports: dict[str, str]
    limit: int | None = None


@dataclass(frozen=True)
class Play:
    """A project and its ticks."""

    files: dict[str, str]
    moments: tuple[Moment, ...]

    def dump(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read it back."""
        raw = json.loads(text)
        return cls(raw["files"], tuple(Moment(**each) for each in raw["moments"]))


def _near(draw: DrawFn, start: datetime, before: int = 3, after: int = 5) -> datetime:
    """Draw an instant from so many days before the first tick to so many after it."""
    return start + timedelta(minutes=7 * draw(st.integers(-before * 200, after * 200)))


def _person(draw: DrawFn, number: int, start: datetime) -> tuple[str, ...]:
    email = draw(some(f"p{number}@example.com", f"p{number}@example.com", f"p{number}@example.com", "shared@example.com", ""))
    birthday = draw(some("", f"{_near(draw, start):1990-%m-%d}", f"{_near(draw, start):1980-%m-%d}"))
    return (
        f"c{number}", email, draw(some("Ann", "")), draw(some("CZ", "SK", "US")), f"{_near(draw, start):%Y-%m-%d %H:%M:%S}", birthday,
        draw(some("", "Europe/Prague", "America/New_York", "Asia/Tokyo", "nowhere")), draw(some("true", "true", "false", "")),
        draw(some("", "email", "sms")), draw(some("", f"+42060000000{number}")),
    )  # fmt: skip


def _people_by_tick(draw: DrawFn, start: datetime, ticks: int) -> list[list[tuple[str, ...]]]:
    """Draw people, and what changes of them from one tick to the next: where they live, whether they agree, whether they are there."""
    people = [_person(draw, number, start) for number in range(1, draw(st.integers(5, 9)) + 1)]
    found = [people]
    for _ in range(ticks - 1):
        people = [_changed(draw, row, draw(some("", "", "", "", "country", "newsletter", "email", "timezone"))) for row in people]
        found.append([row for row in people if row[0] == "c1" or draw(st.integers(0, 11))])
    return found


def _changed(draw: DrawFn, row: tuple[str, ...], column: str) -> tuple[str, ...]:
    values = {
        "country": ("CZ", "SK", "US"),
        "newsletter": ("true", "false"),
        "timezone": ("", "Asia/Tokyo"),
        "email": ("", f"new-{row[0]}@example.com"),
    }
    if not column:
        return row
    place = COLUMNS["customers"].index(column)
    return (*row[:place], draw(some(*values[column])), *row[place + 1 :])


def _products(draw: DrawFn) -> list[tuple[object, ...]]:
    return [(f"p{n}", f"Thing {n}", draw(some("10.00", "20.00", "15.00")), draw(some(0, 1, 5)), n) for n in (1, 2, 3)]


def _events(draw: DrawFn, start: datetime) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Draw what was visited and ordered, each with the time in its third and second column; every event and somebody's order is there."""
    old = f"{start - LONG_AGO:%Y-%m-%d %H:%M:%S}"
    web: list[tuple[object, ...]] = [("c1", old, event, "p1", "k0") for event in EVENTS]
    for number in range(draw(st.integers(6, 16))):
        who, what = f"c{draw(st.integers(1, 9))}", draw(some(*EVENTS))
        web.append((who, f"{_near(draw, start):%Y-%m-%d %H:%M:%S}", what, f"p{draw(st.integers(1, 3))}", f"k{number // 2}"))
    orders: list[tuple[object, ...]] = [("1", "c1", old, "100.00"), ("2", "c2", old, "5.00")]
    orders += [
        (str(number + 3), f"c{draw(st.integers(1, 9))}", f"{_near(draw, start):%Y-%m-%d %H:%M:%S}", draw(some("20.00", "60.00")))
        for number in range(draw(st.integers(2, 9)))
    ]
    return web, orders


def _csv(name: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS[name])
    writer.writerows(rows)
    return text.getvalue()


def _until(rows: Sequence[tuple[object, ...]], place: int, last: datetime) -> list[tuple[object, ...]]:
    """Return the rows that an export of a moment has."""
    return [row for row in rows if str(row[place]) <= f"{last:%Y-%m-%d %H:%M:%S}"]


@st.composite
def plays(draw: DrawFn) -> Play:
    """Draw a play."""
    start = datetime.fromisoformat(draw(some(*BEGINNINGS))).replace(tzinfo=UTC)
    times = [start]
    for _ in range(draw(st.integers(2, 3))):
        times.append(times[-1] + draw(some(*GAPS)))
    policies = {key: draw(values) for key, values in POLICIES.items() if draw(st.booleans())}
    written = [draw(campaigns(f"camp{n}", is_eager=n == 1)) for n in range(1, draw(st.integers(2, 5)))]
    people, (web, orders) = _people_by_tick(draw, start, len(times)), _events(draw, start)
    delay = draw(some(timedelta(0), timedelta(0), timedelta(hours=12)))
    moments = []
    for tick, now in enumerate(times):
        exports = {
            "customers": _csv("customers", people[tick]),
            "products": _csv("products", _products(draw)),
            "orders": _csv("orders", _until(orders, 2, now - delay)),
            "web": _csv("web", _until(web, 1, now - delay)),
        }
        moments.append(Moment(now.isoformat(), exports, draw(some(None, None, None, 2))))
    files: dict[str, object] = {
        "retention.yml": SETTINGS | ({"policies": policies} if policies else {}),
        "groups/rhythm.yml": GROUP,
        **{f"segments/{name}.yml": {"name": name, "where": where} for name, where in SEGMENTS.items()},
        **{f"campaigns/{each['name']}.yml": each for each in written},
    }
    texts = {
        "templates/letter.html": TEMPLATE,
        "templates/second.html": TEMPLATE.replace("Hello {{", "Again {{"),
        "out.csv": "email\np2@example.com\n",
    }
    return Play({name: _yaml(each) for name, each in files.items()} | texts, tuple(moments))


def _yaml(value: object) -> str:
    """Return it as JSON, which is YAML but for one thing: a word in quotes is no keyword."""
    return json.dumps(value).replace('"since": "entry"', '"since": entry')
