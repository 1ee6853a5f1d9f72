"""Sources: the shop's exports, and what their columns are settled to be."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from retention_cli.model.base import Model, Span
from retention_cli.model.condition import ConditionField
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

    column: Word
    names: dict[str, str] = {}


def _percent(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text.endswith("%"):
        message = f"{text!r} is not a share; write it like 20%"
        raise ValueError(message)
    return Decimal(text[:-1].strip()) / 100


Share = Annotated[Decimal, BeforeValidator(_percent), Field(ge=0, le=1, json_schema_extra={"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"})]


class Guard(Model):
    """What an export must look like before a run believes it."""

    max_age: Span | None = None
    min_rows: int | None = Field(default=None, ge=0)
    max_shrink: Share | None = None


class CsvFormat(Model):
    """What is settled about a CSV file beyond its columns."""

    delimiter: Literal[",", ";", "\t", "|"] | None = None
    date_format: str | None = None


class Source(Model):
    """One kind of fact. With `time` its rows are events, with `customer` alone facts, with neither a dimension."""

    name: Word = Word("")
    path: Word
    key: Word | None = None
    customer: Word | None = None
    time: Word | None = None
    timezone: str | None = None
    event: EventColumn | Word | None = None
    parent: Word | None = None
    lookup: Word | None = None
    exclude: ConditionField | None = None
    columns: dict[str, Word] = {}
    types: dict[str, ColumnType] = {}
    csv: CsvFormat = CsvFormat()
    guard: Guard = Guard()
    max_bad_rows: Share = Decimal("0.01")
    description: str = ""


CUSTOMERS, PRODUCTS, ORDERS = "customers", "products", "orders"

KNOWN_TYPES: dict[str, ColumnType] = {
    **dict.fromkeys(("customer_id", "product_id", "order_id", "email", "phone", "postal_code", "cart_id", "session"), ColumnType.TEXT),
    **dict.fromkeys(("total", "margin", "discount", "price", "cost"), ColumnType.DECIMAL),
    **dict.fromkeys(("registered_at", "ordered_at", "occurred_at", "delivered_at"), ColumnType.TIME),
    **dict.fromkeys(("quantity", "stock", "consumption_days"), ColumnType.INTEGER),
    "birthday": ColumnType.DATE,
}
"""Known columns whose type does not depend on what a sample happens to show."""
