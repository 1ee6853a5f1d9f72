"""The built-in metrics: numbers about a customer from the events called `order`.

Formula, unit and missing value of each stand in docs/reference/metrics.md and in `model.metric.BUILT_IN`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.derived import COLUMNS, derived
from retention_cli.compile.operators import Typed
from retention_cli.compile.purchases import SECONDS_A_DAY, gap_before, shop_gap
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable

PRIOR_GAPS = 3
"""How many gaps of a customer's own weigh as much as the shop's rhythm."""


def built_in(name: str, scans: Scans) -> Typed | None:
    """Return a built-in metric, None where the sources it needs are not there."""
    tables = scans.schema.tables_of("order")
    return _FORMULAS[name](scans, tables[0]) if name in _FORMULAS and tables else None


def _time(scans: Scans, order: EventTable) -> exp.Column:
    return sql.col(scans.schema.time(order.source) or "", order.source)


def _only(order: EventTable, scans: Scans, aggregate: exp.Expr) -> exp.Expr:
    """Restrict an aggregate to the orders where the table holds other events too."""
    if order.column is None:
        return aggregate
    named = exp.EQ(this=sql.col(order.column, order.source), expression=scans.values.bind(order.event, order.event))
    return exp.Filter(this=aggregate, expression=exp.Where(this=named))


def _count(scans: Scans, order: EventTable) -> exp.Column:
    return scans.feature(order, "orders_count", _only(order, scans, exp.Count(this=exp.Star())))


def _total(scans: Scans, order: EventTable) -> exp.Column | None:
    if "total" not in scans.schema.columns(order.source):
        return None
    return scans.feature(order, "total_spent", _only(order, scans, exp.Sum(this=sql.col("total", order.source))))


def _orders_count(scans: Scans, order: EventTable) -> Typed:
    return Typed(exp.Coalesce(this=_count(scans, order), expressions=[sql.number(0)]), ColumnType.INTEGER, never_null=True)


def _total_spent(scans: Scans, order: EventTable) -> Typed | None:
    total = _total(scans, order)
    return None if total is None else Typed(exp.Coalesce(this=total, expressions=[sql.number(0)]), ColumnType.DECIMAL, never_null=True)


def _average_order_value(scans: Scans, order: EventTable) -> Typed | None:
    total = _total(scans, order)
    return None if total is None else Typed(sql.quotient(total, _count(scans, order)), ColumnType.DECIMAL)


def _first_order_at(scans: Scans, order: EventTable) -> Typed:
    return Typed(scans.feature(order, "first_order_at", _only(order, scans, exp.Min(this=_time(scans, order)))), ColumnType.TIME)


def _last_order_at(scans: Scans, order: EventTable) -> Typed:
    return Typed(scans.feature(order, "last_order_at", _only(order, scans, exp.Max(this=_time(scans, order)))), ColumnType.TIME)


def _days_since_last_order(scans: Scans, order: EventTable) -> Typed:
    last = _last_order_at(scans, order).expression
    days = sql.call("date_sub", exp.Literal.string("day"), last, scans.values.bind(scans.moment.instant, "as_of"))
    return Typed(days, ColumnType.INTEGER)


def _days_between_orders(scans: Scans, order: EventTable) -> Typed:
    """Median gap between neighbouring orders, in days: a pass of its own, for a gap needs its neighbour."""
    key, owner = scans.subject.key, scans.subject.table or order.source
    gap = gap_before(_time(scans, order), key, owner)
    select = scans.from_events(order.source)
    if order.column is not None:
        select = select.where(scans.named(order.source, {order.event}), copy=False)
    gaps = exp.Subquery(this=select.select(sql.aliased(gap, "gap"), copy=False), alias=exp.TableAlias(this=sql.name("gaps")))
    median = exp.Select().select(sql.col(key), sql.aliased(sql.rounded(sql.call("median", sql.col("gap"))), "days_between_orders"), copy=False)
    name = scans.own("order_gaps", median.from_(gaps, copy=False).group_by(sql.col(key), copy=False))
    return Typed(sql.col("days_between_orders", name), ColumnType.DECIMAL)


def _next_order_due(scans: Scans, order: EventTable) -> Typed:
    """Last order + gap, the customer's own median shrunk to the shop's: (n·own + k·shop) / (n + k) with n own gaps."""
    last, own, shop = _last_order_at(scans, order).expression, _days_between_orders(scans, order).expression, shop_gap(scans, order)
    gaps = exp.Sub(this=_count(scans, order), expression=sql.number(1))
    weighed = exp.Add(
        this=exp.Mul(this=exp.Paren(this=gaps), expression=exp.Coalesce(this=own, expressions=[sql.number(0)])),
        expression=exp.Mul(this=sql.number(PRIOR_GAPS), expression=shop),
    )
    days = exp.Div(this=exp.Paren(this=weighed), expression=exp.Paren(this=exp.Add(this=gaps.copy(), expression=sql.number(PRIOR_GAPS))))
    seconds = sql.call("round", exp.Mul(this=exp.Paren(this=days), expression=sql.number(SECONDS_A_DAY)))
    return Typed(exp.Add(this=last, expression=sql.call("to_seconds", exp.cast(seconds, "bigint", dialect=sql.DIALECT))), ColumnType.TIME)


_FORMULAS: dict[str, Callable[[Scans, EventTable], Typed | None]] = {
    "orders_count": _orders_count,
    "total_spent": _total_spent,
    "average_order_value": _average_order_value,
    "first_order_at": _first_order_at,
    "last_order_at": _last_order_at,
    "days_since_last_order": _days_since_last_order,
    "days_between_orders": _days_between_orders,
    "next_order_due": _next_order_due,
    **{name: partial(derived, name) for name in COLUMNS},
}
