"""Every buyer's purchases in a row, as the models of repeat buying want them; also the shop's rhythm.

Orders of one day, by the shop's clock, are one purchase: two within hours are one shopping, not a rhythm. The first purchase
is where a customer's history begins; what comes behind it are the repeats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER

if TYPE_CHECKING:
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable

Q = TypeVar("Q", bound=exp.Query)

PURCHASES = "purchases"
SECONDS_A_DAY = 86_400
TOTAL = "total"


def purchases(scans: Scans, order: EventTable) -> str:
    """Give the purchases a CTE and return its name: customer_id, repeats, recency_days, age_days, repeat_value.

    `recency_days` is from the first purchase to the last, `age_days` from the first to as_of; `repeat_value` is the mean
    of the repeat purchases in the shop's currency (null without one, or where orders have no total).
    """
    days = exp.Subquery(this=_days(scans, order), alias=exp.TableAlias(this=sql.name("days")))
    value, first, last = sql.col("value"), exp.Min(this=sql.col("day")), exp.Max(this=sql.col("day"))
    repeats = exp.Sub(this=exp.Count(this=exp.Star()), expression=sql.number(1))
    later = exp.Paren(this=exp.Sub(this=exp.Sum(this=value), expression=sql.call("arg_min", value.copy(), sql.col("day"))))
    today = scans.values.bind(scans.moment.today, "today")
    select = exp.Select().select(
        sql.col(CUSTOMER),
        sql.aliased(repeats, "repeats"),
        sql.aliased(_between(first, last), "recency_days"),
        sql.aliased(_between(first.copy(), today), "age_days"),
        sql.aliased(_mean(later, repeats.copy()), "repeat_value"),
        copy=False,
    )
    return scans.own(PURCHASES, select.from_(days, copy=False).group_by(sql.col(CUSTOMER), copy=False), attach=False)


def _mean(total: exp.Expr, count: exp.Expr) -> exp.Expr:
    """Return the mean as a binary fraction; sums stay decimal up to here, so that they are the same in whatever order they are added."""
    whole = exp.cast(total, "double", dialect=sql.DIALECT)
    return exp.Div(this=whole, expression=exp.Nullif(this=exp.Paren(this=count), expression=sql.number(0)))


def over_purchases(query: Q, name: str) -> Q:
    """Return a query over the table `purchases` as one over the CTE of that name."""
    found: Q = query.copy()
    for table in list(found.find_all(exp.Table)):
        if table.name == PURCHASES:
            table.replace(sql.table(name, table.alias or None))
    return found


def _days(scans: Scans, order: EventTable) -> exp.Select:
    """Select each customer's days with an order up to as_of, and what was paid on them."""
    time = sql.col(scans.schema.time(order.source) or "", order.source)
    paid: exp.Expr = exp.cast(exp.Null(), "double", dialect=sql.DIALECT)
    if TOTAL in scans.schema.columns(order.source):
        paid = exp.Sum(this=sql.col(TOTAL, order.source))
    select = everybodys(scans, order).select(
        sql.col(CUSTOMER, order.source),
        sql.aliased(scans.moment.local_day(time, scans.values), "day"),
        sql.aliased(paid, "value"),
        copy=False,
    )
    if scans.subject.table is not None:
        wanted = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(scans.subject.table), copy=False)
        select = select.where(exp.In(this=sql.col(CUSTOMER, order.source), query=exp.Subquery(this=wanted)), copy=False)
    return select.group_by(sql.number(1), sql.number(2), copy=False)


def everybodys(scans: Scans, order: EventTable) -> exp.Select:
    """Return `FROM orders` up to as_of of all customers, whomever the plan asks about; the caller adds what it selects."""
    select = exp.Select().from_(sql.table(order.source), copy=False).where(scans.until_now(order.source), copy=False)
    return select if order.column is None else select.where(scans.named(order.source, {order.event}), copy=False)


def _between(first: exp.Expr, last: exp.Expr) -> exp.Expr:
    return sql.call("date_diff", exp.Literal.string("day"), first, last)


def shop_gap(scans: Scans, order: EventTable) -> exp.Expr:
    """Return the shop's median gap in days: the median of the customers' own median gaps, as a scalar query."""
    time = sql.col(scans.schema.time(order.source) or "", order.source)
    select = everybodys(scans, order).select(
        sql.col(CUSTOMER, order.source), sql.aliased(gap_before(time, CUSTOMER, order.source), "gap"), copy=False
    )
    gaps = exp.Subquery(this=select, alias=exp.TableAlias(this=sql.name("gaps")))
    own = exp.Select().select(sql.aliased(sql.call("median", sql.col("gap")), "gap"), copy=False).from_(gaps, copy=False)
    medians = exp.Subquery(this=own.group_by(sql.col(CUSTOMER), copy=False), alias=exp.TableAlias(this=sql.name("customers_gaps")))
    shop = exp.Select().select(sql.aliased(sql.call("median", sql.col("gap")), "gap"), copy=False).from_(medians, copy=False)
    name = scans.own("shop_gap", shop, attach=False)
    return exp.Subquery(this=exp.Select().select(sql.col("gap"), copy=False).from_(sql.table(name), copy=False))


def gap_before(time: exp.Column, key: str, owner: str) -> exp.Expr:
    """Return the days, with fractions, since the same one's order before; null at the first."""
    over = exp.Window(
        this=sql.call("lag", time),
        partition_by=[sql.col(key, owner)],
        order=exp.Order(expressions=[exp.Ordered(this=time.copy(), nulls_first=False)]),
    )
    return exp.Div(this=sql.call("epoch", exp.Paren(this=exp.Sub(this=time.copy(), expression=over))), expression=sql.number(SECONDS_A_DAY))
