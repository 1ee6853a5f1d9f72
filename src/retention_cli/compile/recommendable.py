"""What recommendations stand on: the shop's products, who bought which, and who looked at which, under names of their own.

A shop calls its sources as it likes; `journey/queries/recommend_*.sql` read these three. Products are the rows that `buy_item` or a
look (`view_item`, `page_view`, `add_to_cart`) names by its lookup. What a source does not tell is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from retention_cli.compile.schema import EventTable, Schema

PRODUCTS, BOUGHT, VIEWED = "recommend_products", "recommend_bought", "recommend_viewed"
BUYS, LOOKS = ("buy_item",), ("view_item", "page_view", "add_to_cart")
_NUMBER = "decimal(38, 4)"


def recommendable(schema: Schema) -> Mapping[str, sql.Query] | None:
    """Return the three tables as queries by name; None where nobody's events name a product."""
    bought, viewed = list(_tables(schema, BUYS)), list(_tables(schema, LOOKS))
    products = _looked_up(schema)
    if products is None:
        return None
    return {
        PRODUCTS: sql.Query(_products(schema, products), {}),
        BOUGHT: sql.Query(_together(_bought(schema, event) for event in bought if schema.lookup(event.source) == products), {}),
        VIEWED: sql.Query(_together(_viewed(schema, event) for event in viewed if schema.lookup(event.source) == products), {}),
    }


def recommendable_columns(schema: Schema) -> Collection[str] | None:
    """Return the columns of a product that can be recommended, None where nothing can."""
    products = _looked_up(schema)
    return None if products is None else schema.columns(products).keys()


def _looked_up(schema: Schema) -> str | None:
    """Return the source of the products: what the first of these events looks things up in."""
    return next((schema.lookup(event.source) for event in _tables(schema, (*BUYS, *LOOKS))), None)


def _tables(schema: Schema, events: Iterable[str]) -> Iterator[EventTable]:
    """Yield the tables of events whose rows name a product."""
    for table in (table for event in events for table in schema.events.get(event, ())):
        lookup = schema.lookup(table.source)
        if lookup is not None and schema.key(lookup) in schema.columns(table.source):
            yield table


def _products(schema: Schema, source: str) -> exp.Select:
    columns, key = schema.columns(source), schema.key(source) or ""
    row = [part for name in columns if name != key for part in (exp.Literal.string(name), sql.col(name, source))]
    item = sql.call("json_object", exp.Literal.string("product_id"), sql.col(key, source), *row)
    return _select(
        source,
        product_id=_cast(sql.col(key, source), "varchar"),
        category=_maybe(schema, source, "category", "varchar"),
        price=_maybe(schema, source, "price", _NUMBER),
        stock=_maybe(schema, source, "stock", _NUMBER),
        added_at=_maybe(schema, source, "added_at", "timestamp"),
        consumption_days=_maybe(schema, source, "consumption_days", "bigint"),
        item=_cast(item, "varchar"),
    )


def _bought(schema: Schema, event: EventTable) -> exp.Select:
    parent = schema.parent(event.source)
    order = schema.key(parent) if parent is not None else None
    told = _select(
        event.source,
        customer_id=sql.col(CUSTOMER, event.source),
        product_id=_product(schema, event.source),
        order_id=_maybe(schema, event.source, order or "order_id", "varchar"),
        at=sql.col(schema.time(event.source) or "", event.source),
        quantity=exp.Coalesce(this=_maybe(schema, event.source, "quantity", _NUMBER), expressions=[sql.number(1)]),
    )
    return _of_event(told, event)


def _viewed(schema: Schema, event: EventTable) -> exp.Select:
    time = sql.col(schema.time(event.source) or "", event.source)
    return _of_event(_select(event.source, customer_id=sql.col(CUSTOMER, event.source), product_id=_product(schema, event.source), at=time), event)


def _product(schema: Schema, source: str) -> exp.Expr:
    return _cast(sql.col(schema.key(schema.lookup(source) or "") or "", source), "varchar")


def _of_event(select: exp.Select, event: EventTable) -> exp.Select:
    """Keep the rows of the event alone; its name is one that the export's rows have."""
    if event.column is None:
        return select
    return select.where(exp.EQ(this=sql.col(event.column, event.source), expression=exp.Literal.string(event.event)), copy=False)


def _together(selects: Iterable[exp.Select]) -> exp.Query:
    parts: list[exp.Query] = list(selects)
    if not parts:
        empty = {"customer_id": "varchar", "product_id": "varchar", "order_id": "varchar", "at": "timestamp", "quantity": _NUMBER}
        return exp.Select().select(*(sql.aliased(_cast(exp.Null(), kind), name) for name, kind in empty.items()), copy=False).limit(0, copy=False)
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    return whole


def _select(source: str, **columns: exp.Expr) -> exp.Select:
    told = [sql.aliased(value, name) for name, value in columns.items()]
    return exp.Select().select(*told, copy=False).from_(sql.table(source), copy=False)


def _maybe(schema: Schema, source: str, column: str, kind: str) -> exp.Expr:
    """Return a column as a type, a missing value where the source has none of that name."""
    return _cast(sql.col(column, source) if column in schema.columns(source) else exp.Null(), kind)


def _cast(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.cast(value, kind, dialect=sql.DIALECT)
