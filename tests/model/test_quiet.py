"""T13: quiet hours by any zone's clock: the next allowed instant, and never a quiet one."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retention_cli.model.quiet import Quiet, Window, is_quiet, windows

NIGHT = Quiet(time(21), time(8))
STEP = timedelta(minutes=5)
ZONES = sorted(name for name in available_timezones() if not name.startswith(("posix", "right", "Factory", "localtime")))
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def local(zone: str, text: str, fold: int = 0) -> datetime:
    """Return the UTC instant at which a zone's clock shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def first(zone: str, after: datetime, quiet: Quiet = NIGHT) -> Window:
    """Return the window in which the first allowed instant lies."""
    return windows(after, after, quiet, ZoneInfo(zone))[0]


@pytest.mark.parametrize(
    ("after", "opens", "closes"),
    [
        ("2026-05-01T20:59", "2026-05-01T20:59", "2026-05-01T21:00"),
        ("2026-05-01T21:00", "2026-05-02T08:00", "2026-05-02T21:00"),
        ("2026-05-02T00:00", "2026-05-02T08:00", "2026-05-02T21:00"),
        ("2026-05-02T07:59", "2026-05-02T08:00", "2026-05-02T21:00"),
        ("2026-05-02T08:00", "2026-05-02T08:00", "2026-05-02T21:00"),
    ],
)
def test_the_start_is_quiet_and_the_end_is_not(after: str, opens: str, closes: str) -> None:
    found = first("Europe/Prague", local("Europe/Prague", after))
    assert found == Window(local("Europe/Prague", opens), local("Europe/Prague", closes))


def test_whole_days_join_the_nights_beside_them() -> None:
    """Saturday evening to Monday morning over a quiet Sunday; without hours, from midnight to midnight."""
    monday = local("Europe/Prague", "2026-05-04T08:00")
    assert first("Europe/Prague", local("Europe/Prague", "2026-05-02T22:00"), Quiet(time(21), time(8), frozenset({6}))).opens == monday
    only = first("Europe/Prague", local("Europe/Prague", "2026-05-03T12:00"), Quiet(days=frozenset({6})))
    assert only == Window(local("Europe/Prague", "2026-05-04T00:00"), local("Europe/Prague", "2026-05-10T00:00"))


def test_t02_an_end_that_the_clock_skips_is_the_end_of_the_gap() -> None:
    """New York's clock goes from 2 to 3: quiet until 02:30 is quiet until the clock shows 3."""
    found = first("America/New_York", local("America/New_York", "2026-03-08T01:00"), Quiet(time(21), time(2, 30)))
    assert found.opens == local("America/New_York", "2026-03-08T03:00")


def test_a_window_inside_the_gap_does_not_come_that_day() -> None:
    quiet = Quiet(time(2, 45), time(2, 15))
    found = first("America/New_York", local("America/New_York", "2026-03-08T01:00"), quiet)
    assert found == Window(local("America/New_York", "2026-03-09T02:15"), local("America/New_York", "2026-03-09T02:45"))


def test_t03_a_time_that_comes_twice_is_judged_twice() -> None:
    """New York's clock goes back from 2 to 1: from 01:30 to 01:45 it is quiet in both passes."""
    quiet = Quiet(time(1, 30), time(1, 45))
    found = windows(local("America/New_York", "2026-11-01T01:00"), local("America/New_York", "2026-11-01T03:00"), quiet, ZoneInfo("America/New_York"))
    edges = [(window.opens, window.closes) for window in found]
    one = {text: local("America/New_York", f"2026-11-01T{text}", 0) for text in ("01:00", "01:30", "01:45")}
    two = {text: local("America/New_York", f"2026-11-01T{text}", 1) for text in ("01:30", "01:45")}
    assert edges[:2] == [(one["01:00"], one["01:30"]), (one["01:45"], two["01:30"])]
    assert edges[2][0] == two["01:45"]


def test_midnight_in_a_gap() -> None:
    """Beirut skips midnight: a quiet Sunday begins when its clock first shows it."""
    found = first("Asia/Beirut", local("Asia/Beirut", "2026-03-28T12:00"), Quiet(days=frozenset({6})))
    assert found.closes == local("Asia/Beirut", "2026-03-29T01:00")


def test_a_day_that_a_zone_lacks_is_no_day() -> None:
    """Apia had no 30 December 2011, a Friday."""
    found = first("Pacific/Apia", local("Pacific/Apia", "2011-12-29T12:00"), Quiet(days=frozenset({4})))
    assert found.closes == local("Pacific/Apia", "2012-01-06T00:00")


instants = st.integers(0, 7 * 366 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
hours = st.times().map(lambda at: at.replace(second=0, microsecond=0))
quiets = st.builds(Quiet, hours, hours, st.frozensets(st.integers(0, 6), max_size=5))


@given(st.sampled_from(ZONES), instants, quiets, st.integers(0, 72))
@settings(deadline=None, max_examples=150)
def test_the_first_allowed_instant_is_found_whatever_the_zone(zone: str, after: datetime, quiet: Quiet, span: int) -> None:
    assume(quiet.from_ != quiet.to)
    place = ZoneInfo(zone)
    until = after + timedelta(hours=span)
    found = windows(after, until, quiet, place)
    hold(found, after, until, quiet, place)


def hold(found: list[Window], after: datetime, until: datetime, quiet: Quiet, zone: ZoneInfo) -> None:
    """Hold windows against the clock itself: none of their instants is quiet, and all between them are."""
    instant, ends = after, found[-1].closes
    assert found[-1].opens >= after
    assert ends > until
    while instant < ends:
        inside = any(window.opens <= instant < window.closes for window in found)
        assert inside != is_quiet(instant, quiet, zone), (instant, quiet, zone.key)
        instant += STEP
    for window in found:
        assert window.opens == after or is_quiet(window.opens - timedelta(seconds=1), quiet, zone)
        assert not is_quiet(window.closes - timedelta(seconds=1), quiet, zone)
        assert is_quiet(window.closes, quiet, zone)


@cache
def changes(zone: str) -> list[datetime]:
    """Return every change of a zone's clock from 2024 to 2030, to the second."""
    place, found, at = ZoneInfo(zone), [], FIRST
    while at < LAST:
        later = at + timedelta(hours=6)
        if at.astimezone(place).utcoffset() != later.astimezone(place).utcoffset():
            low, high = at, later
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if middle.astimezone(place).utcoffset() == low.astimezone(place).utcoffset() else (low, middle)
            found.append(high)
        at = later
    return found


def test_the_clocks_of_some_odd_zones() -> None:
    """T01: around every change of the clocks; all zones there are stand in `make prove`."""
    counted = sum(around_changes(zone) for zone in ("Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Africa/Casablanca", "Asia/Kathmandu"))
    assert counted > 50


@pytest.mark.prove
def test_every_change_of_every_clock() -> None:
    """R8: all zones, all changes from 2024 to 2030: never quiet, never later than need be."""
    counted = sum(around_changes(zone) for zone in ZONES)
    sys.stdout.write(f"\n{len(ZONES)} zones, {counted} changes of their clocks from 2024 to 2030: no window was wrong\n")
    assert counted > 1_000


def around_changes(zone: str) -> int:
    """Hold the windows of nights, days, and of a quiet time and a window just at the change."""
    place = ZoneInfo(zone)
    for change in changes(zone):
        before = (change - timedelta(seconds=1)).astimezone(place)
        near = (before + timedelta(seconds=1)).time().replace(microsecond=0, fold=0)
        after_it = change.astimezone(place).time().replace(fold=0)
        for quiet in (NIGHT, Quiet(time(21), time(8), frozenset({6})), _between(near, after_it), _between(after_it, near)):
            if quiet is not None:
                since, until = change - timedelta(hours=30), change + timedelta(hours=3)
                hold(windows(since, until, quiet, place), since, until, quiet, place)
    return len(changes(zone))


def _between(start: time, end: time) -> Quiet | None:
    """Return a quiet time that begins half an hour before one time and ends half an hour before another."""
    half, day = timedelta(minutes=30), date(2026, 1, 2)
    one, two = ((datetime.combine(day, at) - half).time() for at in (start, end))
    return Quiet(one, two) if one != two else None
