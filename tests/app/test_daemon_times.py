"""When the daemon is due: instants, whatever the clocks of a zone do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.model.daemon import Beat, Daemon

PRAGUE = ZoneInfo("Europe/Prague")
ZONES = [PRAGUE, ZoneInfo("UTC"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]


def rhythm(said: object) -> Beat:
    return Daemon.model_validate({"tick": said}).tick


def dues(said: object, start: str, count: int, zone: ZoneInfo = PRAGUE) -> list[datetime]:
    """Return the next instants that are due after a UTC moment."""
    found, moment = [], datetime.fromisoformat(start).replace(tzinfo=UTC)
    for _ in range(count):
        moment = rhythm(said).after(moment, zone)
        found.append(moment)
    return found


def walls(found: list[datetime], zone: ZoneInfo = PRAGUE) -> list[str]:
    return [moment.astimezone(zone).strftime("%m-%d %H:%M") for moment in found]


def test_every_so_often_is_a_grid_that_a_restart_does_not_shift() -> None:
    assert walls(dues("every 15 minutes", "2026-05-01 07:01:02", 3)) == ["05-01 09:15", "05-01 09:30", "05-01 09:45"]
    assert dues("15m", "2026-05-01 07:15:00", 1) == [datetime(2026, 5, 1, 7, 30, tzinfo=UTC)]


def test_a_time_that_the_spring_day_lacks_is_due_once_after_the_gap() -> None:
    assert walls(dues({"cron": "30 2 * * *"}, "2026-03-27 12:00", 4)) == ["03-28 02:30", "03-29 03:00", "03-30 02:30", "03-31 02:30"]
    assert walls(dues({"cron": "0,30 2 * * *"}, "2026-03-29 00:30", 2)) == ["03-29 03:00", "03-30 02:00"]


def test_a_time_that_the_autumn_day_has_twice_is_due_once() -> None:
    assert walls(dues({"cron": "30 2 * * *"}, "2026-10-24 12:00", 2)) == ["10-25 02:30", "10-26 02:30"]
    within = dues({"cron": "30 2 * * *"}, "2026-10-25 01:10", 1)  # the second time that the clock shows 02:10
    assert walls(within) == ["10-26 02:30"]


def test_every_quarter_of_an_hour_goes_on_through_a_change_of_clocks() -> None:
    for start in ("2026-03-28 23:00", "2026-10-24 23:00"):
        found = dues({"cron": "*/15 * * * *"}, start, 20)
        assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=15)}


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_once_a_day_is_once_on_each_day_of_the_year(zone: ZoneInfo, hour: int) -> None:
    found = dues({"cron": f"30 {hour} * * *"}, "2026-01-01 12:00", 370, zone)
    days = [moment.astimezone(zone).date() for moment in found]
    assert [later - earlier for earlier, later in pairwise(days)] == [timedelta(days=1)] * 369


@given(
    st.integers(1_580_000_000, 1_900_000_000),
    st.sampled_from(["*/5 * * * *", "0 9 * * mon", "15,45 1-3 * * *", "0 0 1,15 * fri", "0 0 L * *", "30 2 29 2 *"]),
    st.sampled_from(ZONES),
)
def test_what_is_due_lies_ahead_always(seconds: int, cron: str, zone: ZoneInfo) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert rhythm({"cron": cron}).after(now, zone) > now


@given(st.text(alphabet="0123456789*/,-#LWmonjan? ", max_size=25))
def test_any_text_is_a_time_or_a_mistake(text: str) -> None:
    try:
        found = rhythm({"cron": text})
    except ValueError:
        return
    assert found.after(datetime(2026, 1, 1, tzinfo=UTC), PRAGUE) > datetime(2026, 1, 1, tzinfo=UTC)
