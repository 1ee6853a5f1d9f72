"""Numbers made of events: totals, averages, medians, extremes, and the first or latest value of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.counts import needs_own_pass
from retention_cli.compile.events import Rows
from retention_cli.compile.labels import called
from retention_cli.compile.passes import Pass
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import Fold
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.counts import Counts
    from retention_cli.compile.events import Events
    from retention_cli.model.condition import Total

_NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)
_AS_IT_IS = (Fold.FIRST, Fold.LATEST)
_ORDERED = (*_AS_IT_IS, Fold.SMALLEST, Fold.LARGEST)
_SIMPLE: dict[Fold, type[exp.AggFunc]] = {Fold.TOTAL: exp.Sum, Fold.SMALLEST: exp.Min, Fold.LARGEST: exp.Max}


def fold(events: Events, counts: Counts, node: Total) -> Typed | None:
    """Return a fold: totals and counts of nothing are 0, every other fold of nothing is missing."""
    if node.fold is Fold.COUNT:
        return counts.count(node.query)
    rows = events.rows(node.query)
    if not rows or node.field is None:
        return None
    kind = _type(events, node, rows)
    if kind is None:
        return None
    apart = needs_own_pass(node.query) or len(rows) > 1 or node.fold is Fold.MEDIAN
    return _apart(events, node, kind) if apart else _shared(events, counts, node, rows[0])


def _type(events: Events, node: Total, rows: list[Rows]) -> ColumnType | None:
    """Return the type of the column that is folded; where it has none, or one that cannot be, that is reported."""
    tables = [each.event for each in rows]
    name = node.field or ""
    found = events.typed(events.scope(rows[0].event.source, tables, None, [name]), name, node.place)
    if found is None:
        return None
    if found.type not in _NUMBERS and node.fold not in _ORDERED:
        events.tests.report(Problem(node.place, "wrong-type", f"{node.fold} needs a number, and {name} is {found.type}"))
        return None
    return found.type


def _shared(events: Events, counts: Counts, node: Total, rows: Rows) -> Typed | None:
    scope = events.scope(rows.event.source, [rows.event], None)
    scope.joined.update(rows.joined)
    found = events.typed(scope, node.field or "", node.place)
    if found is None:
        return None
    column, words = found.expression, called(node.query)
    rows = Rows(rows.event, rows.filter, frozenset(scope.joined))
    label = sql.slug(str(node.fold).removesuffix("_of"), node.field, words)
    if node.fold is Fold.AVERAGE:
        total = counts.folded(rows, sql.slug("total", node.field, words), exp.Sum(this=column))
        known = counts.folded(rows, sql.slug("known", node.field, words), exp.Count(this=column.copy()))
        return Typed(sql.quotient(total, known), ColumnType.DECIMAL)
    if node.fold in _AS_IT_IS:
        time = events.time(rows.event.source)
        return None if time is None else Typed(counts.folded(rows, label, _at_the_end(node.fold, found, time)), found.type)
    value = counts.folded(rows, label, _SIMPLE[node.fold](this=column))
    return _finished(node, value, found.type)


def _finished(node: Total, value: exp.Expr, kind: ColumnType) -> Typed:
    whole = exp.Coalesce(this=value, expressions=[sql.number(0)]) if node.fold is Fold.TOTAL else value
    return Typed(whole, kind, never_null=node.fold is Fold.TOTAL)


def _apart(events: Events, node: Total, kind: ColumnType) -> Typed | None:
    aggregate = _happened_at(node.fold, kind) if node.fold in _AS_IT_IS else _AGGREGATES[node.fold]
    found = Pass(events, node.query, sql.slug(str(node.fold).removesuffix("_of"), node.field), node.field, node.place).folded(aggregate)
    if found is None:
        return None
    return _finished(node, found, ColumnType.DECIMAL if node.fold in (Fold.AVERAGE, Fold.MEDIAN) else kind)


def _at_the_end(which: Fold, column: Typed, time: exp.Expr) -> exp.Expr:
    """Return the column in the first or the latest row that has one.

    Of several at one time it is the smallest or the largest value, and of true and false always false: who takes back in the
    same second what was allowed has taken it back.
    """
    last = which is Fold.LATEST
    tie = sql.negated(column.copied()) if last and column.type is ColumnType.BOOLEAN else column.copied()
    return sql.call("arg_max" if last else "arg_min", column.copied(), sql.call("row", time, tie))


def _median(value: exp.Expr) -> exp.Expr:
    return sql.rounded(sql.call("median", exp.cast(value, "double", dialect=sql.DIALECT)))


def _average(value: exp.Expr) -> exp.Expr:
    return sql.quotient(exp.Sum(this=value), exp.Count(this=value.copy()))


def _happened_at(which: Fold, kind: ColumnType) -> Callable[[exp.Expr], exp.Expr]:
    return lambda value: _at_the_end(which, Typed(value, kind), sql.col("at", "happened"))


_AGGREGATES: dict[Fold, Callable[[exp.Expr], exp.Expr]] = {
    Fold.TOTAL: lambda value: exp.Sum(this=value),
    Fold.AVERAGE: _average,
    Fold.MEDIAN: _median,
    Fold.SMALLEST: lambda value: exp.Min(this=value),
    Fold.LARGEST: lambda value: exp.Max(this=value),
}
