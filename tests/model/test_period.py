"""Periods of the calendar on a wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_cli.model.period import Period, period_start, period_starts

ZONES = sorted(available_timezones())
instants = st.integers(0, 21 * 366 * 24 * 60).map(lambda minutes: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def local(zone: str, text: str) -> datetime:
    """Return the UTC instant at which a zone's clock shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "instant", "period", "start"),
    [
        ("Europe/Prague", "2026-05-01T00:00", Period.DAY, "2026-05-01T00:00"),
        ("Europe/Prague", "2026-05-01T23:59", Period.DAY, "2026-05-01T00:00"),
        ("Europe/Prague", "2026-05-03T23:59", Period.WEEK, "2026-04-27T00:00"),
        ("Europe/Prague", "2026-05-04T00:00", Period.WEEK, "2026-05-04T00:00"),
        ("Europe/Prague", "2026-05-31T12:00", Period.MONTH, "2026-05-01T00:00"),
        ("Asia/Beirut", "2026-03-29T12:00", Period.DAY, "2026-03-29T01:00"),
        ("Pacific/Apia", "2011-12-31T12:00", Period.DAY, "2011-12-31T00:00"),
    ],
)
def test_a_period_begins_when_the_clock_says_so(zone: str, instant: str, period: Period, start: str) -> None:
    """A week on Monday, a month on its first, a day whose midnight is skipped right after the gap."""
    assert period_start(local(zone, instant), period, ZoneInfo(zone)) == local(zone, start)


@given(
    st.sampled_from(ZONES),
    instants,
    st.sampled_from(Period),
    st.integers(0, 70),
)
@settings(deadline=None)
def test_periods_follow_each_other_without_a_gap(zone: str, after: datetime, period: Period, days: int) -> None:
    place = ZoneInfo(zone)
    until = after + timedelta(days=days)
    found = period_starts(after, until, period, place)
    assert found == sorted(set(found))
    assert found[0] <= after
    assert found[-1] <= until
    assert [period_start(start, period, place) for start in found] == found
    for instant in (after, until, after + (until - after) / 2):
        assert max(start for start in found if start <= instant) == period_start(instant, period, place)
