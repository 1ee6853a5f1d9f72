"""Conditions about a customer, as SQL: the tree of `model.condition`, node by node.

One `Compiler` serves a whole plan: its scans are shared by every condition given to it. Every expression it returns is
two-valued. Mistakes are collected in `problems`; the expression that stands in for one is FALSE.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.derived import why_not
from retention_cli.compile.events import Events, Rows
from retention_cli.compile.labels import called
from retention_cli.compile.metrics import built_in
from retention_cli.compile.operators import Tests, Typed
from retention_cli.compile.rows import RowScope
from retention_cli.compile.scans import EVERY_CUSTOMER, Scans, Subject
from retention_cli.compile.sequences import Extras, compile_sequence
from retention_cli.model.condition import All, AnyOf, Condition, Did, Everyone, FieldTest, Fold, InSegment, NoneOf, Not, Op, Test, Total
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.problem import Place, Problem
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.model.condition import EventQuery
    from retention_cli.model.metric import Metric
    from retention_cli.model.segment import Segment

_FOLDS: dict[Fold, type[exp.AggFunc]] = {Fold.TOTAL: exp.Sum, Fold.SMALLEST: exp.Min, Fold.LARGEST: exp.Max}
_AT_LEAST_ONCE = (Test(op=Op.AT_LEAST, values=("1",)),)
_SAME = "same_as_entry"
_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)


@dataclass
class Compiler:
    """Compiles conditions about subjects; `tests`, `scans` and `events` share one set of values."""

    schema: Schema
    moment: Moment
    segments: Mapping[str, Segment]
    metrics: Mapping[str, Metric]
    subject: Subject = EVERY_CUSTOMER
    values: sql.Values = field(default_factory=sql.Values)
    problems: list[Problem] = field(default_factory=list)
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tests = Tests(self.moment, self.values, self._report)
        self.scans = Scans(self.schema, self.moment, self.values, self.subject)
        self.events = Events(self.scans, self.tests)

    def _report(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def condition(self, node: Condition) -> exp.Expr:
        """Return a two-valued expression for a condition."""
        match node:
            case Everyone():
                return sql.true()
            case All(parts=parts):
                return sql.both([self.condition(part) for part in parts]) or sql.true()
            case AnyOf(parts=parts):
                return sql.either(self.condition(part) for part in parts)
            case NoneOf(parts=parts):
                return sql.negated(sql.either(self.condition(part) for part in parts))
            case Not(part=part):
                return sql.negated(self.condition(part))
            case InSegment(name=name):
                return self.in_segment(name, node.place)
            case FieldTest() | Did() | Total():
                return self._leaf(node)

    def _leaf(self, node: FieldTest | Did | Total) -> exp.Expr:
        value, tests = self.measured(node)
        if value is None:
            return sql.false()
        label = node.field if isinstance(node, FieldTest) else "times" if isinstance(node, Did) else str(node.fold)
        holds = self.tests.all_hold(value, tests, label)
        return sql.negated(holds) if isinstance(node, Did) and node.negated else holds

    def measured(self, node: FieldTest | Did | Total) -> tuple[Typed | None, tuple[Test, ...]]:
        """Return the value that a leaf looks at, and what it asks of it; explain shows the value."""
        match node:
            case FieldTest(field=name, tests=tests):
                return self.field(name, node.place), tests
            case Did(query=query, times=times):
                return self.count(query), times or _AT_LEAST_ONCE
            case Total(tests=tests):
                return self.total(node), tests

    def in_segment(self, name: str, place: Place) -> exp.Expr:
        """Return the condition of another segment, in place."""
        segment = self.segments.get(str(name))
        if segment is None or name in self._inside:
            self._report(Problem(place, "unknown-segment", f"there is no segment {str(name)!r}", did_you_mean(str(name), self.segments)))
            return sql.false()
        self._inside.append(str(name))
        found = self.condition(segment.where)
        self._inside.pop()
        return exp.Paren(this=found)

    def field(self, name: str, place: Place) -> Typed | None:
        """Return a customer's metric or field: the shop's own metric, else a column, else a built-in metric."""
        own = self.metrics.get(str(name))
        if own is not None:
            return self.total(own.definition)
        column = self.schema.customer_fields.get(name.removeprefix("customers."))
        if column is not None:
            return Typed(sql.col(column.name, CUSTOMERS), column.type)
        found = built_in(str(name), self.scans)
        if found is None and (self.schema.is_known(CUSTOMERS) or name in BUILT_IN):
            self._unknown_field(str(name), place)
        return found

    def _unknown_field(self, name: str, place: Place) -> None:
        if (unfit := why_not(name, self.scans)) is not None:
            self._report(Problem(place, "not-predictable", f"{name} cannot be predicted: {unfit.why}", unfit.hint))
            return
        if name in BUILT_IN:
            if any(not self.schema.is_known(table.source) for table in self.schema.tables_of("order")):
                return  # a source that was never seen may well have what it takes
            needs = "an event called order" + (" with a column total" if name in ("total_spent", "average_order_value") else "")
            self._report(
                Problem(place, "no-source-for-metric", f"{name} needs {needs}, and no source gives it", "name the orders' event: `event: order`")
            )
            return
        known = [*self.schema.customer_fields, *self.metrics, *BUILT_IN]
        self._report(Problem(place, "unknown-field", f"customers have no field or metric {name!r}", did_you_mean(name, known)))

    def count(self, query: EventQuery) -> Typed | None:
        """Return how often the events happened; 0 for who did nothing at all."""
        if query.not_followed_by:
            return self._count_sequence(query, called(query, "not followed"))
        label = sql.slug("count", called(query))
        parts = [self._folded(rows, label, exp.Count(this=exp.Star())) for rows in self.events.rows(query)]
        counts: list[exp.Expr] = [exp.Coalesce(this=part, expressions=[sql.number(0)]) for part in parts]
        return Typed(_sum(counts), ColumnType.INTEGER, never_null=True) if counts else None

    def _folded(self, rows: Rows, label: str, aggregate: exp.Expr) -> exp.Column:
        filtered = aggregate if rows.filter is None else exp.Filter(this=aggregate, expression=exp.Where(this=rows.filter))
        return self.scans.feature(rows.event, label, filtered, rows.joined)

    def _count_sequence(self, query: EventQuery, label: str) -> Typed:
        shared, extras = self._shared_with_entry(query)
        anchors = compile_sequence(self.events, query, label, extras)
        subject = self.scans.subject
        select = exp.Select().select(sql.col(subject.key, subject.table or anchors), sql.aliased(exp.Count(this=exp.Star()), "times"), copy=False)
        if subject.table is None:
            select = select.from_(sql.table(anchors), copy=False)
        else:
            on = exp.EQ(this=sql.col("customer_id", anchors), expression=sql.col("customer_id", subject.table))
            select = select.from_(sql.table(subject.table), copy=False).join(sql.table(anchors), on=on, join_type="inner", copy=False)
            ends = self.scans.before_end(sql.col("at", anchors))
            if query.since is not None and query.since.entry:
                ends.append(self.events.after_entry(sql.col("at", anchors)))
            if shared is not None:
                ends.append(exp.EQ(this=sql.col(_SAME, anchors), expression=self.events.began_with(shared)))
            select = select.where(*ends, copy=False) if ends else select
        name = self.scans.own(f"{label}_times", select.group_by(sql.col(subject.key, subject.table or anchors), copy=False))
        return Typed(exp.Coalesce(this=sql.col("times", name), expressions=[sql.number(0)]), ColumnType.INTEGER, never_null=True)

    def _shared_with_entry(self, query: EventQuery) -> tuple[str | None, dict[str, Extras]]:
        """Return the column, and its value by source, that an anchor must share with the event that began the journey."""
        name, found = query.same, {}
        if name is None or self.subject.table is None:
            return None, {}
        for table in self.events.tables(query):
            scope = RowScope(self.schema, table.source)
            column = self.events.column(scope, query.same or "", query.place)
            name = name if column is None else column.name
            value = exp.cast(exp.Null() if column is None else column, "varchar", dialect=sql.DIALECT)
            found[table.source] = Extras({_SAME: value}, frozenset(scope.joined))
        return name, found

    def total(self, node: Total) -> Typed | None:
        """Return a fold over events: totals and counts of nothing are 0, every other fold of nothing is missing."""
        if node.fold is Fold.COUNT:
            return self.count(node.query)
        if node.query.not_followed_by:
            self._report(Problem(node.place, "fold-of-sequence", f"{node.fold} cannot fold a sequence", "fold the event without not_followed_by"))
            return None
        rows = self.events.rows(node.query)
        if not rows or node.field is None:
            return None
        if len(rows) > 1:
            self._report(
                Problem(node.place, "fold-of-many", f"{node.fold} folds the events of one table; these stand in {len(rows)}", "name one event")
            )
            return None
        return self._fold(node, rows[0])

    def _fold(self, node: Total, rows: Rows) -> Typed | None:
        scope = RowScope(self.schema, rows.event.source, set(rows.joined))
        found = scope.find(node.field or "")
        column = self.events.column(scope, node.field or "", node.place)
        if found is None or column is None:
            return None
        if found.type not in _NUMBERS and node.fold not in (Fold.SMALLEST, Fold.LARGEST):
            self._report(Problem(node.place, "wrong-type", f"{node.fold} needs a number, and {node.field} is {found.type}"))
            return None
        rows = Rows(rows.event, rows.filter, frozenset(scope.joined))
        label = sql.slug(str(node.fold).removesuffix("_of"), node.field, called(node.query))
        if node.fold is Fold.MEDIAN:
            return Typed(self._median(rows, column, label), ColumnType.DECIMAL)
        if node.fold is Fold.AVERAGE:
            total = self._folded(rows, sql.slug("total", node.field, called(node.query)), exp.Sum(this=column))
            count = self._folded(rows, sql.slug("known", node.field, called(node.query)), exp.Count(this=column.copy()))
            return Typed(sql.quotient(total, count), ColumnType.DECIMAL)
        value = self._folded(rows, label, _FOLDS[node.fold](this=column))
        whole = exp.Coalesce(this=value, expressions=[sql.number(0)]) if node.fold is Fold.TOTAL else value
        return Typed(whole, found.type, never_null=node.fold is Fold.TOTAL)

    def _median(self, rows: Rows, column: exp.Expr, label: str) -> exp.Column:
        """A median holds all its values, so it takes a filtered pass of its own."""
        select = self.scans.from_events(rows.event.source, rows.joined)
        if rows.filter is not None:
            select = select.where(rows.filter, copy=False)
        owner = self.scans.subject.table or rows.event.source
        median = sql.call("median", exp.cast(column, "double", dialect=sql.DIALECT))
        select = select.select(sql.aliased(sql.rounded(median), "median"), copy=False)
        return sql.col("median", self.scans.own(label, select.group_by(sql.col(self.scans.subject.key, owner), copy=False)))


def _sum(parts: list[exp.Expr]) -> exp.Expr:
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total if len(parts) == 1 else exp.Paren(this=total)
