"""The made-up customers: who they are, since when, and how they tend to shop.

Each customer has a stream of chance of its own, so that nobody's life changes because another's does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from retention_cli.app.demo_shop.names import Person, ascii_only, person, town
from retention_cli.app.demo_shop.products import IPHONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

ZONE = ZoneInfo("Europe/Prague")
HISTORY = timedelta(days=3 * 365)
_BUSY = (1, 0, 0, 0, 0, 1, 3, 6, 9, 10, 11, 10, 9, 9, 9, 9, 10, 11, 13, 16, 18, 16, 10, 4)
_HOURS = tuple(hour for hour, weight in enumerate(_BUSY) for _ in range(weight))
_READS_NEWSLETTER, _HAS_APP, _NO_EMAIL, _NO_BIRTHDAY = 0.72, 0.45, 0.015, 0.35


class Habit(StrEnum):
    """How somebody shops here."""

    NEVER = "never"
    ONCE = "once"
    RARE = "rare"
    REGULAR = "regular"
    LOYAL = "loyal"
    GONE = "gone"


_HABITS: tuple[tuple[Habit, int], ...] = (
    (Habit.NEVER, 22), (Habit.ONCE, 24), (Habit.RARE, 18), (Habit.REGULAR, 19), (Habit.LOYAL, 8), (Habit.GONE, 9),
)  # fmt: skip
_RHYTHM = {Habit.RARE: (110, 220), Habit.REGULAR: (40, 90), Habit.LOYAL: (14, 35), Habit.GONE: (22, 60)}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `rhythm` is the usual number of days between two orders, `shelves` the categories liked, best first."""

    customer_id: str
    person: Person
    email: str
    birthday: date | None
    city: str
    postal_code: str
    country: str
    registered_at: datetime
    newsletter: bool
    habit: Habit
    rhythm: float
    leaves_at: datetime | None
    shelves: tuple[str, ...]
    os: str
    has_app: bool

    @property
    def likes_iphones(self) -> bool:
        """Whether one might look at, or buy, an iPhone."""
        return IPHONE in self.shelves

    @property
    def device(self) -> str:
        """What the shop sees as the kind of device."""
        return "mobile" if self.os in ("iOS", "Android") else "desktop"


def moment(random: Random, day: date) -> datetime:
    """Draw a time of that day when people shop, whole seconds, in UTC."""
    hour = random.choice(_HOURS)
    local = datetime(day.year, day.month, day.day, hour, random.randrange(60), random.randrange(60), tzinfo=ZONE)
    return local.astimezone(UTC)


def draw_customer(random: Random, number: int, count: int, as_of: datetime, categories: Sequence[str]) -> Customer:
    """Draw customer `number` of `count`: low numbers came first, and the shop grows."""
    who = person(random)
    city, postal_code, country = town(random)
    registered_at = _registered_at(random, number, count, as_of)
    habit = random.choices([each for each, _ in _HABITS], [weight for _, weight in _HABITS])[0]
    slowest, fastest = _RHYTHM.get(habit, (60, 120))
    os = random.choices(("Windows", "Android", "iOS", "macOS"), (38, 34, 21, 7))[0]
    return Customer(
        customer_id=f"C{10_000 + number}",
        person=who,
        email=_email(random, who, number),
        birthday=_birthday(random, as_of.date()),
        city=city,
        postal_code=postal_code,
        country=country,
        registered_at=registered_at,
        newsletter=random.random() < _READS_NEWSLETTER,
        habit=habit,
        rhythm=random.uniform(slowest, fastest),
        leaves_at=_leaves_at(random, registered_at, as_of) if habit is Habit.GONE else None,
        shelves=_shelves(random, os, categories),
        os=os,
        has_app=os in ("iOS", "Android") and random.random() < _HAS_APP,
    )


def _registered_at(random: Random, number: int, count: int, as_of: datetime) -> datetime:
    share_after = 1 - (number + random.random()) / count
    at = moment(random, (as_of - HISTORY * share_after**1.15).date())
    return at if at <= as_of - timedelta(hours=1) else at - timedelta(days=1)


def _leaves_at(random: Random, registered_at: datetime, as_of: datetime) -> datetime:
    return registered_at + (as_of - registered_at) * random.uniform(0.3, 0.85)


def _shelves(random: Random, os: str, categories: Sequence[str]) -> tuple[str, ...]:
    liked = random.sample([name for name in categories if name != IPHONE], random.randrange(2, 6))
    share = 0.35 if os in ("iOS", "macOS") else 0.04
    return (*liked, IPHONE) if random.random() < share else tuple(liked)


def _email(random: Random, who: Person, number: int) -> str:
    if random.random() < _NO_EMAIL:
        return ""
    domain = random.choices(("example.com", "example.org"), (70, 30))[0]
    name = ".".join(ascii_only(part) for part in (who.first_name, who.last_name) if part) or "zakaznik"
    return f"{name}{number}@{domain}"


def _birthday(random: Random, today: date) -> date | None:
    if random.random() < _NO_BIRTHDAY:
        return None
    return today - timedelta(days=round(random.triangular(18, 82, 41) * 365.25))
