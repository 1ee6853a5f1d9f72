"""Lengths of time as a person writes them: `30 minutes`, `3 days`, `1 year`.

Seconds, minutes and hours are elapsed time; days, weeks, months and years go by the calendar. Which clock a day follows
is decided where it is used (LANGUAGE: in conditions a day is 24 hours for times and a calendar day for dates; in waits
days keep the wall clock).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from retention_cli.model.problem import NOWHERE, Place
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Unit = Literal["second", "minute", "hour", "day", "week", "month", "year"]

_SHORT: dict[str, Unit] = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
_SECONDS: dict[Unit, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAYS: dict[str, int] = {"day": 1, "week": 7, "month": 31, "year": 366}
_MOST_YEARS = 1000
_MOST_DAYS = _MOST_YEARS * 366
"""Nobody means more, and calendars end at the year 9999."""
_WRITTEN = re.compile(r"\s*(\d+)\s*([A-Za-z]+)\s*")


@dataclass(frozen=True, slots=True)
class Duration:
    """So many units of time; `place` is where a file says so, and no part of what it means."""

    count: int
    unit: Unit
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @classmethod
    def parse(cls, written: str) -> Duration:
        """Read `30 minutes`, `12h`, `3 months`; raise ValueError with a sentence where it is none."""
        match = _WRITTEN.fullmatch(written)
        if match is None:
            message = f"{written!r} is not a length of time; write it like 30 minutes, 12 hours, 3 days, 2 weeks, 3 months or 1 year"
            raise ValueError(message)
        count, word = int(match[1]), match[2].lower()
        unit = _SHORT.get(word) or word.removesuffix("s")
        if unit not in get_args(Unit):
            message = f"{match[2]!r} is not a unit of time; {did_you_mean(word, [f'{name}s' for name in get_args(Unit)])}"
            raise ValueError(message)
        if count > _MOST_DAYS // _DAYS.get(unit, 1):
            raise ValueError(f"{written!r} is longer than {_MOST_YEARS} years; write a shorter one")
        return cls(count, unit)  # type: ignore[arg-type]  # just checked to be one of the units

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    @property
    def is_calendar(self) -> bool:
        """Whether its length depends on where in the calendar it starts."""
        return self.unit in ("month", "year")

    @property
    def months(self) -> int:
        """Months it stands for, 0 for an elapsed unit."""
        return {"month": 1, "year": 12}.get(self.unit, 0) * self.count

    @property
    def elapsed(self) -> timedelta:
        """Elapsed time it stands for; a day is 24 hours. Zero for months and years."""
        return timedelta(seconds=_SECONDS.get(self.unit, 0) * self.count)

    @property
    def shortest(self) -> timedelta:
        """The least elapsed time that it may stand for: a month is 28 days, a year 365."""
        return self.elapsed or timedelta(days=365 * (self.months // 12) + 28 * (self.months % 12))

    @property
    def longest(self) -> timedelta:
        """The most elapsed time that it may stand for: a month is 31 days, a year 366."""
        return self.elapsed or timedelta(days=366 * (self.months // 12) + 31 * (self.months % 12))

    def before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """Return the UTC instant that lies this long before `instant`; months and years by the wall clock of `zone`."""
        return self._moved(instant, zone, -1)

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """Return the UTC instant that lies this long after `instant`; months and years by the wall clock of `zone`."""
        return self._moved(instant, zone, 1)

    def after_wall(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """Return the UTC instant this long after `instant` as a wait counts: days and more keep the wall clock of `zone`."""
        if self.unit in ("second", "minute", "hour"):
            return instant.astimezone(UTC) + self.elapsed
        local = instant.astimezone(zone)
        return datetime.combine(self.days_after(local.date()), local.timetz().replace(fold=0)).astimezone(UTC)

    def days_before(self, day: date) -> date:
        """Return the calendar day this long before `day`; hours and less count as no day."""
        return shift_months(day, -self.months) if self.is_calendar else day - timedelta(days=self.elapsed.days)

    def days_after(self, day: date) -> date:
        """Return the calendar day this long after `day`; hours and less count as no day."""
        return shift_months(day, self.months) if self.is_calendar else day + timedelta(days=self.elapsed.days)

    def _moved(self, instant: datetime, zone: ZoneInfo, sign: int) -> datetime:
        if not self.is_calendar:
            return instant.astimezone(UTC) + sign * self.elapsed
        local = instant.astimezone(zone)
        moved = datetime.combine(shift_months(local.date(), sign * self.months), local.timetz())
        return moved.astimezone(UTC)


def shift_months(day: date, months: int) -> date:
    """Return `day` moved by whole months; a day that the month lacks becomes its last (31 January + 1 month = 28 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
