"""Which rows of an event table count: name, `where`, window, entry, and the same value as the journey's own event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.rows import RowScope, row_condition, unknown_column
from retention_cli.model.problem import Place, Problem
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.compile.operators import Tests
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable
    from retention_cli.model.condition import Condition, EventQuery, Follow


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

    def tables(self, query: EventQuery | Follow) -> list[EventTable]:
        """Return the tables that hold a query's events; an unknown event is reported."""
        found: list[EventTable] = []
        for event in query.events:
            tables = self.scans.schema.tables_of(str(event))
            if not tables:
                place = getattr(event, "place", query.place)
                self.tests.report(
                    Problem(place, "unknown-event", f"no source has the event {str(event)!r}", did_you_mean(str(event), self.scans.schema.events))
                )
            found += [table for table in tables if table not in found]
        return found

    def rows(self, query: EventQuery) -> list[Rows]:
        """Return, a table each, which rows a query counts."""
        return [self._rows(table, query) for table in self.tables(query)]

    def _rows(self, table: EventTable, query: EventQuery) -> Rows:
        scope = RowScope(self.scans.schema, table.source)
        parts = [
            self.named(table),
            self.where(query.where, scope),
            *self.window(table.source, query),
            self._entered(table.source, query),
            self._same(scope, query),
        ]
        return Rows(table, sql.both(parts), frozenset(scope.joined))

    def named(self, table: EventTable) -> exp.Expr | None:
        """Return `event = 'name'` where a column names the event."""
        if table.column is None:
            return None
        return exp.EQ(this=sql.col(table.column, table.source), expression=self.tests.values.bind(table.event, table.event))

    def where(self, condition: Condition | None, scope: RowScope) -> exp.Expr | None:
        """Return what `where:` asks of a row, None where it asks nothing."""
        return None if condition is None else row_condition(condition, scope, self.tests)

    def window(self, source: str, query: EventQuery) -> list[exp.Expr]:
        """Return the bounds in time: `within` leaves out its start, which `older_than` has; `since` includes its own."""
        bounds = self.begins(source, query)
        if query.older_than is not None:
            time = sql.col(self.scans.schema.time(source) or "", source)
            ago = self.tests.values.bind(self.tests.moment.ago(query.older_than), f"{query.older_than} ago")
            bounds.append(exp.LTE(this=time, expression=ago))
        return bounds

    def begins(self, source: str, query: EventQuery) -> list[exp.Expr]:
        """Return the bounds before which nothing of a query can have happened."""
        moment = self.tests.moment
        bounds: list[exp.Expr] = []
        time = sql.col(self.scans.schema.time(source) or "", source)
        if query.within is not None:
            bounds.append(exp.GT(this=time.copy(), expression=self.tests.values.bind(moment.ago(query.within), f"{query.within} ago")))
        if query.since is not None and not query.since.entry:
            day = moment.read_date(query.since.text)
            start = moment.start_of(day) if day else moment.read_time(query.since.text)
            if start is None:
                self.tests.report(
                    Problem(query.since.place, "not-a-time", f"{query.since.text!r} is not a date or a time", "write it like 2026-01-31")
                )
            else:
                bounds.append(exp.GTE(this=time.copy(), expression=self.tests.values.bind(start, f"since {query.since.text}")))
        return bounds

    def _entered(self, source: str, query: EventQuery) -> exp.Expr | None:
        if query.since is None or not query.since.entry:
            return None
        if self.scans.subject.table is None:
            self.tests.report(
                Problem(query.place, "no-entry", "`since: entry` only means something in a campaign", "use within: or since: with a date")
            )
            return None
        return self.after_entry(sql.col(self.scans.schema.time(source) or "", source))

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
        found = scope.find(name)
        if found is None:
            if scope.schema.is_known(scope.source):
                self.tests.report(unknown_column(place, name, scope))
            return None
        return found.expression
