"""The things a journey is about, as a JSON list for templates: the products of the cart that began it, or of the order.

A cart's rows are those of the trigger's own event, by the same customer, in the same cart (or, where events have no cart, of the
same product), up to the entry; an order's are its children. Each product once, the latest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER, EventTable, Schema
from retention_cli.model.trigger import Changes, Happened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.model.trigger import Trigger

CART, QUANTITY = "cart_id", "quantity"


def items_query(schema: Schema, events: Sequence[EventTable], campaign: int) -> sql.Query | None:
    """Return (subject, items) for the subjects of a campaign; None where neither the event nor a child of it names a product."""
    for event in events:
        ways: list[_OfEvent | _OfParent] = [_OfEvent(schema, event), *_children(schema, event.source)]
        for rows in ways:
            lookup = schema.lookup(rows.source)
            key = schema.key(lookup) if lookup else None
            if lookup is not None and key is not None and key in schema.columns(rows.source):
                return _items(schema, rows, lookup, key, campaign)
    return None


def trigger_events(schema: Schema, trigger: Trigger) -> list[EventTable]:
    """Return whose rows begin a journey and may name products; none for a trigger that is about no row."""
    if isinstance(trigger, Happened):
        return [table for event in trigger.query.events for table in schema.tables_of(str(event))]
    if isinstance(trigger, Changes) and schema.time(str(trigger.changes.of)) is not None:
        return [EventTable(str(trigger.changes.of), str(trigger.changes.of))]
    return []


@dataclass(frozen=True, slots=True)
class _OfEvent:
    """Rows of the trigger's own event."""

    schema: Schema
    event: EventTable

    @property
    def source(self) -> str:
        return self.event.source

    def conditions(self, key: str, values: sql.Values) -> list[exp.Expr]:
        """Return which rows are of the subject's cart, or of its product."""
        source = self.source
        threads = [CART, key] if CART in self.schema.columns(source) else [key]
        here = sql.first_there([exp.cast(sql.col(thread, source), "varchar", dialect=sql.DIALECT) for thread in threads])
        began = sql.first_there([sql.json_text(sql.col("trigger", "subjects"), thread) for thread in threads])
        time = sql.col(self.schema.time(source) or "", source)
        found: list[exp.Expr] = [exp.EQ(this=here, expression=began), exp.LTE(this=time, expression=sql.col("entered_at", "subjects"))]
        if self.event.column is not None:
            found.append(exp.EQ(this=sql.col(self.event.column, source), expression=values.bind(self.event.event, "event")))
        return found


@dataclass(frozen=True, slots=True)
class _OfParent:
    """Rows that are children of the trigger's row."""

    source: str
    parent_key: str

    def conditions(self, key: str, values: sql.Values) -> list[exp.Expr]:  # noqa: ARG002 - as the event's own rows
        """Return which rows belong to the subject's row."""
        here = exp.cast(sql.col(self.parent_key, self.source), "varchar", dialect=sql.DIALECT)
        return [exp.EQ(this=here, expression=sql.json_text(sql.col("trigger", "subjects"), self.parent_key))]


def _children(schema: Schema, source: str) -> Iterator[_OfParent]:
    key = schema.key(source)
    if key is not None:
        yield from (_OfParent(child, key) for child in schema.sources if schema.parent(child) == source and key in schema.columns(child))


def _items(schema: Schema, rows: _OfEvent | _OfParent, lookup: str, key: str, campaign: int) -> sql.Query:
    values = sql.Values()
    lines = exp.Subquery(this=_lines(schema, rows, key, campaign, values), alias=exp.TableAlias(this=sql.name("lines")))
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


def _lines(schema: Schema, rows: _OfEvent | _OfParent, key: str, campaign: int, values: sql.Values) -> exp.Select:
    """Select each subject's products: how many and when last."""
    source = rows.source
    time = sql.col(schema.time(source) or "", source)
    whose = exp.EQ(this=sql.col(CUSTOMER, source), expression=sql.col(CUSTOMER, "subjects"))
    conditions: list[exp.Expr | None] = [whose, *rows.conditions(key, values)]
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
