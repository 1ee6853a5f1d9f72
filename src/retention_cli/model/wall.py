"""Wall clocks: which instant a zone's clock shows a time of a day, whatever its clock changes do.

A time that a day lacks (clocks go forward) is the first instant after the gap; one that it has twice (clocks go back) is the
first of the two. A day that a zone lacks (Apia, 30 December 2011) has no instant at all. Zones are those of IANA's database,
by any spelling of case and by their old names.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, WithJsonSchema

_TIME_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
_ONE_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


def read_time_of_day(value: Any) -> Any:
    """Read `09:00`; raise ValueError with a sentence where it is none."""
    if not isinstance(value, str):
        return value
    hours, colon, minutes = value.strip().partition(":")
    digits = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not (colon and digits and len(hours) <= len("09") == len(minutes) and int(hours) < 24 and int(minutes) < 60):  # noqa: PLR2004 - hours and minutes
        raise ValueError(f"{str(value)!r} is not a time of day; write it like 09:00 or 20:30")
    return time(int(hours), int(minutes))


TimeOfDay = Annotated[time, BeforeValidator(read_time_of_day), WithJsonSchema({"type": "string", "pattern": _TIME_PATTERN, "examples": ["09:00"]})]
"""A time of the day on somebody's wall: 09:00."""


@cache
def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone of that name, None where there is none. Old names are zones too; case does not matter."""
    known = _zones_by_fold().get(name.strip().casefold())
    return ZoneInfo(known) if known is not None else None


@cache
def _zones_by_fold() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the UTC instant at which the zone's clock first shows this time of this day, or, in a gap, the gap's end.

    None where the zone has no such day.
    """
    wall = datetime.combine(day, at)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) == wall:
        return early
    found = _end_of_gap(late, early, zone)
    if found.astimezone(zone).date() == day or (at > _MIDNIGHT and instant_of(day, _MIDNIGHT, zone) is not None):
        return found  # a gap may reach to the day's end: in Nuuk it is midnight then
    return None


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant with the offset of `after`; the clocks change once between the two."""
    offset = after.astimezone(zone).utcoffset()
    low, high = before, after
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high


def next_at(instant: datetime, at: time, zone: ZoneInfo) -> datetime:
    """Return the first UTC instant, not before `instant`, at which the zone's clock shows this time."""
    day = instant.astimezone(zone).date()
    while True:
        found = instant_of(day, at, zone)
        if found is not None and found >= instant:
            return found
        day += _ONE_DAY


def days_between(after: datetime, until: datetime, zone: ZoneInfo) -> list[date]:
    """Return the zone's calendar days that any instant of (after, until] can lie in, with one more on each side."""
    first, last = after.astimezone(zone).date() - _ONE_DAY, until.astimezone(zone).date() + _ONE_DAY
    return [first + n * _ONE_DAY for n in range((last - first).days + 1)]
