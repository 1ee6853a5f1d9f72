"""At which instants a simulation ticks: those at which a run that never slept would decide something.

*Sure* ones are ticked at: what the trigger names happens, one of the trigger's windows is over, a timetable's time comes, a
journey is due, a message may leave. *Possible* ones (midnights of the shop, and whatever a condition counts from, with each
length of time added) are ticked at only where somebody came into a segment that the trigger names, or left it, or where a journey
waits for a condition. A trigger that finds what was due before is looked at often enough for it, and the tick is taken back then.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from retention_cli.compile.lasting import division_of
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.quoting import Sql, fill, identifier
from retention_cli.journey.timetables import occasions, once_due
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.model.step import OnDate, Until, Wait, all_steps
from retention_cli.model.trigger import (
    Changes,
    Dated,
    Elapsed,
    Enters,
    Happened,
    Leaves,
    Moves,
    Once,
    PriceDropped,
    Restocked,
    Scheduled,
    Started,
    Zone,
)
from retention_cli.model.wall import day_at
from retention_cli.proof.mentions import durations, texts, timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.duration import Duration
    from retention_cli.model.project import Project

_DAY = timedelta(days=1)
_BY_CLOCK = (ColumnType.DATE, ColumnType.TIME)


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a simulation runs over, both ends in it."""

    start: datetime
    until: datetime

    def within(self, instants: Iterable[datetime]) -> list[datetime]:
        """Return those behind the start, up to the end, in order and each once."""
        return sorted({each for each in instants if self.start < each <= self.until})


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of some customers, in the tables of an engine."""

    engine: DuckEngine
    schema: Schema
    customers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Instants:
    """All instants of a simulation. `watched` are the segments, and divisions of groups, that its triggers name.

    `restless`: of a trigger nothing is known but that it is looked at at every possible instant.
    """

    sure: Sequence[datetime]
    possible: Sequence[datetime]
    watched: tuple[str, ...]
    restless: bool

    def next_sure(self, now: datetime) -> datetime | None:
        """Return the first sure instant behind another."""
        place = bisect_right(self.sure, now)
        return self.sure[place] if place < len(self.sure) else None

    def possible_between(self, now: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the possible instants behind `now` and before `until`."""
        for each in self.possible[bisect_right(self.possible, now) :]:
            if each >= until:
                return
            yield each


def instants_of(project: Project, rows: Rows, span: Span, more: Sequence[datetime], zones: Sequence[ZoneInfo]) -> Instants:
    """Return the instants of a project's campaigns for the customers whose rows these are, who live in these zones.

    `more` is when customers become other than before.
    """
    zone = project.zone
    triggers = [campaign.trigger for campaign in project.campaigns.values()]
    begun = list(_events(rows, texts(triggers)))
    counted = [*_events(rows, None), *_fields(rows), *more]
    possible = [*_daily(span, zone, time(0)), *_awaited(project, span, zones), *counted, *sums(counted, timing(project), zone)]
    sure = [*begun, *sums(begun, durations(triggers), zone), *(at for trigger in triggers for at in _of_trigger(trigger, span, more, zones, zone))]
    return Instants(
        sure=span.within([*sure, span.until]),
        possible=span.within(possible),
        watched=tuple(sorted(name for trigger in triggers for name in _watched(project, trigger))),
        restless=any(not isinstance(trigger, _KNOWN) for trigger in triggers),
    )


_KNOWN = (Enters, Leaves, Moves, Happened, Elapsed, Dated, Scheduled, Once, Changes, Restocked, PriceDropped, Started)
_LATE_ENOUGH = 0.9
"""How much of `late` passes between two looks: what lies within it is found, and the tick is taken back to it."""


def _of_trigger(trigger: object, span: Span, more: Sequence[datetime], zones: Sequence[ZoneInfo], shop: ZoneInfo) -> Iterator[datetime]:
    """Yield the instants of a trigger that its events do not tell."""
    match trigger:
        case Scheduled():
            of = zones if trigger.schedule.zone is Zone.CUSTOMER else (shop,)
            yield from (each.instant for zone in of for each in occasions(trigger.schedule, zone, span.start, span.until))
        case Once():
            of = zones if trigger.zone is Zone.CUSTOMER else (shop,)
            yield from (each.instant for zone in of for each in once_due(trigger.once, zone, span.start, span.until))
        case Dated() | Elapsed():
            pace, at = trigger.late.after(span.start, shop) - span.start, span.start
            while pace and (at := at + pace * _LATE_ENOUGH) < span.until:
                yield at
        case Changes() | Restocked() | PriceDropped():
            yield from more
        case _:
            return


def _watched(project: Project, trigger: object) -> Iterator[str]:
    """Yield what a trigger watches who comes into, by the names that an evaluation has for it."""
    if isinstance(trigger, Enters | Leaves):
        yield from (name for name in project.segments if name in texts(trigger))
    elif isinstance(trigger, Moves):
        group = project.groups.get(trigger.moves.group) or project.standard_groups.get(trigger.moves.group)
        yield from (division_of(group.name, name) for name in group.names) if group is not None else ()


def _awaited(project: Project, span: Span, zones: Sequence[ZoneInfo]) -> Iterator[datetime]:
    """Yield, where steps wait for dates, when those could come on any day: at the time of day that the step says, else with the day."""
    waits = [step.wait for campaign in project.campaigns.values() for step in all_steps(campaign.steps) if isinstance(step, Wait)]
    times = {each.at or time(0) for each in waits if isinstance(each, Until) and isinstance(each.until, OnDate)}
    yield from (instant for at in times for zone in zones for instant in _daily(span, zone, at))


def _daily(span: Span, zone: ZoneInfo, at: time) -> Iterator[datetime]:
    """Yield the instants at which it is so late on the clock of a zone."""
    day = span.start.astimezone(zone).date()
    while (instant := day_at(day, at, zone)) <= span.until:
        yield instant
        day += _DAY


def sums(instants: Iterable[datetime], spans: set[Duration], zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when each span after each instant is over, by the clock on the wall and by the one that runs on."""
    for each in instants:
        for span in spans:
            try:
                yield span.after(each, zone)
                yield span.after_wall(each, zone)
            except (OverflowError, ValueError):
                continue  # behind the end of all calendars


def _events(rows: Rows, named: set[str] | None) -> Iterator[datetime]:
    """Yield when these customers did something; `named` are words among which the event, or its source, must be."""
    schema = rows.schema
    for source in schema.sources:
        column = schema.time(source)
        if column is not None and CUSTOMER in schema.columns(source) and (of := _of_source(schema, source, named)) is not None:
            yield from _times(rows, source, column, of)


def _of_source(schema: Schema, source: str, named: set[str] | None) -> tuple[Sql, list[str]] | None:
    """Return a condition of SQL on a source's rows with its value, None where none of them is named."""
    if named is None or source in named:
        return _ALL
    tables: list[EventTable] = [table for word in sorted(named) for table in schema.tables_of(word) if table.source == source]
    if not tables:
        return None
    column = tables[0].column
    if column is None:
        return _ALL
    return fill("{column} IN (SELECT unnest($events))", column=identifier(column)), [table.event for table in tables]


_ALL: tuple[Sql, list[str]] = Sql("true"), []
_TIMES = (
    "SELECT DISTINCT CAST({column} AS TIMESTAMP) FROM {table} WHERE {customer} IN (SELECT unnest($customers)) AND {wanted} AND {column} IS NOT NULL"
)


def _times(rows: Rows, table: str, column: str, of: tuple[Sql, list[str]]) -> Iterator[datetime]:
    wanted, events = of
    query = fill(_TIMES, column=identifier(column), table=identifier(table), customer=identifier(CUSTOMER), wanted=wanted)
    values: dict[str, object] = {"customers": list(rows.customers), **({"events": events} if events else {})}
    yield from (at.replace(tzinfo=UTC) for (at,) in rows.engine.run(query, values) if isinstance(at, datetime))


def _fields(rows: Rows) -> Iterator[datetime]:
    for column in rows.schema.columns(CUSTOMERS).values():
        if column.type in _BY_CLOCK:
            yield from _times(rows, CUSTOMERS, column.name, _ALL)
