"""Calendar words: the days that a period spans, the instant or day that a point names, the days whose anniversary comes.

    period = today | yesterday | tomorrow | this_week | last_week | next_week | this_month | … | this_quarter | … | this_year | …
           | 2026 | 2026-05 | 2026-05-01 | N days ago | N weeks ago | N months ago | N years ago
    point  = 2026-01-31 | 2026-01-31T09:00 | today | N days ago | N days from now

Weeks begin on Monday (ISO 8601). `4 days ago` is, as a period, that whole day, and as a point of time the instant 96 hours ago.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from retention_cli.model.duration import Duration, shift_months

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.compile.moment import Moment

_OFFSETS = {"last": -1, "this": 0, "next": 1}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_NAMED = re.compile(r"(last|this|next)_(week|month|quarter|year)")
_WRITTEN = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_RELATIVE = re.compile(r"(.+?)\s+(ago|from now)")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAY_UNITS = ("day", "week", "month", "year")
PERIODS = (*_DAYS, *(f"{offset}_{unit}" for offset in _OFFSETS for unit in ("week", "month", "quarter", "year")))

Span = tuple[date, date]
"""The first day, and the day after the last."""


def period(text: str, moment: Moment) -> Span | None:
    """Return the days of a period, None where the text is none."""
    text = text.strip()
    if text in _DAYS:
        return _day(moment.today + timedelta(days=_DAYS[text]))
    if (named := _NAMED.fullmatch(text)) is not None:
        return _around(moment.today, named[2], _OFFSETS[named[1]])
    if (written := _WRITTEN.fullmatch(text)) is not None:
        return _month(int(written[1]), written[2])
    if (relative := _relative(text)) is not None and relative[0].unit in _DAY_UNITS:
        length, sign = relative
        return _around(moment.today, length.unit, sign * length.count)
    found = moment.read_date(text)
    return None if found is None else _day(found)


def _day(day: date) -> Span:
    return day, day + timedelta(days=1)


def _month(year: int, month: str | None) -> Span | None:
    if not year or (month is not None and not 1 <= int(month) <= 12):  # noqa: PLR2004 - months of a year
        return None
    first = date(year, int(month or 1), 1)
    return first, shift_months(first, 1 if month else 12)


def _around(day: date, unit: str, offset: int) -> Span:
    """Return the unit of the calendar that holds a day, moved by so many units."""
    if unit == "day":
        return _day(day + timedelta(days=offset))
    if unit == "week":
        monday = day - timedelta(days=day.weekday()) + timedelta(weeks=offset)
        return monday, monday + timedelta(weeks=1)
    months = _MONTHS[unit]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return shift_months(first, offset * months), shift_months(first, (offset + 1) * months)


def _relative(text: str) -> tuple[Duration, int] | None:
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return None
    try:
        return Duration.parse(match[1]), -1 if match[2] == "ago" else 1
    except ValueError:
        return None


def instant(text: str, moment: Moment) -> datetime | None:
    """Return the instant that `3 hours ago` or `2 days from now` names, None for anything else."""
    found = _relative(text.strip())
    if found is None:
        return None
    return moment.ago(found[0]) if found[1] < 0 else moment.ahead(found[0])


def day(text: str, moment: Moment) -> date | None:
    """Return the day that a date, `today`, `tomorrow` or `2 days from now` names, None for anything else."""
    text = text.strip()
    if text in _DAYS:
        return moment.today + timedelta(days=_DAYS[text])
    found = _relative(text)
    if found is None:
        return moment.read_date(text)
    length, sign = found
    if length.unit not in _DAY_UNITS:
        return None
    return length.days_before(moment.today) if sign < 0 else length.days_after(moment.today)


def anniversaries(first: date, end: date, *, leap: str) -> list[int]:
    """Return a hundred times the month plus the day of every date that has its yearly day from `first` up to before `end`, sorted.

    29 February falls on the 28th in years without one, or on 1 March where `leap` is march.
    """
    found = set()
    for number in range(min((end - first).days, 366)):
        each = first + timedelta(days=number)
        found.add(each.month * 100 + each.day)
        stand_in = (3, 1) if leap == "march" else (2, 28)
        if (each.month, each.day) == stand_in and not calendar.isleap(each.year):
            found.add(229)
    return sorted(found)
