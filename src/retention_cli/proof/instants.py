"""At which instants a simulation ticks: those at which a run that never slept would decide something.

*Sure* ones are ticked at: what the trigger names happens, one of the trigger's windows is over, a journey is due, a message may
leave. *Possible* ones (midnights of the shop, and whatever a condition counts from, with each length of time added) are ticked at
only where somebody came into a segment that the trigger names, or where a journey waits for a condition.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.quoting import Sql, fill, identifier
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.model.trigger import Enters, Happened
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
    """All instants of a simulation. `watched` are the segments that its triggers name; `restless`: a trigger of another kind is there.

    Of such a trigger nothing is known but that it is looked at daily, and at every possible instant.
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


def instants_of(project: Project, rows: Rows, span: Span, more: Iterable[datetime]) -> Instants:
    """Return the instants of a project's campaigns for the customers whose rows these are. `more` are possible ones."""
    zone = project.zone
    triggers = [campaign.trigger for campaign in project.campaigns.values()]
    begun = list(_events(rows, texts(triggers)))
    counted = [*_events(rows, None), *_fields(rows), *more]
    possible = [*_midnights(span, zone), *counted, *_sums(counted, timing(project), zone)]
    named = texts(triggers)
    return Instants(
        sure=span.within([*begun, *_sums(begun, durations(triggers), zone), span.until]),
        possible=span.within(possible),
        watched=tuple(sorted(name for name in project.segments if name in named)),
        restless=any(not isinstance(trigger, Enters | Happened) for trigger in triggers),
    )


def _midnights(span: Span, zone: ZoneInfo) -> Iterator[datetime]:
    day = span.start.astimezone(zone).date()
    while (midnight := datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)) <= span.until:
        yield midnight
        day += _DAY


def _sums(instants: Iterable[datetime], spans: set[Duration], zone: ZoneInfo) -> Iterator[datetime]:
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
