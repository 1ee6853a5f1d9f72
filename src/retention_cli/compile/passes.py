"""Passes of their own: numbers about events that cannot share a scan, because they need a row's neighbours or its values.

The matching events become one relation (customer_id, at, and what is asked of them), whatever tables they stand in; it is
numbered where only the first or the second counts, cut to the window, brought to its subjects, and folded. Of every customer,
sequences that differ in their window share one, and so do counts of different values (why:
docs/decisions/0014-passes-of-their-own.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.anchors import HAPPENED, VALUE, shared_anchors, without_window
from retention_cli.compile.distinct import reaches_now, shared_values
from retention_cli.compile.labels import sequence_called, windows
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import AT, HOLDS_AT, LAST, Extras, compile_sequence
from retention_cli.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.compile.events import Events, Rows
    from retention_cli.compile.typed import Typed
    from retention_cli.model.condition import EventQuery
    from retention_cli.model.problem import Place
    from retention_cli.model.source import ColumnType

SAME = "same_as_entry"
TIMES = "times"


@dataclass(slots=True)
class Pass:
    """One pass: which events, what is made of them (for its name), and a column of theirs that is folded (None: the events themselves)."""

    events: Events
    query: EventQuery
    what: str = TIMES
    column: str | None = None
    place: Place | None = None
    type: ColumnType | None = None
    _same: str | None = field(default=None)

    def folded(self, aggregate: Callable[[exp.Expr], exp.Expr]) -> exp.Column | None:
        """Return the aggregate of the column (or of the rows) as a column of the plan; None where the events or the column are not there."""
        extras = self._known()
        if extras is None:
            return None
        scans, subject = self.events.scans, self.events.scans.subject
        if subject.table is None and self.query.is_sequence:
            return self._of_shared_anchors(extras, aggregate)
        relation, owner = self._relation(extras), subject.table or HAPPENED
        value = sql.col(VALUE, HAPPENED) if self.column is not None else exp.Star()
        select = exp.Select().select(sql.col(subject.key, owner), sql.aliased(aggregate(value), VALUE), copy=False)
        if subject.table is None:
            select = select.from_(relation, copy=False)
        else:
            on = exp.EQ(this=sql.col(CUSTOMER, HAPPENED), expression=sql.col(CUSTOMER, subject.table))
            select = select.from_(sql.table(subject.table), copy=False).join(relation, on=on, join_type="inner", copy=False)
        bounds = self._bounds()
        select = select.where(*bounds, copy=False) if bounds else select
        return sql.col(VALUE, scans.own(self._label(), select.group_by(sql.col(subject.key, owner), copy=False)))

    def different(self) -> exp.Column | None:
        """Return how many different values the column has, as a column of the plan; None where the events or the column are not there."""
        extras = self._known()
        if extras is None:
            return None
        shared = self.events.scans.subject.table is None and reaches_now(self.events, self.query)
        if not shared or not all(VALUE in each.columns for each in extras.values()):
            return self.folded(lambda value: exp.Count(this=exp.Distinct(expressions=[value])))
        self.events.needs_entry(self.query)
        return shared_values(self.events, self.query, extras).add(self.query)

    def _of_shared_anchors(self, extras: Mapping[str, Extras], aggregate: Callable[[exp.Expr], exp.Expr]) -> exp.Column:
        self.events.needs_entry(self.query)
        anchors = shared_anchors(self.events, self.query, extras, sql.slug(self.column, sequence_called(without_window(self.query))))
        return anchors.add(self.query, aggregate, sql.slug(self.what, *windows(replace(self.query, nth=None))))

    def _known(self) -> dict[str, Extras] | None:
        """Return what is asked of the rows of each source, None where there is nothing to ask."""
        tables = self.events.tables(self.query)
        extras = {table.source: self._extras(table.source) for table in tables}
        return None if not tables or (self.column is not None and self.type is None) else extras

    def _relation(self, extras: Mapping[str, Extras]) -> exp.Expr:
        if self.query.is_sequence:
            return sql.table(compile_sequence(self.events, self.query, self._happened(), extras), HAPPENED)
        return exp.Subquery(this=self._stream(extras), alias=exp.TableAlias(this=sql.name(HAPPENED)))

    def _label(self) -> str:
        called = sequence_called(self.query)
        return f"{called}_{TIMES}" if self.column is None else sql.slug(self.what, called)

    def _happened(self) -> str:
        """What the events themselves are called."""
        return sequence_called(self.query) if self.column is None else f"{self._label()}_events"

    def _extras(self, source: str) -> Extras:
        """Return what is asked of a row: the column that is folded, and the one that it shares with the entry."""
        tables = self.events.tables(self.query)
        scope = self.events.scope(source, tables, None, [name for name in (self.column, self.query.same) if name])
        columns: dict[str, exp.Expr] = {}
        if self.column is not None and (found := self.events.typed(scope, self.column, self.place or self.query.place)) is not None:
            columns[VALUE] = self._as_one_type(found)
        if self.query.same is not None and self.events.scans.subject.table is not None:
            shared = self.events.column(scope, self.query.same, self.query.place)
            self._same = self.query.same if shared is None else shared.name or self.query.same
            columns[SAME] = exp.cast(exp.Null() if shared is None else shared, "varchar", dialect=sql.DIALECT)
        return Extras(columns, frozenset(scope.joined))

    def _as_one_type(self, found: Typed) -> exp.Expr:
        if self.type not in (None, found.type):
            message = f"{self.column!r} is {self.type} in one table of these events and {found.type} in another"
            self.events.tests.report(Problem(self.place or self.query.place, "wrong-type", message, "give both the same type under types:"))
        self.type = found.type
        return found.expression

    def _stream(self, extras: Mapping[str, Extras]) -> exp.Select:
        parts = [self._rows(rows, extras[rows.event.source]) for rows in self.events.rows(self._without_window())]
        whole: exp.Query = parts[0]
        for part in parts[1:]:
            whole = exp.Union(this=whole, expression=part, distinct=False)
        if self.query.nth is None:
            return whole if isinstance(whole, exp.Select) else _all_of(whole)
        order = [exp.Ordered(this=sql.col(AT), desc=self.query.nth == LAST, nulls_first=False)]
        order += [exp.Ordered(this=sql.col(name), nulls_first=False) for name in self._columns(extras)]
        numbered = exp.Window(this=sql.call("row_number"), partition_by=[sql.col(CUSTOMER)], order=exp.Order(expressions=order))
        select = _all_of(whole)
        select.set("qualify", exp.Qualify(this=exp.EQ(this=numbered, expression=sql.number(1 if self.query.nth == LAST else int(self.query.nth)))))
        return select

    def _columns(self, extras: Mapping[str, Extras]) -> Sequence[str]:
        return sorted({name for each in extras.values() for name in each.columns})

    def _without_window(self) -> EventQuery:
        """Only which events: their number comes before the window, and an entry is each subject's own."""
        query = replace(self.query, same=None, since=None if self.query.since is not None and self.query.since.entry else self.query.since)
        return query if query.nth is None else replace(query, within=None, older_than=None, since=None, during=None)

    def _rows(self, rows: Rows, extras: Extras) -> exp.Select:
        source = rows.event.source
        time = self.events.time(source) or exp.Null()
        columns = [sql.col(CUSTOMER, source), sql.aliased(time, AT), *(sql.aliased(expression, name) for name, expression in extras.columns.items())]
        everybody = self.events.scans.rows(source, {*rows.joined, *extras.joined})
        select = everybody.select(*columns, copy=False)
        return select if rows.filter is None else select.where(rows.filter, copy=False)

    def _bounds(self) -> list[exp.Expr]:
        """Return what a subject's own entry and end ask of an event, and the window where the number came first."""
        events, subject, at = self.events, self.events.scans.subject, sql.col(AT, HAPPENED)
        bounds = events.window(at, self.query) if self.query.nth is not None and not self.query.is_sequence else []
        if subject.table is None:
            events.needs_entry(self.query)
            return bounds
        if not self.query.facts:
            bounds += events.scans.before_end(sql.col(HOLDS_AT, HAPPENED) if self.query.is_sequence else at.copy())
        if events.needs_entry(self.query):
            bounds.append(events.after_entry(at.copy()))
        if self._same is not None:
            bounds.append(events.began_with(sql.col(SAME, HAPPENED), self._same))
        return bounds


def _all_of(query: exp.Query) -> exp.Select:
    return exp.Select().select("*", copy=False).from_(exp.Subquery(this=query, alias=exp.TableAlias(this=sql.name("each_one"))), copy=False)
