"""Which rows of an event table count: name, `where`, window, entry, and the same value as the journey's own event.

An event may stand in several tables (the tool's own mail history beside an imported one). A column that only some of them
have is missing in the others; one that none of them has is a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import periods, sql
from retention_cli.compile.periods import PERIODS
from retention_cli.compile.rows import RowScope, row_condition, unknown_column
from retention_cli.model.condition import EventQuery, EventsLike, FieldTest, walk
from retention_cli.model.mail import BY_MACHINES, MACHINE
from retention_cli.model.problem import Place, Problem
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retention_cli.compile.operators import Tests, Typed
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.model.condition import Condition, EventName, Follow
    from retention_cli.model.source import ColumnType


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one event table that count: `filter` (None: all), and the sources it joins."""

    event: EventTable
    filter: exp.Expr | None
    joined: frozenset[str]


@dataclass(frozen=True, slots=True)
class Events:
    """Compiles event queries against the scans of one plan."""

    scans: Scans
    tests: Tests

    @property
    def schema(self) -> Schema:
        """The tables that there are."""
        return self.scans.schema

    def tables(self, query: EventQuery | Follow) -> list[EventTable]:
        """Return the tables that hold a query's events; an unknown event is reported."""
        facts = isinstance(query, EventQuery) and query.facts
        found: list[EventTable] = []
        for event in query.events:
            tables = self._facts(str(event)) if facts else self._tables(event)
            if not tables:
                self._unknown(event, query.place, facts=facts)
            found += [table for table in tables if table not in found]
        return found

    def _tables(self, event: EventName) -> Sequence[EventTable]:
        if isinstance(event, EventsLike):
            return self.schema.tables_like(source=str(event.source), starts_with=str(event.starts_with))
        return self.schema.tables_of(str(event))

    def _facts(self, name: str) -> Sequence[EventTable]:
        found = self.schema.facts.get(name)
        return () if found is None else (found,)

    def _unknown(self, event: EventName, place: Place, *, facts: bool) -> None:
        where, schema = getattr(event, "place", place), self.schema
        if isinstance(event, EventsLike) and event.source:
            timed = [source for source in schema.sources if schema.time(source) is not None]
            message, hint = f"there is no source of events {str(event.source)!r}", did_you_mean(str(event.source), timed)
        elif isinstance(event, EventsLike):
            message, hint = f"no source has an event that begins with {str(event.starts_with)!r}", did_you_mean(str(event.starts_with), schema.events)
        elif facts:
            hint = f"it is an event: write did: {event}" if str(event) in schema.events else did_you_mean(str(event), schema.facts)
            message = f"no source without a time holds {str(event)!r}"
        else:
            hint = f"it has no time: write has: {event}" if str(event) in schema.facts else did_you_mean(str(event), schema.events)
            message = f"no source has the event {str(event)!r}"
        self.tests.report(Problem(where, "unknown-event", message, hint))

    def rows(self, query: EventQuery) -> list[Rows]:
        """Return, a table each, which rows a query counts."""
        tables = self.tables(query)
        return [self._rows(table, query, tables) for table in tables]

    def _rows(self, table: EventTable, query: EventQuery, tables: Sequence[EventTable]) -> Rows:
        scope = self.scope(table.source, tables, query.where)
        parts = [
            self.named(table),
            self.by_people(table, query.where),
            self.where(query.where, scope),
            *self.window(self.time(table.source), query),
            self._entered(table.source, query),
            self._same(scope, query),
        ]
        return Rows(table, sql.both(parts), frozenset(scope.joined))

    def scope(self, source: str, tables: Sequence[EventTable], where: Condition | None, columns: Iterable[str] = ()) -> RowScope:
        """Return what is in reach of a table's rows; columns that are asked for and only other tables have are missing there."""
        scope = RowScope(self.schema, source, tests=self.tests)
        others = [table.source for table in tables if table.source != source]
        if not others:
            return scope
        asked = {str(node.field) for node in walk(where) if isinstance(node, FieldTest)} if where is not None else set()
        scope.elsewhere = self._elsewhere(others, {*asked, *columns})
        return scope

    def _elsewhere(self, sources: Iterable[str], names: Iterable[str]) -> dict[str, ColumnType]:
        scopes = [RowScope(self.schema, source, tests=self.tests) for source in sources]
        found = {name: next((typed for scope in scopes if (typed := scope.find(name)) is not None), None) for name in names}
        return {name: typed.type for name, typed in found.items() if typed is not None}

    def time(self, source: str) -> exp.Column | None:
        """Return the column that says when a source's rows happened, None where nothing does."""
        time = self.schema.time(source)
        return None if time is None else sql.col(time, source)

    def named(self, table: EventTable) -> exp.Expr | None:
        """Return `event = 'name'` where a column names the event."""
        if table.column is None:
            return None
        column, name = sql.col(table.column, table.source), self.tests.values.bind(table.event, table.event)
        return sql.call("starts_with", column, name) if table.alike else exp.EQ(this=column, expression=name)

    def by_people(self, table: EventTable, where: Condition | None) -> exp.Expr | None:
        """Return that no machine caused an event that machines cause too, unless `where` asks about that itself."""
        if table.event not in BY_MACHINES or MACHINE not in self.schema.columns(table.source):
            return None
        if where is not None and any(isinstance(node, FieldTest) and node.field.rpartition(".")[2] == MACHINE for node in walk(where)):
            return None
        return sql.negated(sql.sure(sql.col(MACHINE, table.source)))

    def where(self, condition: Condition | None, scope: RowScope) -> exp.Expr | None:
        """Return what `where:` asks of a row, None where it asks nothing."""
        return None if condition is None else row_condition(condition, scope, self.tests)

    def window(self, time: exp.Expr | None, query: EventQuery) -> list[exp.Expr]:
        """Return the bounds in time: `within` leaves out its start, which `older_than` has; `since` includes its own."""
        if time is None:
            return []
        bounds = self.begins(time, query)
        if query.older_than is not None:
            ago = self.tests.values.bind(self.tests.moment.ago(query.older_than), f"{query.older_than} ago")
            bounds.append(exp.LTE(this=time.copy(), expression=ago))
        if query.during is not None:
            bounds += self._during(time, query.during, query.place)
        return bounds

    def _during(self, time: exp.Expr, text: str, place: Place) -> list[exp.Expr]:
        moment, values = self.tests.moment, self.tests.values
        days = periods.period(text, moment)
        if days is None:
            hint = did_you_mean(text, PERIODS) or "write it like last_month, 2026-05 or 4 days ago"
            self.tests.report(Problem(getattr(text, "place", place), "not-a-period", f"{str(text)!r} is not a calendar period", hint))
            return [sql.false()]
        first, end = (values.bind(moment.start_of(day), f"{side} of {text}") for side, day in zip(("start", "end"), days, strict=True))
        return [exp.GTE(this=time.copy(), expression=first), exp.LT(this=time.copy(), expression=end)]

    def begins(self, time: exp.Expr, query: EventQuery) -> list[exp.Expr]:
        """Return the bounds before which nothing of a query can have happened."""
        moment = self.tests.moment
        bounds: list[exp.Expr] = []
        if query.within is not None:
            bounds.append(exp.GT(this=time.copy(), expression=self.tests.values.bind(moment.ago(query.within), f"{query.within} ago")))
        if query.since is not None and not query.since.entry:
            day = moment.read_date(query.since.text)
            start = moment.start_of(day) if day else moment.read_time(query.since.text) or periods.instant(query.since.text, moment)
            if start is None:
                self.tests.report(
                    Problem(query.since.place, "not-a-time", f"{query.since.text!r} is not a date or a time", "write it like 2026-01-31")
                )
            else:
                bounds.append(exp.GTE(this=time.copy(), expression=self.tests.values.bind(start, f"since {query.since.text}")))
        return bounds

    def _entered(self, source: str, query: EventQuery) -> exp.Expr | None:
        if not self.needs_entry(query):
            return None
        time = self.time(source)
        return None if time is None else self.after_entry(time)

    def needs_entry(self, query: EventQuery) -> bool:
        """Whether only events after the entry count; where there is none, that is reported."""
        if query.since is None or not query.since.entry:
            return False
        if self.scans.subject.table is None:
            self.tests.report(
                Problem(query.place, "no-entry", "`since: entry` only means something in a campaign", "use within: or since: with a date")
            )
            return False
        return True

    def after_entry(self, time: exp.Expr) -> exp.Expr:
        """Return `time > entered_at`: the event that began the journey does not count."""
        return exp.GT(this=time, expression=sql.col("entered_at", self.scans.subject.table))

    def _same(self, scope: RowScope, query: EventQuery) -> exp.Expr | None:
        if query.same is None or self.scans.subject.table is None:
            return None
        column = self.column(scope, query.same, query.place)
        if column is None:
            return sql.false()
        return exp.EQ(this=exp.cast(column, "varchar", dialect=sql.DIALECT), expression=self.began_with(column.name))

    def began_with(self, column: str) -> exp.Expr:
        """Return the text that a column has in the event that began the journey."""
        return sql.json_text(sql.col("trigger", self.scans.subject.table), column)

    def column(self, scope: RowScope, name: str, place: Place) -> exp.Expr | None:
        """Return a column in reach of a row; an unknown one is reported."""
        found = self.typed(scope, name, place)
        return None if found is None else found.expression

    def typed(self, scope: RowScope, name: str, place: Place) -> Typed | None:
        """Return a column in reach of a row, with its type; an unknown one is reported."""
        found = scope.find(name)
        if found is None and scope.schema.is_known(scope.source):
            self.tests.report(unknown_column(getattr(name, "place", place), name, scope))
        return found
