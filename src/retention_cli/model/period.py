"""Periods of the calendar as a wall clock has them: days, weeks that begin on Monday, months."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.model.wall import instant_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_MIDNIGHT = time(0)
_ONE_DAY = timedelta(days=1)
_MOST_DAYS = 32


class Period(StrEnum):
    """A period of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def period_start(instant: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the period that holds `instant` begins on the zone's clock.

    Where midnight is skipped, it is the first instant of the day; a day that the zone lacks begins nothing.
    """
    day = _first_day(instant.astimezone(zone).date(), period)
    return _start_of(day, zone)


def period_starts(after: datetime, until: datetime, period: Period, zone: ZoneInfo) -> list[datetime]:
    """Return the starts of all periods that hold an instant of [after, until], in order."""
    found = [period_start(after, period, zone)]
    day = _first_day(after.astimezone(zone).date(), period)
    while True:
        day = _first_day(_last_day(day, period) + _ONE_DAY, period)
        start = _start_of(day, zone)
        if start > until.astimezone(UTC):
            return found
        if start > found[-1]:
            found.append(start)


def _first_day(day: date, period: Period) -> date:
    match period:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - day.weekday() * _ONE_DAY
        case Period.MONTH:
            return day.replace(day=1)


def _last_day(first: date, period: Period) -> date:
    days = {Period.DAY: 1, Period.WEEK: 7}.get(period)
    if days is not None:
        return first + (days - 1) * _ONE_DAY
    return (first + _MOST_DAYS * _ONE_DAY).replace(day=1) - _ONE_DAY


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    while (found := instant_of(day, _MIDNIGHT, zone)) is None:
        day += _ONE_DAY
    return found
