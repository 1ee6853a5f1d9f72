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
from retention_cli.compile.windows import Start
from retention_cli.model.condition import EventQuery, EventsLike, FieldTest, walk
from retention_cli.model.mail import BY_MACHINES, MACHINE
from retention_cli.model.problem import Place, Problem
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from retention_cli.compile.operators import Tests, Typed
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.model.condition import Condition, EventName, Follow, Since
    from retention_cli.model.source import ColumnType

PRODUCTS_BY = "products_by"
"""Where the facts of a journey about several products list them by their key."""


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
        return [table for table in found if not any(other.covers(table) for other in found)]

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
        if MACHINE not in self.schema.columns(table.source):
            return None
        if where is not None and any(isinstance(node, FieldTest) and node.field.rpartition(".")[2] == MACHINE for node in walk(where)):
            return None
        by_machine = sql.sure(sql.col(MACHINE, table.source))
        column = self.schema.event_column(table.source)
        if column is not None and (table.column is None or table.alike):
            caused = [self.tests.values.bind(event, event) for event in sorted(BY_MACHINES)]
            return sql.negated(sql.both([by_machine, sql.sure(exp.In(this=sql.col(column, table.source), expressions=list(caused)))]) or sql.true())
        return sql.negated(by_machine) if table.event in BY_MACHINES else None

    def where(self, condition: Condition | None, scope: RowScope) -> exp.Expr | None:
        """Return what `where:` asks of a row, None where it asks nothing."""
        return None if condition is None else row_condition(condition, scope, self.tests)

    def window(self, time: exp.Expr | None, query: EventQuery) -> list[exp.Expr]:
        """Return the bounds in time: `within` leaves out its start, which `older_than` has; `since` includes its own."""
        if time is None:
            return []
        values = self.tests.values
        bounds = [start.bound(time, values) for start in self.starts(query)]
        if query.older_than is not None:
            ago = values.bind(self.tests.moment.ago(query.older_than), f"{query.older_than} ago")
            bounds.append(exp.LTE(this=time.copy(), expression=ago))
        if query.during is not None:
            days = self._during(query.during, query.place)
            end = None if days is None else values.bind(self.tests.moment.start_of(days[1]), f"end of {query.during}")
            bounds.append(sql.false() if end is None else exp.LT(this=time.copy(), expression=end))
        return bounds

    def _during(self, text: str, place: Place) -> periods.Span | None:
        days = periods.period(text, self.tests.moment)
        if days is None:
            hint = did_you_mean(text, PERIODS) or "write it like last_month, 2026-05 or 4 days ago"
            self.tests.report(Problem(getattr(text, "place", place), "not-a-period", f"{str(text)!r} is not a calendar period", hint))
        return days

    def starts(self, query: EventQuery) -> list[Start]:
        """Return the instants before which nothing of a query can have happened, an entry apart."""
        found: list[Start] = []
        if query.within is not None:
            found.append(Start(self.tests.moment.ago(query.within), inside=False, hint=f"{query.within} ago"))
        if query.since is not None and not query.since.entry:
            start = self._since(query.since)
            found += [] if start is None else [Start(start, inside=True, hint=f"since {query.since.text}")]
        if query.during is not None and (days := self._during(query.during, query.place)) is not None:
            found.append(Start(self.tests.moment.start_of(days[0]), inside=True, hint=f"start of {query.during}"))
        return found

    def _since(self, since: Since) -> datetime | None:
        moment = self.tests.moment
        day = moment.read_date(since.text)
        start = moment.start_of(day) if day else moment.read_time(since.text) or periods.instant(since.text, moment)
        if start is None:
            self.tests.report(Problem(since.place, "not-a-time", f"{since.text!r} is not a date or a time", "write it like 2026-01-31"))
        return start

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
        return self.began_with(exp.cast(column, "varchar", dialect=sql.DIALECT), column.name)

    def began_with(self, value: exp.Expr, column: str) -> exp.Expr:
        """Return whether a text is what a column had in the event that began the journey, or in one of the products that did."""
        trigger = sql.col("trigger", self.scans.subject.table)
        products = exp.cast(sql.json_value(trigger.copy(), PRODUCTS_BY, column), "varchar[]", dialect=sql.DIALECT)
        is_one = sql.sure(exp.EQ(this=value, expression=sql.json_text(trigger, column)))
        return sql.either([is_one, sql.sure(sql.call("list_contains", products, value.copy()))])

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
