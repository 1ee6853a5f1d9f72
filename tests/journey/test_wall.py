"""Wall clocks: every local time is one instant, whatever the clocks do (T01 to T03, T05 to T08)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.journey.timetables import days_due, occasions
from retention_cli.model.trigger import Dated, Every, Timetable
from retention_cli.model.wall import instant_of, next_at, zone_named
from retention_cli.model.word import Word

SHORT = (
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Santiago",
    "Europe/Prague",
    "Pacific/Apia",
    "Africa/Casablanca",
)
HALF_HOURS = [time(hour, minute) for hour in (0, 1, 2, 3, 9, 23) for minute in (0, 30)]
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def changes_of(zone: ZoneInfo) -> list[datetime]:
    """Return the instants from 2024 to 2030 in whose day the zone's clock is put forth or back."""
    days = [BEGIN + timedelta(days=n) for n in range((END - BEGIN).days)]
    return [day for day in days if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset()]


def daily(zone: ZoneInfo, at: time, step: timedelta, around: datetime) -> list[date]:
    """Tick through the four days around a change; return on which local days a daily timetable fired."""
    after, end, fired = around - timedelta(days=2), around + timedelta(days=2), []
    while after < end:
        until = after + step
        fired += [each.wall.date() for each in occasions(Timetable(every=Every.DAY, at=at), zone, after, until)]
        after = until
    return fired


def each_day_once(zone: ZoneInfo) -> None:
    """Check that no day is missed and none doubled, at all hours that a change may hit."""
    for change in changes_of(zone):
        for at in HALF_HOURS:
            fired = daily(zone, at, timedelta(hours=7), change)
            assert fired == sorted(set(fired)), (zone, at, change)
            gaps = {(late - early).days for early, late in pairwise(fired)}
            assert gaps <= {1}, (zone, at, change)


@pytest.mark.parametrize("name", SHORT)
def test_a_daily_time_comes_once_a_day_through_every_change(name: str) -> None:
    each_day_once(ZoneInfo(name))


@pytest.mark.prove
def test_a_daily_time_comes_once_a_day_in_every_zone() -> None:
    """R8: all zones of the IANA list, every clock change from 2024 to 2030: 0 missed, 0 doubled."""
    zones = sorted(available_timezones())
    checked = 0
    for name in zones:
        each_day_once(ZoneInfo(name))
        checked += len(changes_of(ZoneInfo(name)))
    sys.stdout.write(f"{len(zones)} zones, {checked} clock changes, {len(HALF_HOURS)} times of the day: 0 missed, 0 doubled\n")
    assert checked > 1000


@pytest.mark.parametrize(
    ("zone", "day", "at", "instant"),
    [
        pytest.param("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:00", id="a gap ends at three"),
        pytest.param("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30", id="the first of two"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:30", id="a gap of half an hour"),
        pytest.param("Africa/Cairo", date(2026, 4, 24), time(0, 30), "2026-04-23T22:00", id="a gap at midnight"),
        pytest.param("Europe/Prague", date(2026, 5, 1), time(9, 0), "2026-05-01T07:00", id="a plain day"),
    ],
)
def test_the_instant_of_a_wall_clock(zone: str, day: date, at: time, instant: str) -> None:
    assert instant_of(day, at, ZoneInfo(zone)) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_day_that_a_zone_lacks_has_no_instant() -> None:
    """T07: Samoa crossed the date line."""
    assert instant_of(date(2011, 12, 30), time(9), ZoneInfo("Pacific/Apia")) is None


@given(st.sampled_from(sorted(available_timezones())), st.integers(0, int((END - BEGIN).total_seconds())), st.times())
def test_the_next_time_is_the_first_that_is_not_before(name: str, seconds: int, at: time) -> None:
    zone, after = ZoneInfo(name), BEGIN + timedelta(seconds=seconds)
    at = at.replace(microsecond=0, tzinfo=None)
    found = next_at(after, at, zone)
    assert after <= found <= after + timedelta(days=2)
    shown = found.astimezone(zone)
    assert shown.time() >= at or shown.date() > after.astimezone(zone).date()


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("europe/prague", "Europe/Prague"),
        ("Europe/Kiev", "Europe/Kiev"),
        ("EST", "EST"),
        ("Mars/Phobos", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_by_any_spelling(told: str, meant: str | None) -> None:
    """T08."""
    found = zone_named(told)
    assert (found.key if found else None) == meant


def birthdays(zone: ZoneInfo, year: int, leap: str = "february") -> list[tuple[int, int]]:
    """Return whose birthday came in a year of daily ticks, as (month, day) in the order in which they came."""
    trigger = Dated(date=Word("birthday"), every="year", at=time(9), leap=leap)
    after, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    return [(each.month, each.of_month) for each in days_due(trigger, zone, after, end)]


def all_birthdays_once(zone: ZoneInfo) -> None:
    """Check that each of the 366 days of birth comes once in each year."""
    for year in (2027, 2028):
        for leap in ("february", "march"):
            found = birthdays(zone, year, leap)
            twice = [day for day in found if found.count(day) > 1]
            assert [day for day in twice if day not in {(1, 1), (12, 31)}] == [], (zone, year)
            assert len(set(found)) >= 365, (zone, year)


def test_every_birthday_comes_once_a_year() -> None:
    for name in SHORT:
        all_birthdays_once(ZoneInfo(name))


@pytest.mark.prove
def test_every_birthday_comes_once_a_year_in_every_zone() -> None:
    """Birthdays of 366 days in all zones, in a year with a 29 February and in one without."""
    for name in sorted(available_timezones()):
        all_birthdays_once(ZoneInfo(name))
    sys.stdout.write(f"{len(available_timezones())} zones, 366 birthdays: each once a year\n")


def test_a_cron_time_that_a_day_lacks_comes_after_the_gap() -> None:
    """02:15 and 02:45 fall into the same gap, and are one."""
    found = occasions(Timetable(cron=Word("15,45 2 * * *")), ZoneInfo("America/New_York"), *(datetime(2026, 3, day, tzinfo=UTC) for day in (8, 9)))
    assert [each.instant.isoformat() for each in found] == ["2026-03-08T07:00:00+00:00"]
