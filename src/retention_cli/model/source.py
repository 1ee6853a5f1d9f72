"""Sources: the shop's exports, and what their columns are settled to be."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from retention_cli.model.base import Model, Span, Whole
from retention_cli.model.condition import RowConditionField
from retention_cli.model.word import Word


class ColumnType(StrEnum):
    """What a column holds. Ids are text from end to end; money is decimal; a time is kept in UTC without offset."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    LIST = "list"


class Column(Model):
    """A settled column. `name` is ours, `origin` the export's header; `scale` counts a decimal's digits after the point."""

    name: str
    type: ColumnType
    origin: str
    scale: int = 0


class EventColumn(Model):
    """`event: {column: type, names: {open: email_opened}}`: a column names each row's event."""

    column: Word = Field(description="the column that names each row's event")
    names: dict[str, str] = Field(default={}, description="the export's words to ours: open: email_opened")


SHARE_PATTERN = r"^\s*(\d{1,3}(?:\.\d{1,9})?)\s*%\s*$"
_WRITTEN_SHARE = re.compile(SHARE_PATTERN, re.ASCII)
_WHOLE = 100


def percent(text: str) -> Decimal:
    """Read `20%` as 0.2; raise ValueError with a sentence where it is no share."""
    match = _WRITTEN_SHARE.fullmatch(text)
    if match is None or Decimal(match[1]) > _WHOLE:
        raise ValueError(f"{text!r} is not a share; write it like 20%")
    return Decimal(match[1]) / 100


def _percent(value: object) -> object:
    return percent(value) if isinstance(value, str) else value


_SHARE = {"type": "string", "pattern": SHARE_PATTERN, "examples": ["20%"]}

Share = Annotated[Decimal, BeforeValidator(_percent), WithJsonSchema(_SHARE)]
"""A part of a whole, written `20%`; held as 0 to 1."""


class Guard(Model):
    """What an export must look like before a run believes it."""

    max_age: Span | None = Field(default=None, description="the newest row and the file may be no older")
    min_rows: Whole | None = Field(default=None, description="so many rows at least")
    max_shrink: Share | None = Field(default=None, description="so much smaller than last time at most")


class CsvFormat(Model):
    """What is settled about a CSV file beyond its columns."""

    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        default=None, description="what stands between columns; left out: found at the first import"
    )
    date_format: str | None = Field(default=None, description="how dates are written, in the letters of strptime: %d.%m.%Y")


def _event_kind(value: Any) -> str:
    return "event-name" if isinstance(value, str) else "event-column"


EventName = Annotated[
    Annotated[EventColumn, Tag("event-column")] | Annotated[Word, Tag("event-name")],
    Discriminator(_event_kind),
]


class Source(Model):
    """One kind of fact. With `time` its rows are events, with `customer` alone facts, with neither a dimension."""

    name: Word = Word("")
    path: Word = Field(min_length=1, description="the export: a file, a folder or a pattern such as data/orders-*.csv.gz")
    key: Word | None = Field(default=None, description="the column that names a row")
    customer: Word | None = Field(default=None, description="the column that holds the customer's id")
    time: Word | None = Field(default=None, description="the column that says when it happened; makes the rows events")
    timezone: Word | None = Field(default=None, description="the zone of times without an offset; left out: the shop's")
    event: EventName | None = Field(default=None, description="what the events are called, or the column that names them")
    parent: Word | None = Field(default=None, description="the source whose rows these are parts of; gives customer and time")
    lookup: Word | None = Field(default=None, description="the source that describes these rows by its key")
    exclude: RowConditionField | None = Field(default=None, description="rows that do not count: {status: [cancelled, refunded]}")
    columns: dict[str, Word] = Field(default={}, description='our names to the export\'s: {email: "E-mail"}')
    types: dict[str, ColumnType] = Field(default={}, description="types of columns by our name, where they should not be found out")
    csv: CsvFormat = Field(default=CsvFormat(), description="how its CSV files are written")
    guard: Guard = Field(default=Guard(), description="what the export must look like before a run believes it")
    max_bad_rows: Share = Field(default=Decimal("0.01"), description="more rows than this that cannot be read stop a run")
    description: str = Field(default="", description="what it is, in a sentence")


CUSTOMERS, PRODUCTS, ORDERS = "customers", "products", "orders"

KNOWN_TYPES: dict[str, ColumnType] = {
    **dict.fromkeys(("customer_id", "product_id", "order_id", "email", "phone", "postal_code", "cart_id", "session"), ColumnType.TEXT),
    **dict.fromkeys(("total", "margin", "discount", "price", "cost"), ColumnType.DECIMAL),
    **dict.fromkeys(("registered_at", "ordered_at", "occurred_at", "delivered_at"), ColumnType.TIME),
    **dict.fromkeys(("quantity", "stock", "consumption_days"), ColumnType.INTEGER),
    "birthday": ColumnType.DATE,
}
"""Known columns whose type does not depend on what a sample happens to show."""
