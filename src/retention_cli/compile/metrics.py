"""The built-in metrics that the language itself cannot say; the others stand in project/standard/metrics.yml.

Formula, unit and missing value of each stand in docs/reference/metrics.md and in `model.metric.BUILT_IN`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.derived import COLUMNS, derived
from retention_cli.compile.purchases import SECONDS_A_DAY, gap_before, shop_gap
from retention_cli.compile.questions import NEXT_QUESTION, next_question
from retention_cli.compile.rows import HAPPENED_AT
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import EventQuery, FieldTest, Fold, Follow, Total
from retention_cli.model.duration import Duration
from retention_cli.model.problem import NOWHERE
from retention_cli.model.question import Op, Test
from retention_cli.model.source import CUSTOMERS, ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable

PRIOR_GAPS = 3
"""How many gaps of a customer's own weigh as much as the shop's rhythm."""


_QUARTER = Duration(90, "day")
_DETRACTED = 10


def built_in(name: str, compiler: Compiler) -> Typed | None:
    """Return a built-in metric, None where the sources it needs are not there."""
    if name not in _OF_ORDERS:
        return _OTHERS[name](compiler)
    tables = compiler.schema.tables_of("order")
    if len(tables) == 1:
        return _OF_ORDERS[name](compiler.scans, tables[0])
    return _OF_ALL_ORDERS[name](compiler) if tables else None


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
    return _days_since(scans, _last_order_at(scans, order))


def _days_since(scans: Scans, last: Typed) -> Typed:
    days = sql.call("date_sub", exp.Literal.string("day"), last.expression, scans.values.bind(scans.moment.instant, "as_of"))
    return Typed(days, ColumnType.INTEGER)


def _days_between_orders(scans: Scans, order: EventTable) -> Typed:
    """Median gap between neighbouring orders, in days: a pass of its own, for a gap needs its neighbour."""
    gap = gap_before(_time(scans, order), sql.col(scans.subject.key, scans.subject.table or order.source))
    return _median_gap(scans, _orders_of(scans, order).select(sql.aliased(gap, "gap"), copy=False))


def _orders_of(scans: Scans, order: EventTable) -> exp.Select:
    select = scans.from_events(order.source)
    return select if order.column is None else select.where(scans.named(order.source, {order.event}), copy=False)


def _median_gap(scans: Scans, found: exp.Select) -> Typed:
    key = scans.subject.key
    gaps = exp.Subquery(this=found, alias=exp.TableAlias(this=sql.name("gaps")))
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


_ALL_ORDERS = EventQuery(events=("order",))


def _all_total(compiler: Compiler) -> Typed | None:
    return compiler.total(Total(fold=Fold.TOTAL, query=_ALL_ORDERS, field="total"))


def _all_average(compiler: Compiler) -> Typed | None:
    total, count = _all_total(compiler), compiler.count(_ALL_ORDERS)
    return None if total is None or count is None else Typed(sql.quotient(total.copied(), count.copied()), ColumnType.DECIMAL)


def _all_at(fold: Fold) -> Callable[[Compiler], Typed | None]:
    return lambda compiler: compiler.total(Total(fold=fold, query=_ALL_ORDERS, field=HAPPENED_AT))


def _days_since_last_of_all(compiler: Compiler) -> Typed | None:
    last = _all_at(Fold.LARGEST)(compiler)
    return None if last is None else _days_since(compiler.scans, last)


def _days_between_all(compiler: Compiler) -> Typed | None:
    """Median gap between neighbouring orders, whatever tables they stand in."""
    scans = compiler.scans
    tables = compiler.schema.tables_of("order")
    parts = [_orders_of(scans, order).select(sql.aliased(_time(scans, order), "at"), copy=False) for order in tables]
    whole: exp.Query = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    key = sql.col(scans.subject.key)
    orders = exp.Subquery(this=whole, alias=exp.TableAlias(this=sql.name("all_orders")))
    select = exp.Select().select(key, sql.aliased(gap_before(sql.col("at"), key.copy()), "gap"), copy=False)
    return _median_gap(scans, select.from_(orders, copy=False))


_OF_ALL_ORDERS: dict[str, Callable[[Compiler], Typed | None]] = {
    "orders_count": lambda compiler: compiler.count(_ALL_ORDERS),
    "total_spent": _all_total,
    "average_order_value": _all_average,
    "first_order_at": _all_at(Fold.SMALLEST),
    "last_order_at": _all_at(Fold.LARGEST),
    "days_since_last_order": _days_since_last_of_all,
    "days_between_orders": _days_between_all,
}
"""The same where orders stand in several tables."""


def _next_order_due(compiler: Compiler) -> Typed | None:
    """Last order + gap, the customer's own median shrunk to the shop's: (n·own + k·shop) / (n + k) with n own gaps."""
    last, own, count = (built_in(name, compiler) for name in ("last_order_at", "days_between_orders", "orders_count"))
    if last is None or own is None or count is None:
        return None
    shop = shop_gap(compiler.scans, compiler.schema.tables_of("order"))
    gaps = exp.Paren(this=exp.Sub(this=count.expression, expression=sql.number(1)))
    weighed = exp.Add(
        this=exp.Mul(this=gaps, expression=exp.Coalesce(this=own.expression, expressions=[sql.number(0)])),
        expression=exp.Mul(this=sql.number(PRIOR_GAPS), expression=shop),
    )
    days = exp.Div(this=exp.Paren(this=weighed), expression=exp.Paren(this=exp.Add(this=gaps.copy(), expression=sql.number(PRIOR_GAPS))))
    seconds = sql.call("round", exp.Mul(this=exp.Paren(this=days), expression=sql.number(SECONDS_A_DAY)))
    due = exp.Add(this=last.expression, expression=sql.call("to_seconds", exp.cast(seconds, "bigint", dialect=sql.DIALECT)))
    return Typed(due, ColumnType.TIME)


def _predicted(name: str) -> Callable[[Compiler], Typed | None]:
    return lambda compiler: derived(name, compiler.scans)


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
    """Pieces where a line says how many, else one a line."""
    tables = compiler.schema.tables_of("buy_item")
    if not any("quantity" in compiler.schema.columns(table.source) for table in tables):
        return compiler.count(EventQuery(events=("buy_item",))) if tables else None
    unsaid = FieldTest(field="quantity", tests=(Test(op=Op.MISSING),))
    pieces = compiler.total(Total(fold=Fold.TOTAL, query=EventQuery(events=("buy_item",)), field="quantity"))
    lines = compiler.count(EventQuery(events=("buy_item",), where=unsaid))
    if pieces is None or lines is None:
        return None
    return Typed(exp.Paren(this=exp.Add(this=pieces.expression, expression=lines.expression)), pieces.type, never_null=True)


def _discount_share(compiler: Compiler) -> Typed | None:
    reduced = FieldTest(field="discount", tests=(Test(op=Op.MORE_THAN, values=("0",)),))
    discounted = compiler.count(EventQuery(events=("order",), where=reduced))
    orders = compiler.field("orders_count", NOWHERE)
    return None if discounted is None or orders is None else Typed(sql.quotient(discounted.copied(), orders.copied()), ColumnType.DECIMAL)


def _rate(event: str) -> Callable[[Compiler], Typed | None]:
    """Of the messages sent in 90 days, the share that this happened to later."""

    def rate(compiler: Compiler) -> Typed | None:
        later = (Follow(events=(event,), same="message"),)
        reached = compiler.count(EventQuery(events=("email_sent",), within=_QUARTER, distinct="message", followed_by=later))
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
    "next_order_due": _next_order_due,
    **{name: _predicted(name) for name in COLUMNS},
    "margin_rate": _margin_rate,
    "days_since_registered": _days_since_registered,
    "age": _age,
    "items_count": _items_count,
    "discount_share": _discount_share,
    "email_open_rate_90d": _rate("email_opened"),
    "email_click_rate_90d": _rate("email_clicked"),
    "nps": _nps,
    NEXT_QUESTION: next_question,
    "rfm_score": _rfm_score,
}

FORMULAS = frozenset((*_OF_ORDERS, *_OTHERS))
"""The metrics that are computed here."""
