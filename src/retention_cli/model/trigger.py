"""What begins a journey: one model a trigger.

Every trigger gives *occurrences*: a customer, a key that tells this occasion from the customer's others, the instant at which
it is due, and facts for templates. An occurrence is judged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Literal

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from retention_cli.model.base import Flag, Model, Names, Span, Whole
from retention_cli.model.condition import QueryField
from retention_cli.model.duration import Duration
from retention_cli.model.wall import TimeOfDay
from retention_cli.model.word import Word

MIDNIGHT = time(0)
_LATE = Duration(3, "day")
_BACKFILL = "whether those whom it is true for at the first run begin it too"
_LATE_TOLD = "an occasion older than this enrols nobody"


class Zone(StrEnum):
    """Whose wall clock tells the day and the hour."""

    CUSTOMER = "customer"
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Shift:
    """A length of time forth (sign 1) or back (sign -1)."""

    sign: int
    span: Duration

    def of_day(self, day: date) -> date:
        """Return the day moved by it."""
        return self.span.days_after(day) if self.sign > 0 else self.span.days_before(day)


def _signed(value: object) -> object:
    """Read `-7 days` or `3 days`."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    return Shift(-1 if text.startswith("-") else 1, Duration.parse(text.lstrip("+-")))


_SHIFT_PATTERN = r"^\s*[+-]?\s*\d+\s*([A-Za-z]+)\s*$"
SignedSpan = Annotated[Shift, BeforeValidator(_signed), WithJsonSchema({"type": "string", "pattern": _SHIFT_PATTERN, "examples": ["-7 days"]})]
"""A length of time forth or back: 3 days, -7 days."""


def _check_days(shift: Shift) -> Shift:
    if shift.span.unit in {"second", "minute", "hour"}:
        raise ValueError(f"'{shift.span}' moves no day; write days, weeks, months or years, and at: for the hour")
    return shift


SignedDays = Annotated[SignedSpan, AfterValidator(_check_days)]
"""Whole days, weeks, months or years forth or back."""


class Enters(Model):
    """Begins when a customer comes into a segment. `backfill: true` enrols who is already in at the first run."""

    enters: Word = Field(description="the segment whose new members begin the campaign")
    backfill: Flag = Field(default=False, description=_BACKFILL)


class Leaves(Model):
    """Begins when a customer who is still a customer goes out of a segment."""

    leaves: Word = Field(description="the segment whose leavers begin the campaign")


class Move(Model):
    """From which divisions of a group to which. `from` left out: from any other, or from none."""

    group: Word = Field(description="the group")
    from_: Names = Field(default=(), alias="from", description="the division that customers come from, or a list; left out: any other")
    to: Names = Field(min_length=1, description="the division that they come to, or a list")


class Moves(Model):
    """Begins when a customer comes to another division of a group."""

    moves: Move = Field(description="between which divisions of which group")
    backfill: Flag = Field(default=False, description="whether those who are in `to` at the first run begin it too")


class Happened(Model):
    """Begins at each matching event, once its `not_followed_by` windows are over; too old ones (`late`) enrol nobody."""

    query: QueryField = Field(description="which events begin the campaign")
    late: Span = Field(default=_LATE, description="an event older than this enrols nobody")
    backfill: Flag = Field(default=False, description="whether events before the first run begin it too")
    per: Word | None = Field(default=None, description="one journey a value of this column of the event instead of one a customer: order_id")


class Change(Model):
    """Which column of which source, from which value to which."""

    field: Word = Field(description="the column")
    of: Word = Field(default=Word("customers"), description="the source it stands in; it needs a key:")
    from_: Names = Field(default=(), alias="from", description="the value before, or a list; left out: any other")
    to: Names = Field(default=(), description="the value now, or a list; left out: any other")


class Changes(Model):
    """Begins when a value is another than at the last run, row by row of a source with a key."""

    changes: Change = Field(description="what changes")
    per: Word | None = Field(default=None, description="one journey a value of this column of the row instead of one a customer: order_id")


class Dated(Model):
    """Begins on the day that a field of the customer tells, or every year on it."""

    date: Word = Field(description="the customer's field: birthday")
    every: Literal["year"] | None = Field(default=None, description="year: on each anniversary; left out: on the day itself")
    offset: SignedDays | None = Field(default=None, description="so long before (-7 days) or after (3 days) the day")
    at: TimeOfDay | None = Field(
        default=None, description="at what hour of that day; left out: when the day begins, or the hour that the field itself tells"
    )
    zone: Zone = Field(default=Zone.CUSTOMER, description="whose day it is: customer or shop")
    leap: Literal["february", "march"] = Field(default="february", description="29 February in other years: on 28 February or on 1 March")
    late: Span = Field(default=_LATE, description=_LATE_TOLD)
    backfill: Flag = Field(default=False, description="whether days before the first run count, up to `late`")


class Rhythm(Model):
    """How long after the event: a field of the event, or a metric of the customer; moved by `plus`."""

    field: Word | None = Field(default=None, description="a field of the event, in days: consumption_days")
    metric: Word | None = Field(default=None, description="a metric of the customer, in days: days_between_orders")
    factor: Annotated[Whole, Field(ge=1)] = Field(default=1, description="so many times as long")
    plus: SignedSpan | None = Field(default=None, description="and so long after (3 days) or before (-7 days) that")


class Lapse(Model):
    """Which event, how long ago, and what it is counted apart by."""

    since: QueryField = Field(description="the event that starts the clock; a newer one starts it again")
    for_: Rhythm | Span = Field(alias="for", description="how long: 30 days, {field: …} or {metric: …}")
    per: Word | None = Field(default=None, description="a clock for each value of this column of the event: product_id")


class Elapsed(Model):
    """Begins when so long has passed since a customer's last such event."""

    elapsed: Lapse = Field(description="since which event, and how long")
    late: Span = Field(default=_LATE, description=_LATE_TOLD)
    backfill: Flag = Field(default=False, description="whether what elapsed before the first run counts, up to `late`")


def _check_cron(text: Word) -> Word:
    if len(text.split()) != _CRON_FIELDS:
        raise ValueError(f"{str(text)!r} has {len(text.split())} fields, not five; write minute hour day month weekday: 0 9 * * 1")
    try:
        CronSim(str(text), datetime(2026, 1, 1))  # noqa: DTZ001 - a wall clock; the zone comes later
    except CronSimError as error:
        raise ValueError(f"{str(text)!r} is no cron expression: {error}; write minute hour day month weekday: 0 9 * * 1") from error
    return text


_CRON_FIELDS = 5
Cron = Annotated[Word, AfterValidator(_check_cron), WithJsonSchema({"type": "string", "examples": ["0 9 * * 1"]})]
"""Five fields as in crontab."""


def read_moment(value: object) -> object:
    """Read `2026-12-01 09:00`, a wall clock without an offset; raise ValueError with a sentence where it is none."""
    if not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or len(value.strip()) <= len("2026-12-01"):
        raise ValueError(f"{str(value)!r} is not a day and an hour; write it like 2026-12-01 09:00")
    return found


Wall = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema({"type": "string", "examples": ["2026-12-01 09:00"]})]
"""A day and an hour on somebody's wall."""


class Every(StrEnum):
    """How often a schedule comes."""

    DAY = "day"
    WEEKDAY = "weekday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    MONTH = "month"


class Timetable(Model):
    """When: `{every: monday, at: "09:00"}`, `{every: month, day: 10, at: "10:00"}` or `{cron: "0 9 * * 1"}`."""

    every: Every | None = Field(default=None, description="day, weekday, monday … sunday, or month")
    day: Annotated[Whole, Field(ge=1, le=31)] | None = Field(default=None, description="the day of the month; one that a month lacks is its last")
    at: TimeOfDay = Field(default=MIDNIGHT, description="at what hour")
    cron: Cron | None = Field(default=None, description="five fields as in crontab: minute hour day month weekday")
    zone: Zone = Field(default=Zone.CUSTOMER, description="whose clock: customer or shop")


class Scheduled(Model):
    """Begins for the whole audience, at every time of a timetable."""

    schedule: Timetable = Field(description="when it comes")
    late: Span = Field(default=Duration(12, "hour"), description="a time older than this is left out")


class Once(Model):
    """Begins for the whole audience at one time."""

    once: Wall = Field(description="when: 2026-12-01 09:00")
    zone: Zone = Field(default=Zone.CUSTOMER, description="whose clock: customer or shop")
    late: Span = Field(default=_LATE, description="later than this it does not begin any more")


class Interest(Model):
    """Who is interested in a product: who did something with it."""

    interested: QueryField = Field(description="what a customer did with the product")
    at_least: Annotated[Whole, Field(ge=1)] = Field(default=1, description="restocked: so many pieces; price_dropped: so many percent")


class Restocked(Model):
    """Begins when a product that was out of stock is there again, for who is interested in it."""

    restocked: Interest = Field(description="who is interested, and from how many pieces on")

    @property
    def interest(self) -> Interest:
        """Who is interested."""
        return self.restocked


class PriceDropped(Model):
    """Begins when a product's price is lower than at the last run, for who is interested in it."""

    price_dropped: Interest = Field(description="who is interested, and from how many percent on")

    @property
    def interest(self) -> Interest:
        """Who is interested."""
        return self.price_dropped


class Started(Model):
    """Begins where a step of another campaign starts it, and by nothing else: what a campaign without a trigger has."""


Trigger = Enters | Leaves | Moves | Happened | Changes | Dated | Elapsed | Scheduled | Once | Restocked | PriceDropped | Started
TRIGGERS: dict[str, type[Model]] = {
    "enters": Enters,
    "leaves": Leaves,
    "moves": Moves,
    "did": Happened,
    "changes": Changes,
    "date": Dated,
    "elapsed": Elapsed,
    "schedule": Scheduled,
    "once": Once,
    "restocked": Restocked,
    "price_dropped": PriceDropped,
}
"""The triggers by their head word."""
QUERIED = (Happened, Elapsed, Restocked, PriceDropped)
"""The triggers that begin with an event, whose columns `same:` and `per:` may name."""


def segment_of(trigger: Trigger) -> Word | None:
    """Return the segment that a trigger watches, None where it watches none."""
    match trigger:
        case Enters(enters=segment) | Leaves(leaves=segment):
            return segment
        case _:
            return None
