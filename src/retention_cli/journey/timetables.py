"""When a timetable or a customer's day is due: the instants of a zone's wall clock in a stretch of time. Pure.

Everything here is told a zone and a stretch (after, until], both aware, and gives each occasion in it once. A clock change
neither skips nor doubles one: see `model.wall`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from cronsim import CronSim

from retention_cli.model.trigger import MIDNIGHT, Every
from retention_cli.model.wall import days_between, instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from retention_cli.model.trigger import Dated, Timetable

_SATURDAY = 5
_MOST_MONTH = timedelta(days=31)
_WEEK = (Every.MONDAY, Every.TUESDAY, Every.WEDNESDAY, Every.THURSDAY, Every.FRIDAY, Every.SATURDAY, Every.SUNDAY)
_FEBRUARY_29, _FEBRUARY_28, _MARCH_1 = (2, 29), (2, 28), (3, 1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time of a timetable: what the wall clock was to show, and the UTC instant at which it does."""

    wall: datetime
    instant: datetime


@dataclass(frozen=True, slots=True)
class DayDue:
    """Whose day is due at an instant: those whose field tells this month and day (yearly), or this very date. `day` is the anniversary."""

    month: int
    of_month: int
    day: date
    instant: datetime


def occasions(table: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> list[Occasion]:
    """Return the times of a timetable in (after, until], oldest first; two that one gap throws together are one."""
    walls = _of_cron(str(table.cron), zone, after, until) if table.cron is not None else _of_days(table, zone, after, until)
    found: dict[datetime, Occasion] = {}
    for wall in walls:
        instant = instant_of(wall.date(), wall.time(), zone)
        if instant is not None and after < instant <= until:
            found.setdefault(instant, Occasion(wall, instant))
    return list(found.values())


def _of_cron(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    days = days_between(after, until, zone)
    end = datetime.combine(days[-1], MIDNIGHT)
    for wall in CronSim(expression, datetime.combine(days[0], MIDNIGHT) - timedelta(minutes=1)):
        if wall > end:
            return
        yield wall


def _of_days(table: Timetable, zone: ZoneInfo, after: datetime, until: datetime) -> Iterator[datetime]:
    for day in days_between(after, until, zone):
        if _is_on(table, day):
            yield datetime.combine(day, table.at)


def _is_on(table: Timetable, day: date) -> bool:
    match table.every:
        case Every.DAY:
            return True
        case Every.WEEKDAY:
            return day.weekday() < _SATURDAY
        case Every.MONTH:
            last = ((day.replace(day=1) + _MOST_MONTH).replace(day=1) - timedelta(days=1)).day
            return day.day == min(table.day or 1, last)
        case None:
            return False
        case _:
            return table.every is _WEEK[day.weekday()]


def once_due(wall: datetime, zone: ZoneInfo, after: datetime, until: datetime) -> list[Occasion]:
    """Return the one time, if it is due in (after, until]."""
    instant = instant_of(wall.date(), wall.time(), zone)
    return [Occasion(wall, instant)] if instant is not None and after < instant <= until else []


def days_due(trigger: Dated, zone: ZoneInfo, after: datetime, until: datetime) -> list[DayDue]:
    """Return whose days are due in (after, until]: of a yearly date each month and day that an anniversary falls on."""
    found: list[DayDue] = []
    for day in _days_before_shift(trigger, zone, after, until):
        moved = day if trigger.offset is None else trigger.offset.of_day(day)
        instant = instant_of(moved, trigger.at or MIDNIGHT, zone)
        if instant is not None and after < instant <= until:
            found += [DayDue(month, of_month, day, instant) for month, of_month in _whose(trigger, day)]
    return found


def _days_before_shift(trigger: Dated, zone: ZoneInfo, after: datetime, until: datetime) -> list[date]:
    """Return the days whose moved day may lie in the stretch; a month is not always as long back as forth."""
    days = days_between(after, until, zone)
    if trigger.offset is None:
        return days
    span, slack = trigger.offset.span, timedelta(days=4 if trigger.offset.span.is_calendar else 0)
    back = span.days_before if trigger.offset.sign > 0 else span.days_after
    first, last = back(days[0]) - slack, back(days[-1]) + slack
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _whose(trigger: Dated, day: date) -> list[tuple[int, int]]:
    """Return which months and days have their anniversary on a day: 29 February has it on another in years without one."""
    own = (day.month, day.day)
    if trigger.every is None or _has_29_february(day.year):
        return [own]
    stand_in = _FEBRUARY_28 if trigger.leap == "february" else _MARCH_1
    return [own, _FEBRUARY_29] if own == stand_in else [own]


def _has_29_february(year: int) -> bool:
    return (date(year, 3, 1) - timedelta(days=1)).day == _FEBRUARY_29[1]
