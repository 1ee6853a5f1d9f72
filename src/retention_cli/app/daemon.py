"""`retention schedule`: runs and sends at the times of `daemon:`, each in a process of its own, until it is told to stop.

What must stay true: whatever a child does, the daemon goes on; one child at a time; what was due while one worked is done once.
`schedule` is the clockwork that looks every second, and `model.daemon` says what is due, as instants: the clockwork itself reckons
by the wall, which may be set back under it.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import schedule

from retention_cli.app.health import STOPPED, Ended, Health, health_file, only_daemon, write_health

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.model.daemon import Beat

RUN, SEND = "run", "send"
GOOD = (0, 5)
"""Exit codes of a command that did its work; 5 says that something is left for a later one."""
_NAP, _PULSE, _SET_BACK = 0.1, 30, 3.0


@dataclass(slots=True)
class Stopping:
    """How often the daemon was told to stop, and by which signal last."""

    times: int = 0
    number: int = 0

    def __call__(self, number: int, _: Any = None) -> None:
        """Take a signal."""
        self.times += 1
        self.number = number


def serve(work: Workspace, command: Sequence[str], clock: Clock, say: Callable[[str], None], stopping: Stopping, *, at_once: bool) -> None:
    """Be the daemon until a signal comes; `command` is this program, to which `run` or `send` is added. Raises LockHeld."""
    with only_daemon(work):
        _Daemon(work, command, clock, say, stopping).serve(at_once=at_once)


@dataclass(slots=True, eq=False)
class _Daemon:
    work: Workspace
    command: Sequence[str]
    clock: Clock
    say: Callable[[str], None]
    stopping: Stopping
    health: Health = field(init=False)
    rhythms: Mapping[str, Beat] = field(init=False)
    due: dict[str, datetime] = field(default_factory=dict)
    looked_at: datetime | None = None
    clockwork: schedule.Scheduler = field(default_factory=schedule.Scheduler)

    def serve(self, *, at_once: bool) -> None:
        settings, now = self.work.project.settings.daemon, self.clock.now()
        self.rhythms = {RUN: settings.tick} | ({SEND: settings.send} if settings.send is not None else {})
        self.health = Health(os.getpid(), platform.node(), self.work.target_name, _shown(now))
        self._plan(now)
        if at_once:
            self.due[RUN] = now
        self._wind()
        self.say(f"daemon {os.getpid()}: runs {settings.tick}{f', sends {settings.send}' if settings.send else ''}; the first {self._first()}")
        while not self.stopping.times:
            self._beat()
            self.clock.sleep(_NAP)
        self._tell(STOPPED)
        self.say("daemon: stopped")

    def _beat(self) -> None:
        self.clockwork.run_pending()
        if (self.clockwork.idle_seconds or 0) > _SET_BACK:  # the wall was set back, and the clockwork would wait for it
            self._wind()

    def _wind(self) -> None:
        self.clockwork.clear()
        self.clockwork.every(1).seconds.do(self._look)
        self.clockwork.every(_PULSE).seconds.do(self._tell, "waiting")
        self._tell("waiting")

    def _plan(self, now: datetime) -> None:
        """Work out what is due next, counted from now: what was missed meanwhile is not made up for."""
        self.due = {what: rhythm.after(now, self.work.project.zone) for what, rhythm in self.rhythms.items()}

    def _look(self) -> None:
        """Do what is due. A run sends too, so that it takes the place of a sending at the same time."""
        now = self.clock.now()
        if self.looked_at is not None and now < self.looked_at - timedelta(seconds=_SET_BACK):
            self.say("the clock was set back: what is due is reckoned anew")
            self._plan(now)
        self.looked_at = now
        what = next((what for what in self.rhythms if now >= self.due[what]), None)
        if what is None:
            return
        ended = self._work(what)
        self._plan(self.clock.now())
        self._note(what, ended)

    def _work(self, what: str) -> Ended:
        self._tell(what)
        began, before = self.clock.now(), self.clock.monotonic()
        try:
            code: int | None = self._child(what)
        except OSError as error:
            self.say(f"{what} could not be begun: {error.strerror}")
            code = None
        return Ended(_shown(began), _shown(self.clock.now()), code, round(self.clock.monotonic() - before, 3))

    def _child(self, what: str) -> int:
        """Run a command to its end, handing on the signals that come meanwhile; return its exit code."""
        command = [*self.command, what, "-C", str(self.work.root), "-t", self.work.target_name]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as child:  # noqa: S603 - our own program
            handed_on = 0
            while (code := child.poll()) is None:
                if self.stopping.times > handed_on:
                    handed_on += 1
                    child.send_signal(signal.SIGTERM)
                self.clock.sleep(_NAP)
        return code

    def _note(self, what: str, ended: Ended) -> None:
        if what == RUN:
            self.health.last_tick = ended
            self.health.ticks += 1
            self.health.failed = 0 if ended.exit in GOOD else self.health.failed + 1
        else:
            self.health.last_send = ended
        self._tell("waiting")
        self.say(f"{what} ended with exit {ended.exit} after {ended.seconds:.1f} s; next {self._first()}")

    def _first(self) -> str:
        what = min(self.due, key=lambda each: self.due[each])
        return f"{what} at {self.due[what].astimezone(self.work.project.zone).isoformat(timespec='seconds')}"

    def _tell(self, doing: str) -> None:
        """Write the health file; that it cannot be written stops nothing."""
        stopped = doing == STOPPED
        self.health.doing, self.health.written_at = doing, _shown(self.clock.now())
        self.health.next_tick = None if stopped else _shown(self.due[RUN])
        self.health.next_send = None if stopped or SEND not in self.due else _shown(self.due[SEND])
        try:
            write_health(health_file(self.work), self.health)
        except OSError as error:
            self.say(f"the health file cannot be written: {error.strerror}")


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
