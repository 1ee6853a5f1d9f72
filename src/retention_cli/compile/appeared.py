"""What is another than at the last run: values that changed, products that are there again or cheaper.

The snapshot that the last run stood on is the table `SOURCE@before`; it is empty where there was none, and then nothing has
changed. Rows are met by their source's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.events import PRODUCTS_BY
from retention_cli.compile.rows import RowScope, row_condition
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE
from retention_cli.model.condition import FieldTest
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op, Test
from retention_cli.model.source import ColumnType
from retention_cli.model.trigger import Restocked
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.trigger import Change, PriceDropped
    from retention_cli.model.word import Word

STOCK, PRICE = "stock", "price"
_NUMBERS = {ColumnType.INTEGER, ColumnType.DECIMAL}
_PERCENT = 100


def before(source: str) -> str:
    """Return what the last run's snapshot of a source is called; no source can be called so."""
    return f"{source}@before"


def changes_query(compiler: Compiler, change: Change, snapshot: str) -> sql.Query | None:
    """Return (customer_id, occurrence, holds_at, facts) of the rows whose value changed as asked; None where it cannot be asked."""
    source = str(change.of)
    if not _can_change(compiler, change):
        return None
    schema = compiler.schema
    key, field = schema.key(source) or CUSTOMER, str(change.field)
    now, then = sql.col(field, source), sql.col(field, before(source))
    conditions: list[exp.Expr | None] = [exp.NullSafeNEQ(this=now, expression=then)]
    conditions += [_is_any(compiler, source, change.field, change.to), _of_before(_is_any(compiler, source, change.field, change.from_), source)]
    occurrence = sql.call("concat_ws", exp.Literal.string("|"), _text(sql.col(key, source)), _text(now), compiler.values.bind(snapshot, "snapshot"))
    facts = _object([*_row(compiler, source), exp.Literal.string("from"), _text(then), exp.Literal.string("to"), _text(now)])
    select = exp.Select().select(
        sql.col(CUSTOMER, source),
        sql.aliased(occurrence, OCCURRENCE),
        sql.aliased(compiler.values.bind(compiler.moment.instant, "as_of"), HOLDS_AT),
        sql.aliased(_text(facts), FACTS),
        copy=False,
    )
    select = _beside_before(select.from_(sql.table(source), copy=False), source, key)
    return sql.finished(select.where(sql.both(conditions) or sql.true(), copy=False), compiler.values)


def _can_change(compiler: Compiler, change: Change) -> bool:
    schema, source = compiler.schema, str(change.of)
    if source not in schema.sources:
        message, hint = f"there is no source {source!r}", did_you_mean(source, schema.sources)
        compiler.report(Problem(change.of.place, "unknown-source", message, hint))
    elif schema.key(source) is None and source != "customers":
        message = f"the source {source!r} has no key, so that its rows cannot be met again"
        compiler.report(Problem(change.of.place, "no-key", message, "add key: to the source"))
    elif schema.is_known(source) and str(change.field) not in schema.columns(source):
        message, hint = f"the source {source!r} has no column {str(change.field)!r}", did_you_mean(change.field, schema.columns(source))
        compiler.report(Problem(change.field.place, "unknown-column", message, hint))
    elif schema.is_known(source) and CUSTOMER not in schema.columns(source):
        message = f"the rows of {source!r} tell no customer"
        compiler.report(Problem(change.of.place, "no-customer", message, "add customer: to the source"))
    else:
        return schema.is_known(source)
    return False


def _is_any(compiler: Compiler, source: str, field: Word, values: Sequence[Word]) -> exp.Expr | None:
    if not values:
        return None
    test = Test(op=Op.IN, values=tuple(map(str, values)), place=field.place)
    return row_condition(FieldTest(field=str(field), tests=(test,), place=field.place), RowScope(compiler.schema, source), compiler.tests)


def _of_before(condition: exp.Expr | None, source: str) -> exp.Expr | None:
    """Return the same condition over the row as it was."""
    if condition is None:
        return None
    for column in condition.find_all(exp.Column):
        column.set("table", sql.name(before(source)))
    return condition


def products_query(compiler: Compiler, trigger: Restocked | PriceDropped, snapshot: str) -> sql.Query | None:
    """Return (customer_id, occurrence, holds_at, facts): one row a customer with all products of this tick; None where it cannot be asked."""
    interest = trigger.interest
    lookups = {compiler.schema.lookup(table.source) for table in compiler.events.tables(interest.interested)}
    products = next(iter(lookups), None)
    if len(lookups) != 1 or products is None or not _can_appear(compiler, trigger, products):
        _report_lookup(compiler, lookups, interest.interested.place)
        return None
    key = compiler.schema.key(products) or ""
    appeared = compiler.scans.own("appeared", _appeared(compiler, trigger, products, key), attach=False)
    parts: list[exp.Query] = []
    for rows in compiler.events.rows(interest.interested):
        source = rows.event.source
        part = compiler.scans.from_events(source, rows.joined)
        part.set("expressions", [sql.col(CUSTOMER, source), sql.aliased(sql.col(key, source), "product")])
        parts.append(part if rows.filter is None else part.where(rows.filter, copy=False))
    return _by_customer(compiler, parts, appeared, key, snapshot)


def _by_customer(compiler: Compiler, parts: Sequence[exp.Query], appeared: str, key: str, snapshot: str) -> sql.Query:
    union = parts[0]
    for part in parts[1:]:
        union = exp.Union(this=union, expression=part, distinct=True)
    once = exp.Select().select(sql.col(CUSTOMER), sql.col("product"), copy=False)
    once = once.from_(exp.Subquery(this=union, alias=exp.TableAlias(this=sql.name("each_one"))), copy=False).distinct(copy=False)
    interested = exp.Subquery(this=once, alias=exp.TableAlias(this=sql.name("interested")))
    on = exp.EQ(this=sql.col("product", "interested"), expression=sql.col("product", appeared))
    by_product = [exp.Ordered(this=sql.col("product", appeared), nulls_first=False)]
    listed = exp.ArrayAgg(this=exp.Order(this=exp.cast(sql.col(FACTS, appeared), "json", dialect=sql.DIALECT), expressions=by_product))
    first = exp.Min(this=sql.col("product", appeared))
    keys = exp.ArrayAgg(this=exp.Order(this=sql.col("product", appeared), expressions=[each.copy() for each in by_product]))
    told = [exp.Literal.string("products"), listed, exp.Literal.string(PRODUCTS_BY), _object([exp.Literal.string(key), keys])]
    facts = _object([exp.Literal.string(key), first, *told])
    select = exp.Select().select(
        sql.col(CUSTOMER, "interested"),
        sql.aliased(compiler.values.bind(snapshot, "snapshot"), OCCURRENCE),
        sql.aliased(compiler.values.bind(compiler.moment.instant, "as_of"), HOLDS_AT),
        sql.aliased(_text(facts), FACTS),
        copy=False,
    )
    select = select.from_(interested, copy=False).join(sql.table(appeared), on=on, copy=False).group_by(sql.col(CUSTOMER, "interested"), copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def _appeared(compiler: Compiler, trigger: Restocked | PriceDropped, products: str, key: str) -> exp.Select:
    """Select the products that are there again, or cheaper by so many percent."""
    columns = [sql.aliased(sql.col(key, products), "product"), sql.aliased(_text(_object(_row(compiler, products))), FACTS)]
    select = _beside_before(exp.Select().select(*columns, copy=False).from_(sql.table(products), copy=False), products, key)
    if isinstance(trigger, Restocked):
        least = sql.number(trigger.restocked.at_least)
        was = exp.LT(this=exp.Coalesce(this=sql.col(STOCK, before(products)), expressions=[sql.number(0)]), expression=least)
        return select.where(was, exp.GTE(this=sql.col(STOCK, products), expression=least.copy()), copy=False)
    now, then = sql.col(PRICE, products), sql.col(PRICE, before(products))
    most = sql.number(_PERCENT - trigger.price_dropped.at_least)
    cheaper = exp.LTE(this=exp.Mul(this=now, expression=sql.number(_PERCENT)), expression=exp.Mul(this=then, expression=exp.Paren(this=most)))
    return select.where(cheaper, exp.LT(this=now.copy(), expression=then.copy()), copy=False)


def _can_appear(compiler: Compiler, trigger: Restocked | PriceDropped, products: str) -> bool:
    wanted = STOCK if isinstance(trigger, Restocked) else PRICE
    if not compiler.schema.is_known(products):
        return False
    column = compiler.schema.columns(products).get(wanted)
    if column is None or column.type not in _NUMBERS:
        place = trigger.interest.interested.place
        message = f"the source {products!r} has no number {wanted!r}, which this trigger watches"
        compiler.report(Problem(place, "unknown-column", message, f"map it: columns: {{{wanted}: …}}"))
        return False
    return compiler.schema.key(products) is not None


def _report_lookup(compiler: Compiler, lookups: Iterable[str | None], place: object) -> None:
    if None in set(lookups) and not compiler.problems:
        message = "these events tell no product: their source has no lookup"
        compiler.report(Problem(place, "no-lookup", message, "add lookup: products to the source"))  # type: ignore[arg-type]  # a node's place


def _beside_before(select: exp.Select, source: str, key: str) -> exp.Select:
    on = exp.EQ(this=sql.col(key, source), expression=sql.col(key, before(source)))
    return select.join(sql.table(before(source)), on=on, join_type="inner", copy=False)


def _row(compiler: Compiler, source: str) -> list[exp.Expr]:
    scope = RowScope(compiler.schema, source)
    found = [(name, scope.find(name)) for name in sorted(compiler.schema.columns(source))]
    return [part for name, typed in found if typed is not None for part in (exp.Literal.string(name), typed.told())]


def _object(parts: Sequence[exp.Expr]) -> exp.Expr:
    return sql.call("json_object", *parts)


def _text(expression: exp.Expr) -> exp.Expr:
    return exp.cast(expression, "varchar", dialect=sql.DIALECT)
