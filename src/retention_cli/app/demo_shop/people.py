"""The made-up customers: who they are, since when, and how they tend to shop.

Each customer has a stream of chance of its own, so that nobody's life changes because another's does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from retention_cli.app.demo_shop.chance import weighted
from retention_cli.app.demo_shop.names import Person, ascii_only, person, town
from retention_cli.app.demo_shop.products import IPHONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.demo_shop.chance import Chance

ZONE = ZoneInfo("Europe/Prague")
HISTORY = timedelta(days=3 * 365)
_BUSY = (1, 0, 0, 0, 0, 1, 3, 6, 9, 10, 11, 10, 9, 9, 9, 9, 10, 11, 13, 16, 18, 16, 10, 4)
_EARLY = (0, 0, 0, 0, 1, 6, 14, 20, 14, 8, 5, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0)
_LATE = (4, 1, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 5, 9, 16, 22, 20, 14, 8)
_HOURS = weighted(dict(enumerate(_BUSY)))
_DAYS = weighted({_HOURS: 60, weighted(dict(enumerate(_EARLY))): 14, weighted(dict(enumerate(_LATE))): 26})


class Habit(StrEnum):
    """How somebody shops here."""

    NEVER = "never"
    ONCE = "once"
    RARE = "rare"
    REGULAR = "regular"
    LOYAL = "loyal"
    GONE = "gone"


_HABITS = weighted({Habit.NEVER: 22, Habit.ONCE: 24, Habit.RARE: 18, Habit.REGULAR: 19, Habit.LOYAL: 8, Habit.GONE: 9})
_SYSTEMS = weighted({"Windows": 38, "Android": 34, "iOS": 21, "macOS": 7})
_DOMAINS = weighted({"example.com": 7, "example.org": 3})
_RHYTHM = {Habit.RARE: (110, 220), Habit.REGULAR: (40, 90), Habit.LOYAL: (14, 35), Habit.GONE: (22, 60)}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `rhythm` is the usual number of days between two orders, `shelves` the categories liked, best first.

    `hours` are the hours at which one shops, each as often as it is likely. `hobbies` and `channel` are what the form of the
    registration asked for, empty for whom it was too much.
    """

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
    hours: tuple[int, ...]
    hobbies: tuple[str, ...] = ()
    channel: str = ""

    @property
    def device(self) -> str:
        """What the shop sees as the kind of device."""
        return "mobile" if self.os in ("iOS", "Android") else "desktop"


def moment(chance: Chance, day: date, hours: tuple[int, ...] = _HOURS) -> datetime:
    """Draw a time of that day when people shop, or one person does, whole seconds, in UTC."""
    hour = chance.pick(hours)
    local = datetime(day.year, day.month, day.day, hour, chance.whole(0, 60), chance.whole(0, 60), tzinfo=ZONE)
    return local.astimezone(UTC)


def draw_customer(chance: Chance, number: int, count: int, as_of: datetime, categories: Sequence[str]) -> Customer:
    """Draw customer `number` of `count`: low numbers came first, and the shop grows."""
    who = person(chance)
    city, postal_code, country = town(chance)
    registered_at = _registered_at(chance, number, count, as_of)
    habit = chance.pick(_HABITS)
    slowest, fastest = _RHYTHM.get(habit, (60, 120))
    os = chance.pick(_SYSTEMS)
    return Customer(
        customer_id=f"C{10_000 + number}",
        person=who,
        email=_email(chance, who, number),
        birthday=_birthday(chance, as_of.date()),
        city=city,
        postal_code=postal_code,
        country=country,
        registered_at=registered_at,
        newsletter=chance.happens(0.72),
        habit=habit,
        rhythm=chance.uniform(slowest, fastest),
        leaves_at=_leaves_at(chance, registered_at, as_of) if habit is Habit.GONE else None,
        shelves=_shelves(chance, os, categories),
        os=os,
        has_app=os in ("iOS", "Android") and chance.happens(0.45),
        hours=chance.pick(_DAYS),
    )


def _registered_at(chance: Chance, number: int, count: int, as_of: datetime) -> datetime:
    share_after = 1 - (number + chance.random()) / count
    at = moment(chance, (as_of - HISTORY * share_after**1.15).date())
    return at if at <= as_of - timedelta(hours=1) else at - timedelta(days=1)


def _leaves_at(chance: Chance, registered_at: datetime, as_of: datetime) -> datetime:
    return registered_at + (as_of - registered_at) * chance.uniform(0.3, 0.85)


def _shelves(chance: Chance, os: str, categories: Sequence[str]) -> tuple[str, ...]:
    liked = chance.sample([name for name in categories if name != IPHONE], chance.whole(2, 6))
    return (*liked, IPHONE) if chance.happens(0.35 if os in ("iOS", "macOS") else 0.04) else tuple(liked)


def _email(chance: Chance, who: Person, number: int) -> str:
    if chance.happens(0.015):
        return ""
    name = ".".join(ascii_only(part) for part in (who.first_name, who.last_name) if part) or "zakaznik"
    return f"{name}{number}@{chance.pick(_DOMAINS)}"


def _birthday(chance: Chance, today: date) -> date | None:
    if chance.happens(0.35):
        return None
    return today - timedelta(days=round(chance.triangular(18, 82, 41) * 365.25))
