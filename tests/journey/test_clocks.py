"""Instants that steps go by: weekdays, the latest time a clock has shown, and best hours, over every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from retention_cli.journey.steps import ANY_HOUR, _Clocks
from retention_cli.journey.zones import Zones
from retention_cli.model.program import BestHour, Step, StepOp
from retention_cli.model.wall import day_at, latest_wall, next_weekday_at

PRAGUE, NEW_YORK, APIA, LORD_HOWE = map(ZoneInfo, ("Europe/Prague", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"))


def at(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant of a zone's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "weekday", "expected"),
    [
        ("2026-05-01T10:30", 5, "2026-05-02T10:00"),  # a Friday
        ("2026-05-02T10:00", 5, "2026-05-02T10:00"),
        ("2026-05-02T10:01", 5, "2026-05-09T10:00"),
        ("2026-03-28T10:01", 6, "2026-03-29T10:00"),  # clocks go forward in that night
    ],
)
def test_the_next_weekday(now: str, weekday: int, expected: str) -> None:
    assert next_weekday_at(at(now, PRAGUE), weekday, time(10), PRAGUE) == at(expected, PRAGUE)


def test_a_weekday_that_a_zone_lacks_is_the_next_of_its_name() -> None:
    """T07: Apia had no 30 December 2011, a Friday."""
    assert next_weekday_at(at("2011-12-29T12:00", APIA), 4, time(9), APIA) == at("2012-01-06T09:00", APIA)
    assert day_at(date(2011, 12, 30), time(9), APIA) == at("2011-12-31T09:00", APIA)


@pytest.mark.parametrize("zone", [PRAGUE, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 4), date(2026, 10, 25), date(2026, 11, 1)])
def test_the_latest_time_a_clock_has_shown_never_goes_back(zone: ZoneInfo, day: date) -> None:
    """Asked every ten minutes of the days on which clocks change, against all that was shown before."""
    start = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=14)
    steps = [start + n * timedelta(minutes=10) for n in range(6 * 40)]
    shown = [step.astimezone(zone).replace(tzinfo=None) for step in steps]
    for n, step in enumerate(steps):
        most = max(shown[: n + 1])
        assert most <= latest_wall(step, zone) < most + timedelta(minutes=10, seconds=1)


BEST = BestHour("07:00", "20:00", "09:00", 3)
NIGHT = BestHour("21:00", "05:00", None, 3)


def moments(best: BestHour, now: str, zone: ZoneInfo, shop: ZoneInfo = PRAGUE) -> dict[int, datetime]:
    """Return by hour (of the shop's clock) when a message may leave."""
    frame: Any = SimpleNamespace(as_of=at(now, PRAGUE), project=SimpleNamespace(zone=shop))
    clocks = _Clocks(frame, Zones({zone.key: zone}, {}))
    rows = clocks.moments(1, Step("s", StepOp.SEND, template="t", best=best))
    return {int(str(hour)): leaves.replace(tzinfo=UTC) for *_, hour, leaves in rows if isinstance(leaves, datetime)}


def test_the_best_hour_lies_between_two_times_of_the_customers_clock() -> None:
    found = moments(BEST, "2026-05-01T10:30", PRAGUE)
    assert (found[18], found[7], found[20]) == (at("2026-05-01T18:00", PRAGUE), at("2026-05-02T07:00", PRAGUE), at("2026-05-01T20:00", PRAGUE))
    assert {found[hour] for hour in (ANY_HOUR, 3, 6, 21, 23)} == {at("2026-05-02T09:00", PRAGUE)}


def test_the_best_hour_is_one_of_the_shops_clock() -> None:
    """Somebody in New York who opens at 18 in Prague opens at noon; at 8 in Prague it is night there."""
    found = moments(BEST, "2026-05-01T10:30", NEW_YORK)
    assert (found[18], found[8]) == (at("2026-05-01T12:00", NEW_YORK), at("2026-05-01T09:00", NEW_YORK))


def test_without_another_time_it_leaves_as_soon_as_it_may() -> None:
    """The two times may have midnight between them."""
    assert moments(NIGHT, "2026-05-01T22:30", PRAGUE)[12] == at("2026-05-01T22:30", PRAGUE)
    assert moments(NIGHT, "2026-05-01T12:30", PRAGUE)[ANY_HOUR] == at("2026-05-01T21:00", PRAGUE)
    assert moments(NIGHT, "2026-05-01T12:30", PRAGUE)[4] == at("2026-05-02T04:00", PRAGUE)
    assert moments(BestHour(), "2026-05-01T12:30", PRAGUE)[ANY_HOUR] == at("2026-05-01T12:30", PRAGUE)
