"""The daemon from inside, with a clock that is moved by hand and a child that does as it is told."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retention_cli.app.daemon import RUN, Stopping, _Daemon
from retention_cli.app.health import Health
from retention_cli.app.workspace import open_project
from retention_cli.clock import ManualClock
from support.tiny_shop import SETTINGS, make_shop

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CHILD = "import pathlib, sys; p = pathlib.Path(sys.argv[3], 'done'); p.open('a').write(sys.argv[1] + '\\n'); sys.exit({code})"


class Wall(ManualClock):
    """A clock that stands unless it is set; who sleeps lets a child get on."""

    def set(self, moment: datetime) -> None:
        """Show another time."""
        self._now = moment

    def sleep(self, seconds: float) -> None:
        """Wait, without moving on."""
        time.sleep(seconds)


@pytest.fixture
def daemon(tmp_path: Path) -> Callable[..., tuple[_Daemon, Wall, list[str]]]:
    """Return what makes a daemon that has planned its first run, with its clock and what it says."""

    def make(daemon: str, *, code: int = 0, command: tuple[str, ...] | None = None) -> tuple[_Daemon, Wall, list[str]]:
        shop = make_shop(tmp_path / "shop", {"retention.yml": SETTINGS + f"daemon: {daemon}\n"})
        clock, said, work = Wall(NOON), list[str](), open_project(shop)
        made = _Daemon(work, command or (sys.executable, "-c", CHILD.format(code=code)), clock, said.append, Stopping())
        settings = work.project.settings.daemon
        made.rhythms = {RUN: settings.tick} | ({"send": settings.send} if settings.send else {})
        made.health = Health(1, "here", "default", "now")
        made._plan(NOON)
        made._wind()
        return made, clock, said

    return make


def done(daemon: _Daemon) -> list[str]:
    """Return what its children did."""
    path = daemon.work.root / "done"
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def health(daemon: _Daemon) -> Any:
    return json.loads((daemon.work.root / ".retention" / "health.json").read_text(encoding="utf-8"))


def test_what_was_missed_is_done_once(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    """A machine that slept for an hour runs once, not twelve times."""
    made, clock, _ = daemon("{tick: every 5 minutes}")
    made._look()
    assert done(made) == []
    clock.set(NOON + timedelta(hours=1, minutes=1))
    made._look()
    made._look()
    assert done(made) == ["run"]
    assert health(made)["next_tick"] == "2026-05-01T13:05:00+00:00"


def test_a_clock_that_was_set_back_does_not_stop_the_daemon(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    """The next run is at most one rhythm away from what the clock says now."""
    made, clock, said = daemon("{tick: every 5 minutes}")
    made._look()
    clock.set(NOON - timedelta(days=1))
    made._look()
    assert said == ["the clock was set back: what is due is reckoned anew"]
    clock.set(NOON - timedelta(days=1) + timedelta(minutes=5))
    made._look()
    assert done(made) == ["run"]


def test_the_clockwork_is_wound_anew_when_the_wall_goes_back_under_it(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    made, _, _ = daemon("{tick: every 5 minutes}")
    for job in made.clockwork.jobs:
        assert job.next_run is not None
        job.next_run += timedelta(hours=1)
    made._beat()
    assert (made.clockwork.idle_seconds or 0) <= 1


def test_a_run_takes_the_place_of_a_sending_at_the_same_time(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    made, clock, _ = daemon("{tick: every 5 minutes, send: every 1 minute}")
    for minute in range(1, 6):
        clock.set(NOON + timedelta(minutes=minute, seconds=1))
        made._look()
    assert done(made) == ["send"] * 4 + ["run"]
    told = health(made)
    assert (told["last_tick"]["exit"], told["last_send"]["exit"], told["ticks"], told["failed"]) == (0, 0, 1, 0)


@pytest.mark.parametrize(("code", "failed"), [(0, 0), (5, 0), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1)])
def test_the_health_tells_how_the_last_run_ended(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]], code: int, failed: int) -> None:
    made, clock, _ = daemon("{tick: every 5 minutes, health: told.json}", code=code)
    clock.set(NOON + timedelta(minutes=5))
    made._look()
    told = json.loads((made.work.root / "told.json").read_text(encoding="utf-8"))
    assert (told["last_tick"]["exit"], told["failed"], told["doing"]) == (code, failed, "waiting")


def test_a_child_that_cannot_be_begun_is_a_failed_run_and_no_end(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    made, clock, said = daemon("{tick: every 5 minutes}", command=("/nowhere/retention",))
    clock.set(NOON + timedelta(minutes=5))
    made._look()
    assert (health(made)["last_tick"]["exit"], health(made)["failed"]) == (None, 1)
    assert said[0] == "run could not be begun: No such file or directory"


def test_a_health_file_that_cannot_be_written_stops_nothing(daemon: Callable[..., tuple[_Daemon, Wall, list[str]]]) -> None:
    made, clock, said = daemon("{tick: every 5 minutes, health: /proc/nothing/health.json}")
    clock.set(NOON + timedelta(minutes=5))
    made._look()
    assert done(made) == ["run"]
    assert any(line.startswith("the health file cannot be written") for line in said)
