"""The scans of one plan: every event table is read once, every aggregate is computed once.

A *subject* is what a row of the result stands for: a customer, or a journey (one customer may have several, each with its
own entry). Features are aggregates over the events of a subject; equal ones are shared. What cannot share a scan (a median,
a gap, a sequence) stands in a CTE of its own (why: docs/benchmarks.md). A CTE stands behind those that it reads, and is built
when the plan is finished: one that others share has gained its columns by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.flags import Flags, conjuncts
from retention_cli.compile.rows import join_on_key
from retention_cli.compile.schema import CUSTOMER, EventTable, Schema
from retention_cli.model.source import CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from retention_cli.compile.anchors import SharedAnchors
    from retention_cli.compile.distinct import SharedValues
    from retention_cli.compile.moment import Moment


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row stands for: `key` identifies it; `table` lists the subjects (None: every customer).

    `until` is a column of that table after which events do not count for the subject, None where as_of alone ends them.
    """

    key: str = CUSTOMER
    table: str | None = None
    until: str | None = None


EVERY_CUSTOMER = Subject()
JOURNEYS = Subject("subject", "subjects")
"""The table `subjects(subject, customer_id, entered_at, trigger)` is uploaded before the plan runs."""
GOALS = Subject("subject", "goal_subjects", "until")
"""The table `goal_subjects(subject, customer_id, entered_at, trigger, until)`: a journey's goal, up to the end of its window."""


@dataclass(slots=True)
class Features:
    """The columns that a query gains, by name; equal ones are one column."""

    columns: dict[str, exp.Expr] = field(default_factory=dict)
    _names: dict[object, str] = field(default_factory=dict)

    def add(self, label: str, column: exp.Expr, taken: Iterable[str] = (CUSTOMER,)) -> str:
        """Return what the column is called: its label, numbered where another or a key (`taken`) is called so."""
        shape = sql.shape(column)
        if shape not in self._names:
            self._names[shape] = _free(label, (*self.columns, *taken))
            self.columns[self._names[shape]] = column
        return self._names[shape]


@dataclass(slots=True)
class Scan:
    """One pass over one event table."""

    source: str
    events: set[str] | None = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    features: Features = field(default_factory=Features)


@dataclass(slots=True)
class Scans:
    """Collects features and gives back the CTEs and the joins that bring them to their subjects.

    `prefix` keeps the names of two collections in one plan apart.
    """

    schema: Schema
    moment: Moment
    values: sql.Values
    subject: Subject = EVERY_CUSTOMER
    prefix: str = ""
    shared: dict[str, Scan] = field(default_factory=dict)
    separate: list[tuple[str, Callable[[], exp.Query]]] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    by_customer: list[str] = field(default_factory=list)
    anchors: dict[object, SharedAnchors] = field(default_factory=dict)
    values_of: dict[object, SharedValues] = field(default_factory=dict)
    _own: dict[object, str] = field(default_factory=dict)

    def feature(self, event: EventTable, label: str, aggregate: exp.Expr, joined: Iterable[str] = ()) -> exp.Column:
        """Share one pass over the event's table; return the column that holds the aggregate (null without events)."""
        scan = self.shared.setdefault(event.source, Scan(event.source))
        if event.column is None or event.alike or scan.events is None:
            scan.events = None
        else:
            scan.events.add(event.event)
        scan.joined.update(joined)
        name = scan.features.add(label, aggregate, (CUSTOMER, self.subject.key))
        return sql.col(name, self._facts(event.source))

    def own(self, label: str, select: exp.Query, *, attach: bool = True) -> str:
        """Give a query a CTE of its own, shared by equal queries; `attach` joins it to its subjects by their key."""
        shape = sql.shape(select)
        if shape not in self._own:
            self._own[shape] = self.apart(label, lambda: select, attach=attach)
        return self._own[shape]

    def apart(self, label: str, build: Callable[[], exp.Query], *, attach: bool = True) -> str:
        """Give a query that may still grow a CTE of its own; it is built, each time anew, when the CTEs are asked for."""
        taken = (*(name for name, _ in self.separate), *self._tables(), *map(self._facts, self.schema.sources))
        name = _free(self.prefix + label, taken)
        self.separate.append((name, build))
        if attach:
            self.attached.append(name)
        return name

    def own_by_customer(self, label: str, select: exp.Query) -> str:
        """Give a query with a row a customer a CTE of its own, joined to every subject by its customer."""
        name = self.own(label, select, attach=False)
        if name not in self.by_customer:
            self.by_customer.append(name)
        return name

    def _tables(self) -> tuple[str, ...]:
        return (*self.schema.sources, CUSTOMERS, self.subject.table or CUSTOMERS)

    def _facts(self, source: str) -> str:
        """Return what the pass over a source is called; never like a table, which it would hide."""
        return _free(f"{self.prefix}{source}_facts", self._tables())

    def ctes(self) -> list[tuple[str, exp.Query]]:
        """Return every CTE, the shared passes first."""
        return [*((self._facts(source), self._pass(scan)) for source, scan in self.shared.items()), *self.passes()]

    def passes(self) -> list[tuple[str, exp.Query]]:
        """Return the CTEs of what has a pass of its own."""
        return [(name, build()) for name, build in self.separate]

    def base(self, only: Collection[str] | None = None) -> exp.Select:
        """Return `SELECT … FROM subjects` with every feature (or `only` these CTEs) joined; the caller adds what it selects."""
        if self.subject.table is None:
            start = CUSTOMERS
            select = exp.Select().from_(sql.table(CUSTOMERS), copy=False)
        else:
            start = self.subject.table
            on = exp.EQ(this=sql.col(CUSTOMER, CUSTOMERS), expression=sql.col(CUSTOMER, start))
            select = exp.Select().from_(sql.table(start), copy=False).join(sql.table(CUSTOMERS), on=on, join_type="inner", copy=False)
        by_key = [(other, self.subject.key, start) for other in (*map(self._facts, self.shared), *self.attached)]
        for other, key, to in [*by_key, *((other, CUSTOMER, CUSTOMERS) for other in self.by_customer)]:
            if only is None or other in only:
                on = exp.EQ(this=sql.col(key, other), expression=sql.col(key, to))
                select = select.join(sql.table(other), on=on, join_type="left", copy=False)
        return select

    def layer(self, label: str, expression: exp.Expr) -> exp.Column:
        """Give an expression over features a CTE of its own, a row a subject, so that it is written and computed once."""
        needed = {column.table for column in expression.find_all(exp.Column)}
        key = sql.col(self.subject.key, self.subject.table or CUSTOMERS)
        select = self.base(needed).select(key, sql.aliased(expression, "value"), copy=False)
        return sql.col("value", self.own(label, select))

    def from_events(self, source: str, joined: Iterable[str] = ()) -> exp.Select:
        """Return `SELECT key FROM events`, up to as_of, of the subjects alone, with parent and lookup where needed."""
        select = exp.Select().select(sql.col(self.subject.key, self.subject.table or source), copy=False)
        if self.subject.table is None:
            select = select.from_(sql.table(source), copy=False)
        else:
            on = exp.EQ(this=sql.col(CUSTOMER, source), expression=sql.col(CUSTOMER, self.subject.table))
            select = select.from_(sql.table(self.subject.table), copy=False).join(sql.table(source), on=on, join_type="inner", copy=False)
        select = self.with_tables(select, source, joined)
        if (time := self.schema.time(source)) is None:
            return select
        return select.where(self.until_now(source), *self.before_end(sql.col(time, source)), copy=False)

    def rows(self, source: str, joined: Iterable[str] = ()) -> exp.Select:
        """Return `SELECT … FROM events`, up to as_of, of whoever is a subject; the caller adds what it selects."""
        select = exp.Select().from_(sql.table(source), copy=False)
        select = self.with_tables(select, source, joined)
        if self.schema.time(source) is not None:
            select = select.where(self.until_now(source), copy=False)
        if self.subject.table is None:
            return select
        subjects = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(self.subject.table), copy=False)
        return select.where(exp.In(this=sql.col(CUSTOMER, source), query=exp.Subquery(this=subjects)), copy=False)

    def with_tables(self, select: exp.Select, source: str, joined: Iterable[str]) -> exp.Select:
        """Join what is wanted of the source's parent and its lookup."""
        for other in (self.schema.parent(source), self.schema.lookup(source)):
            if other and other in joined:
                select = select.join(join_on_key(self.schema, source, other), copy=False)
        return select

    def before_end(self, time: exp.Expr) -> list[exp.Expr]:
        """Return `time <= until` where subjects have an end of their own."""
        if self.subject.until is None:
            return []
        return [exp.LTE(this=time, expression=sql.col(self.subject.until, self.subject.table))]

    def until_now(self, source: str) -> exp.Expr:
        """Return `time <= as_of`: events after as_of do not exist."""
        return exp.LTE(this=sql.col(self.schema.time(source) or "", source), expression=self.values.bind(self.moment.instant, "as_of"))

    def _pass(self, scan: Scan) -> exp.Select:
        flags = Flags(self.schema.lookup(scan.source) or "")
        features = {name: flags.moved(aggregate) for name, aggregate in scan.features.columns.items()}
        select = self.from_events(scan.source, scan.joined)
        if scan.events is not None:
            select = select.where(self.named(scan.source, scan.events), copy=False)
        if (wanted := _wanted_by_joined(features.values(), scan.joined)) is not None:
            select = select.where(wanted, copy=False)
        columns = [sql.aliased(aggregate, name) for name, aggregate in features.items()]
        select = select.select(*columns, copy=False).group_by(sql.col(self.subject.key, self.subject.table or scan.source), copy=False)
        return flags.beside(select, _free(f"{flags.lookup}_flags", self._tables()))

    def named(self, source: str, events: Iterable[str]) -> exp.Expr:
        """Return `event IN (…)` over a source whose rows name their event."""
        column = next(table.column for event in events for table in self.schema.tables_of(event) if table.source == source)
        wanted = [self.values.bind(event, event) for event in sorted(events)]
        return exp.In(this=sql.col(column or "", source), expressions=list(wanted))


def _wanted_by_joined(aggregates: Collection[exp.Expr], joined: Collection[str]) -> exp.Expr | None:
    """Return what every feature asks of joined tables, so that an engine can choose there first; None where one asks nothing."""
    asked = [_asked_of(aggregate, joined) for aggregate in aggregates]
    return sql.either(part for part in asked if part is not None) if asked and None not in asked else None


def _asked_of(aggregate: exp.Expr, tables: Collection[str]) -> exp.Expr | None:
    """Return the part of an aggregate's filter that reads these tables alone, None where there is none."""
    if not isinstance(aggregate, exp.Filter):
        return None
    parts = conjuncts(aggregate.expression.this)
    return sql.both([part.copy() for part in parts if {column.table for column in part.find_all(exp.Column)} <= {*tables} and part.find(exp.Column)])


def _free(label: str, taken: Iterable[str]) -> str:
    """Return the label, numbered where it is taken; engines do not tell upper case from lower."""
    known = {name.lower() for name in taken}
    names = chain([label], (f"{label}_{n}" for n in count(2)))
    return next(name for name in names if name.lower() not in known)


def with_ctes(select: exp.Select, ctes: Iterable[tuple[str, exp.Query]]) -> exp.Select:
    """Put CTEs before a query, in order."""
    for name, query in ctes:
        select = select.with_(exp.TableAlias(this=sql.name(name)), as_=query, copy=False)
    return select


def over_ctes(select: exp.Select, ctes: Iterable[tuple[str, exp.Query]]) -> exp.Select:
    """Put CTEs before those that a query has of its own, which may read them; the query is a copy."""
    found = select.copy()
    own = [(cte.alias, cte.this) for cte in found.ctes]
    if (inner := found.find(exp.With)) is not None and own:
        inner.pop()
    return with_ctes(found, [*ctes, *own])
