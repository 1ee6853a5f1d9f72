"""Favourites: the value of a column that a customer's events weigh most for.

Each event weighs what its kind does, halved each half-life of its age; the weights of a value are added up. Of equal weights
the value that comes first in the alphabet wins, so that no run differs from another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import EventQuery
from retention_cli.model.question import Op, Test
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.events import Rows
    from retention_cli.compile.schema import EventTable
    from retention_cli.model.metric import Favourite

VALUE, WEIGHT = "value", "weight"


def favourite(compiler: Compiler, name: str, definition: Favourite) -> Typed | None:
    """Return the favourite; missing for whom no event has a value."""
    found = [(rows, weight) for event, weight in definition.weights for rows in compiler.events.rows(_query(event, definition))]
    tables = [rows.event for rows, _ in found]
    parts = [part for rows, weight in found for part in _weighed(compiler, rows, definition, format(weight, "f"), tables)]
    if not parts or len(parts) < len(found):
        return None
    scope = compiler.events.scope(tables[0].source, tables, None, [definition.of])
    column = scope.find(definition.of)
    kind = ColumnType.TEXT if column is None else column.type
    whole: exp.Query = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    return Typed(sql.col(VALUE, compiler.scans.own(name, _to_subjects(compiler, _ranked(whole, definition.rank)))), kind)


def _query(event: str, definition: Favourite) -> EventQuery:
    return EventQuery(events=(event,), place=getattr(event, "place", definition.place))


def _weighed(compiler: Compiler, rows: Rows, definition: Favourite, weight: str, tables: list[EventTable]) -> Iterator[exp.Select]:
    """Yield the events of one table with their value and weight; nothing where the column is a mistake."""
    source = rows.event.source
    scope = compiler.events.scope(source, tables, None, [definition.of])
    column = compiler.events.typed(scope, definition.of, definition.place)
    time = compiler.events.time(source)
    if column is None or time is None:
        return
    worth: exp.Expr = exp.cast(exp.Literal.number(weight), "double", dialect=sql.DIALECT)
    if definition.half_life is not None:
        worth = exp.Mul(this=worth, expression=_left_of(compiler, time, definition))
    value = column.expression
    select = compiler.scans.rows(source, scope.joined).select(
        sql.col(CUSTOMER, source), sql.aliased(value, VALUE), sql.aliased(worth, WEIGHT), copy=False
    )
    there = compiler.tests.holds(column, Test(op=Op.PRESENT), definition.of)
    yield select.where(*([rows.filter] if rows.filter is not None else []), there, copy=False)


def _left_of(compiler: Compiler, time: exp.Expr, definition: Favourite) -> exp.Expr:
    """Return what is left of an event's weight at its age."""
    assert definition.half_life is not None  # noqa: S101 - the caller asked
    begun = compiler.moment.ago(definition.half_life)
    seconds = sql.number(int((compiler.moment.instant - begun).total_seconds()))
    now = compiler.values.bind(compiler.moment.instant, "as_of")
    age = exp.Div(this=sql.call("epoch", exp.Paren(this=exp.Sub(this=now, expression=time))), expression=seconds)
    return sql.call("pow", exp.Literal.number("0.5"), age)


def _ranked(whole: exp.Query, rank: int) -> exp.Select:
    events = exp.Subquery(this=whole, alias=exp.TableAlias(this=sql.name("weighed")))
    select = exp.Select().select(sql.col(CUSTOMER), sql.col(VALUE), copy=False).from_(events, copy=False)
    select = select.group_by(sql.col(CUSTOMER), sql.col(VALUE), copy=False)
    weights = sql.call("round", exp.Sum(this=sql.col(WEIGHT)), sql.number(9))  # fractions add up differently in another order
    order = [exp.Ordered(this=weights, desc=True, nulls_first=False), exp.Ordered(this=sql.col(VALUE), nulls_first=False)]
    place = exp.Window(this=sql.call("row_number"), partition_by=[sql.col(CUSTOMER)], order=exp.Order(expressions=order))
    select.set("qualify", exp.Qualify(this=exp.EQ(this=place, expression=sql.number(rank))))
    return select


def _to_subjects(compiler: Compiler, ranked: exp.Select) -> exp.Query:
    subject = compiler.subject
    if subject.table is None:
        return ranked
    best = exp.Subquery(this=ranked, alias=exp.TableAlias(this=sql.name("best")))
    on = exp.EQ(this=sql.col(CUSTOMER, "best"), expression=sql.col(CUSTOMER, subject.table))
    select = exp.Select().select(sql.col(subject.key, subject.table), sql.col(VALUE, "best"), copy=False)
    return select.from_(sql.table(subject.table), copy=False).join(best, on=on, join_type="inner", copy=False)
