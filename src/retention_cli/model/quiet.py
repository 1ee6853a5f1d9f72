"""Quiet hours on a wall clock: which instants are quiet, and when the next that is not comes.

An instant is quiet by what the zone's clock shows at it, so nothing else has to be known of clock changes: a time that is
skipped is no time, and one that comes twice is judged twice. Between two edges (the two times of the day, midnight, a
change of the clocks) nothing changes; so it is enough to look at the edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

_MIDNIGHT = time(0)
_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_HORIZON = 16 * _ONE_DAY
"""Every quiet time comes again within a week, or within two where a zone lacks the day."""


class Weekday(StrEnum):
    """A day of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet from one time of the day to another (the first is in, the second out; it may cross midnight), and on whole days."""

    from_: time | None = None
    to: time | None = None
    days: frozenset[int] = frozenset()
    """Days of the week, Monday is 0."""

    def holds(self, wall: datetime) -> bool:
        """Whether it is quiet when the clock shows this."""
        if wall.weekday() in self.days:
            return True
        if self.from_ is None or self.to is None:
            return False
        at = wall.time()
        return self.from_ <= at < self.to if self.from_ < self.to else at >= self.from_ or at < self.to


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which messages may leave: `opens` is in, `closes` is out."""

    opens: datetime
    closes: datetime


def is_quiet(instant: datetime, quiet: Quiet, zone: ZoneInfo) -> bool:
    """Whether an instant is quiet by what the zone's clock shows."""
    return quiet.holds(instant.astimezone(zone).replace(tzinfo=None))


def windows(after: datetime, until: datetime, quiet: Quiet, zone: ZoneInfo) -> list[Window]:
    """Return in order the windows in which the first allowed instant at or after each instant of [after, until] lies.

    The first opens at or after `after`; all times are UTC.
    """
    found: list[Window] = []
    opened: datetime | None = None
    ahead = edges(after, until + _HORIZON, quiet, zone)
    for edge in ahead:
        if not is_quiet(edge, quiet, zone):
            opened = opened or edge
        elif opened is not None:
            found.append(Window(opened, edge))
            if edge > until:
                return found
            opened = None
    return found if opened is None else [*found, Window(opened, ahead[-1])]


def edges(after: datetime, until: datetime, quiet: Quiet, zone: ZoneInfo) -> list[datetime]:
    """Return in order `after` and every later instant up to `until` at which it may become quiet, or stop being so."""
    times = {_MIDNIGHT, quiet.from_ or _MIDNIGHT, quiet.to or _MIDNIGHT}
    day, last = after.astimezone(zone).date() - _ONE_DAY, until.astimezone(zone).date() + _ONE_DAY
    found = {after.astimezone(UTC)}
    while day <= last:
        found.update(datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC) for at in times for fold in (0, 1))
        day += _ONE_DAY
    found.update(_changes(sorted(found), zone))
    return sorted(edge for edge in found if after <= edge <= until)


def _changes(instants: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    """Return the instants at which the zone's clock is changed, at most one between two neighbours."""
    offsets = [instant.astimezone(zone).utcoffset() for instant in instants]
    pairs = zip(instants, instants[1:], offsets, offsets[1:], strict=False)
    return [_change_between(before, after, zone) for before, after, was, then in pairs if was != then]


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    then = after.astimezone(zone).utcoffset()
    while after - before > _ONE_SECOND:
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if middle <= before:
            break
        if middle.astimezone(zone).utcoffset() == then:
            after = middle
        else:
            before = middle
    return after
