"""The built-in metrics that the language itself cannot say; the others stand in project/standard/metrics.yml.

Formula, unit and missing value of each stand in docs/reference/metrics.md and in `model.metric.BUILT_IN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import EventQuery, FieldTest, Fold, Total
from retention_cli.model.duration import Duration
from retention_cli.model.problem import NOWHERE
from retention_cli.model.question import Op, Test
from retention_cli.model.source import CUSTOMERS, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable

SECONDS_A_DAY = 86_400


_QUARTER = Duration(90, "day")
_DETRACTED = 10


def built_in(name: str, compiler: Compiler) -> Typed | None:
    """Return a built-in metric, None where the sources it needs are not there."""
    if name in _OF_ORDERS:
        tables = compiler.schema.tables_of("order")
        return _OF_ORDERS[name](compiler.scans, tables[0]) if tables else None
    return _OTHERS[name](compiler)


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
    time = _time(scans, order)
    over = exp.Window(
        this=sql.call("lag", time),
        partition_by=[sql.col(key, owner)],
        order=exp.Order(expressions=[exp.Ordered(this=time.copy(), nulls_first=False)]),
    )
    gap = exp.Div(this=sql.call("epoch", exp.Paren(this=exp.Sub(this=time.copy(), expression=over))), expression=sql.number(SECONDS_A_DAY))
    select = scans.from_events(order.source)
    if order.column is not None:
        select = select.where(scans.named(order.source, {order.event}), copy=False)
    gaps = exp.Subquery(this=select.select(sql.aliased(gap, "gap"), copy=False), alias=exp.TableAlias(this=sql.name("gaps")))
    median = exp.Select().select(sql.col(key), sql.aliased(sql.rounded(sql.call("median", sql.col("gap"))), "days_between_orders"), copy=False)
    name = scans.own("order_gaps", median.from_(gaps, copy=False).group_by(sql.col(key), copy=False))
    return Typed(sql.col("days_between_orders", name), ColumnType.DECIMAL)


_OF_ORDERS: dict[str, Callable[[Scans, EventTable], Typed | None]] = {
    "orders_count": _orders_count,
    "total_spent": _total_spent,
    "average_order_value": _average_order_value,
    "first_order_at": _first_order_at,
    "last_order_at": _last_order_at,
    "days_since_last_order": _days_since_last_order,
    "days_between_orders": _days_between_orders,
}


def _margin_rate(compiler: Compiler) -> Typed | None:
    margin, spent = (compiler.field(name, NOWHERE) for name in ("total_margin", "total_spent"))
    return None if margin is None or spent is None else Typed(sql.quotient(margin.copied(), spent.copied()), ColumnType.DECIMAL)


def _days_since_registered(compiler: Compiler) -> Typed | None:
    registered = compiler.schema.customer_fields.get("registered_at")
    if registered is None or registered.type not in (ColumnType.TIME, ColumnType.DATE):
        return None
    now: exp.Expr = compiler.values.bind(compiler.moment.instant, "as_of")
    if registered.type is ColumnType.DATE:
        now = compiler.values.bind(compiler.moment.today, "today")
    return Typed(sql.call("date_sub", exp.Literal.string("day"), sql.col("registered_at", CUSTOMERS), now), ColumnType.INTEGER)


def _age(compiler: Compiler) -> Typed | None:
    birthday = compiler.schema.customer_fields.get("birthday")
    if birthday is None or birthday.type is not ColumnType.DATE:
        return None
    today = compiler.values.bind(compiler.moment.today, "today")
    return Typed(sql.call("date_sub", exp.Literal.string("year"), sql.col("birthday", CUSTOMERS), today), ColumnType.INTEGER)


def _items_count(compiler: Compiler) -> Typed | None:
    """Pieces where the lines say how many, else lines."""
    tables = compiler.schema.tables_of("buy_item")
    if not tables:
        return None
    counted = all("quantity" in compiler.schema.columns(table.source) for table in tables)
    fold, column = (Fold.TOTAL, "quantity") if counted else (Fold.COUNT, None)
    return compiler.total(Total(fold=fold, query=EventQuery(events=("buy_item",)), field=column))


def _discount_share(compiler: Compiler) -> Typed | None:
    reduced = FieldTest(field="discount", tests=(Test(op=Op.MORE_THAN, values=("0",)),))
    discounted = compiler.count(EventQuery(events=("order",), where=reduced))
    orders = compiler.field("orders_count", NOWHERE)
    return None if discounted is None or orders is None else Typed(sql.quotient(discounted.copied(), orders.copied()), ColumnType.DECIMAL)


def _rate(event: str) -> Callable[[Compiler], Typed | None]:
    """Of the messages sent in 90 days, the share that this happened to."""

    def rate(compiler: Compiler) -> Typed | None:
        reached = compiler.count(EventQuery(events=(event,), within=_QUARTER, distinct="message"))
        sent = compiler.count(EventQuery(events=("email_sent",), within=_QUARTER, distinct="message"))
        return None if reached is None or sent is None else Typed(sql.quotient(reached.copied(), sent.copied()), ColumnType.DECIMAL)

    return rate


def _nps(compiler: Compiler) -> Typed | None:
    """The latest answer to the question called nps; one that is no whole number from 0 to 10 is none."""
    asked = FieldTest(field="question", tests=(Test(op=Op.IS, values=("nps",)),))
    answer = compiler.total(Total(fold=Fold.LATEST, query=EventQuery(events=("answer",), where=asked), field="answer"))
    if answer is None:
        return None
    number = exp.TryCast(this=answer.expression, to=exp.DataType.build("integer", dialect=sql.DIALECT))
    sound = exp.Between(this=number, low=sql.number(0), high=sql.number(_DETRACTED))
    return Typed(exp.Case(ifs=[exp.If(this=sound, true=number.copy())]), ColumnType.INTEGER)


def _rfm_score(compiler: Compiler) -> Typed | None:
    scores = [compiler.field(f"rfm_{part}", NOWHERE) for part in ("recency", "frequency", "monetary")]
    found = [score.copied() for score in scores if score is not None]
    if len(found) < len(scores):
        return None
    digits = [exp.cast(score, "varchar", dialect=sql.DIALECT) for score in found]
    return Typed(exp.DPipe(this=exp.DPipe(this=digits[0], expression=digits[1]), expression=digits[2]), ColumnType.TEXT)


_OTHERS: dict[str, Callable[[Compiler], Typed | None]] = {
    "margin_rate": _margin_rate,
    "days_since_registered": _days_since_registered,
    "age": _age,
    "items_count": _items_count,
    "discount_share": _discount_share,
    "email_open_rate_90d": _rate("email_opened"),
    "email_click_rate_90d": _rate("email_clicked"),
    "nps": _nps,
    "rfm_score": _rfm_score,
}

FORMULAS = frozenset((*_OF_ORDERS, *_OTHERS))
"""The metrics that are computed here."""
