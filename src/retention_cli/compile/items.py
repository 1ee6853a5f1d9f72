"""The things a journey is about: the products of the cart that began it, as a JSON list for templates.

The rows are those of the trigger's own event, by the same customer, in the same cart (or, where events have no cart, of the
same product), up to the entry; each product once, the latest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER, EventTable, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

CART, QUANTITY = "cart_id", "quantity"


def items_query(schema: Schema, events: Sequence[EventTable], campaign: int) -> sql.Query | None:
    """Return (subject, items) for the subjects of a campaign; None where the event names no product."""
    for event in events:
        lookup = schema.lookup(event.source)
        key = schema.key(lookup) if lookup else None
        if lookup is not None and key is not None and key in schema.columns(event.source):
            return _items(schema, event, lookup, key, campaign)
    return None


def _items(schema: Schema, event: EventTable, lookup: str, key: str, campaign: int) -> sql.Query:
    values = sql.Values()
    lines = exp.Subquery(this=_lines(schema, event, key, campaign, values), alias=exp.TableAlias(this=sql.name("lines")))
    parts: list[exp.Expr] = [exp.Literal.string(key), sql.col(key, "lines"), exp.Literal.string("quantity"), sql.col("quantity", "lines")]
    for column in schema.columns(lookup).values():
        if column.name != key:
            parts += [exp.Literal.string(column.name), sql.col(column.name, lookup)]
    latest = exp.Order(
        this=sql.call("json_object", *parts), expressions=[exp.Ordered(this=sql.col("at", "lines"), desc=True, nulls_first=False), _by(key)]
    )
    whole = exp.cast(sql.call("to_json", exp.ArrayAgg(this=latest)), "varchar", dialect=sql.DIALECT)
    on = exp.EQ(this=sql.col(key, lookup), expression=sql.col(key, "lines"))
    select = exp.Select().select(sql.col("subject", "lines"), sql.aliased(whole, "items"), copy=False).from_(lines, copy=False)
    return sql.finished(select.join(sql.table(lookup), on=on, copy=False).group_by(sql.col("subject", "lines"), copy=False), values)


def _by(key: str) -> exp.Expr:
    return exp.Ordered(this=sql.col(key, "lines"), nulls_first=False)


def _lines(schema: Schema, event: EventTable, key: str, campaign: int, values: sql.Values) -> exp.Select:
    """Select each subject's products: how many and when last."""
    source = event.source
    threads = [CART, key] if CART in schema.columns(source) else [key]
    here = sql.first_there([exp.cast(sql.col(thread, source), "varchar", dialect=sql.DIALECT) for thread in threads])
    began = sql.first_there([sql.json_text(sql.col("trigger", "subjects"), thread) for thread in threads])
    time = sql.col(schema.time(source) or "", source)
    conditions: list[exp.Expr | None] = [
        exp.EQ(this=sql.col(CUSTOMER, source), expression=sql.col(CUSTOMER, "subjects")),
        exp.EQ(this=here, expression=began),
        exp.LTE(this=time, expression=sql.col("entered_at", "subjects")),
    ]
    if event.column is not None:
        conditions.append(exp.EQ(this=sql.col(event.column, source), expression=values.bind(event.event, "event")))
    counted = sql.aliased(_quantity(schema, source), "quantity")
    select = exp.Select().select(
        sql.col("subject", "subjects"), sql.col(key, source), counted, sql.aliased(exp.Max(this=time.copy()), "at"), copy=False
    )
    select = select.from_(sql.table("subjects"), copy=False).join(sql.table(source), on=sql.both(conditions), copy=False)
    wanted = exp.EQ(this=sql.col("campaign", "subjects"), expression=sql.number(campaign))
    return select.where(wanted, sql.col("is_new", "subjects"), copy=False).group_by(sql.col("subject", "subjects"), sql.col(key, source), copy=False)


def _quantity(schema: Schema, source: str) -> exp.Expr:
    """Return how many pieces the rows of one product stand for: their own quantity where they have one, else a piece a row."""
    if QUANTITY not in schema.columns(source):
        return exp.Count(this=exp.Star())
    return exp.Sum(this=exp.Coalesce(this=sql.col(QUANTITY, source), expressions=[sql.number(1)]))
