"""The steps of every program in play as tables, so that one statement walks everybody; what a wall clock decides is worked out a zone.

program_steps   what each step does, with the numbers of the questions that it asks
step_ends       when a wait that begins now is over, a zone
program_ways    paths of splits and variants of messages, each a range of the hash that draws them
step_channels   by which ways a message may go, in order
moments         when a message that is planned now may leave, a zone (and, for the best hour, an hour)
date_steps      dates that are waited for
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.compile.moment import naive_utc
from retention_cli.model.program import StepOp
from retention_cli.model.step import PREFERRED, WAYS
from retention_cli.model.wall import latest_wall, next_at, next_weekday_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.programs import Asked
    from retention_cli.journey.zones import Zones
    from retention_cli.model.duration import Duration
    from retention_cli.model.program import BestHour, DateWait, Program, Step

Row = tuple[object, ...]

_STEP = {
    "revision": "BIGINT",
    "step": "VARCHAR",
    "op": "VARCHAR",
    "next": "VARCHAR",
    "otherwise": "VARCHAR",
    "template": "VARCHAR",
    "subject_line": "VARCHAR",
    "with_text": "VARCHAR",
    "question": "BIGINT",
    "reason": "VARCHAR",
    "is_looked_at": "BOOLEAN",
    "reaction_to": "VARCHAR",
    "expires_months": "INTEGER",
    "expires_seconds": "BIGINT",
    "evidence": "BIGINT",
    "ends_on_refusal": "BOOLEAN",
    "resends": "BOOLEAN",
    "voucher": "VARCHAR",
    "starts": "VARCHAR",
    "receiver": "VARCHAR",
}
_END = {"revision": "BIGINT", "step": "VARCHAR", "zone": "VARCHAR", "due_at": "TIMESTAMP", "until_at": "TIMESTAMP"}
_WAY = {
    **dict.fromkeys(("experiment", "path", "low", "high", "next", "template", "subject_line", "with_text"), "VARCHAR"),
    "revision": "BIGINT",
    "step": "VARCHAR",
}
_CHANNEL = {"revision": "BIGINT", "step": "VARCHAR", "position": "BIGINT", "channel": "VARCHAR"}
_MOMENT = {"revision": "BIGINT", "step": "VARCHAR", "zone": "VARCHAR", "hour": "BIGINT", "leaves_at": "TIMESTAMP"}
_DATE = {
    "revision": "BIGINT",
    "step": "VARCHAR",
    "name": "VARCHAR",
    "of_trigger": "BOOLEAN",
    "months": "INTEGER",
    "days": "INTEGER",
    "seconds": "BIGINT",
    "at_seconds": "BIGINT",
    "yearly": "BOOLEAN",
}
_CLOCK = {"zone": "VARCHAR", "latest": "TIMESTAMP"}
_DELIVERED = {"channel": "VARCHAR"}

HASH_DIGITS = 12
ANY_HOUR = -1
"""The hour under which `moments` keeps when a message leaves that has no best hour."""
_HOURS = range(24)
_ELAPSED = ("second", "minute", "hour")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the programs in play read besides their questions: fields that hold dates, columns of events that do, and the best hour."""

    date_fields: frozenset[str]
    asks_best_hour: bool


def upload_steps(frame: Frame, engine: DuckEngine, programs: Mapping[int, Program], zones: Zones, asked: Asked) -> Uploaded:
    """Fill the tables of steps; return what else must be asked of the customers."""
    steps = [(revision, step) for revision, program in programs.items() for step in program.steps]
    clocks = _Clocks(frame, zones)
    engine.table("program_steps", _STEP, [_step(revision, step, asked) for revision, step in steps])
    engine.table("step_ends", _END, [row for revision, step in steps for row in clocks.ends(revision, step)])
    engine.table("program_ways", _WAY, [row for revision, step in steps for row in _ways(revision, step)])
    engine.table("step_channels", _CHANNEL, [row for revision, step in steps for row in _channels(revision, step)])
    engine.table("moments", _MOMENT, [row for revision, step in steps for row in clocks.moments(revision, step)])
    dates = [(revision, step, step.date) for revision, step in steps if step.date is not None]
    engine.table("date_steps", _DATE, [_date(revision, step, date) for revision, step, date in dates])
    engine.table("clocks", _CLOCK, [(name, latest_wall(frame.as_of, zone)) for name, zone in zones.by_name.items()])
    engine.table("delivered", _DELIVERED, [(channel,) for channel in sorted(frame.delivers)])
    return Uploaded(frozenset(date.field for _, _, date in dates if not date.of_trigger), any(step.best is not None for _, step in steps))


def _step(revision: int, step: Step, asked: Asked) -> Row:
    expires = step.expires
    return (
        revision,
        step.id,
        str(step.op),
        step.next,
        step.otherwise,
        step.template,
        step.subject,
        _object(step.with_),
        asked.number(step.condition),
        step.reason,
        step.is_looked_at,
        step.reaction_to,
        None if expires is None else expires.months,
        None if expires is None else int(expires.elapsed.total_seconds()),
        None if step.best is None else step.best.evidence,
        step.on_fail is not None,
        step.on_unknown is not None,
        step.voucher,
        step.starts,
        step.receiver,
    )


def _object(pairs: tuple[tuple[str, str], ...]) -> str | None:
    return json.dumps(dict(pairs), ensure_ascii=False) if pairs else None


def _ways(revision: int, step: Step) -> Iterator[Row]:
    """Yield ways with the range of the hash that draws each: by name, whatever their order in the file."""
    if step.experiment is None:
        return
    upto = Decimal(0)
    for way in step.ways:
        low, upto = _edge(upto), upto + way.share
        yield (step.experiment.name, way.name, low, _edge(upto), way.next, way.template, way.subject, _object(way.with_), revision, step.id)


def _edge(part: Decimal) -> str:
    """Return where a part of all hashes ends, as their first digits; past the last of them for the whole."""
    return "g" if part >= 1 else format(int(part * Decimal(16) ** HASH_DIGITS), f"0{HASH_DIGITS}x")


def _channels(revision: int, step: Step) -> Iterator[Row]:
    """Yield the ways of a message in order; the last is the one that is told of where none reaches the customer."""
    if step.op is not StepOp.SEND:
        return
    named = step.channels or (step.channel or WAYS[0],)
    last = next((name for name in named if name != PREFERRED), WAYS[0])
    yield from ((revision, step.id, position, name) for position, name in enumerate((*named, last)))


def _date(revision: int, step: Step, date: DateWait) -> Row:
    months, days, seconds = 0, 0, 0
    if date.offset is not None:
        sign, span = (-1 if date.offset.back else 1), date.offset.span
        months = sign * span.months
        days, seconds = (0, sign * int(span.elapsed.total_seconds())) if span.unit in _ELAPSED else (sign * span.elapsed.days, 0)
    at = None if date.at is None else seconds_of(date.at)
    return (revision, step.id, date.field, date.of_trigger, months, days, seconds, at, date.yearly)


def seconds_of(clock: str) -> int:
    """Return the seconds since midnight of `09:00`."""
    at = time.fromisoformat(clock)
    return at.hour * 3600 + at.minute * 60


class _Clocks:
    """Instants of one tick by zone, each worked out once."""

    def __init__(self, frame: Frame, zones: Zones) -> None:
        self.now = frame.as_of
        self.shop = frame.project.zone
        self.zones = zones.by_name

    def ends(self, revision: int, step: Step) -> Iterator[Row]:
        """Yield when a wait that begins now is over, a zone; one that is looked at in every run is due at once."""
        if step.op is not StepOp.WAIT:
            return
        for name, zone in self.zones.items():
            until = None if step.at_most is None else self._after(step.at_most, zone)
            due = naive_utc(self.now) if step.is_looked_at else self._due(step, zone)
            yield (revision, step.id, name, due, until)

    def _due(self, step: Step, zone: ZoneInfo) -> datetime:
        if step.span is not None:
            return self._after(step.span, zone)
        if step.clock is None:
            return naive_utc(self.now)
        at = time.fromisoformat(step.clock.at)
        if step.clock.weekday is None:
            return naive_utc(next_at(self.now, at, zone))
        return naive_utc(next_weekday_at(self.now, step.clock.weekday, at, zone))

    def _after(self, span: Duration, zone: ZoneInfo) -> datetime:
        return naive_utc(span.after_wall(self.now, zone))

    def moments(self, revision: int, step: Step) -> Iterator[Row]:
        """Yield when a message that is planned now may leave; nothing where that is at once."""
        if step.op is not StepOp.SEND or (step.clock is None and step.best is None):
            return
        for name, zone in self.zones.items():
            if step.best is None:
                yield (revision, step.id, name, ANY_HOUR, self._due(step, zone))
            else:
                for hour in (ANY_HOUR, *_HOURS):
                    yield (revision, step.id, name, hour, naive_utc(self._best(step.best, hour, zone)))

    def _best(self, best: BestHour, hour: int, zone: ZoneInfo) -> datetime:
        """Return the hour of the shop's clock that is the best, where it lies between the two times of the customer's; else the other time."""
        if hour != ANY_HOUR:
            found = next_at(self.now, time(hour), self.shop)
            if _is_between(best, found.astimezone(zone).time()):
                return found
        if best.otherwise is not None:
            return next_at(self.now, time.fromisoformat(best.otherwise), zone)
        if _is_between(best, self.now.astimezone(zone).time()):
            return self.now
        return next_at(self.now, time.fromisoformat(best.from_ or "00:00"), zone)


def _is_between(best: BestHour, at: time) -> bool:
    """Whether a time of the day lies between two others, both included; the night may lie between them."""
    first = time.fromisoformat(best.from_ or "00:00")
    last = time.fromisoformat(best.to) if best.to is not None else time.max
    return first <= at <= last if first <= last else at >= first or at <= last
