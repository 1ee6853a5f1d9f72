"""Sources: the shop's exports, and what their columns are settled to be."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from retention_cli.model.base import Flag, Model, Span, Whole
from retention_cli.model.condition import RowConditionField
from retention_cli.model.dress import CsvFormat
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
    max_apart: Span | None = Field(default=None, description="its newest file and those of the other sources were written no further apart")
    absent_runs: Whole | None = Field(default=None, description="customers: who is missing stays a customer until missing in so many exports")


def _event_kind(value: Any) -> str:
    return "event-name" if isinstance(value, str) else "event-column"


EventName = Annotated[
    Annotated[EventColumn, Tag("event-column")] | Annotated[Word, Tag("event-name")],
    Discriminator(_event_kind),
]


class TypeSpec(Model):
    """A type that the project settles: `text`, `{list: "|"}`, or `{boolean: {yes: SUBSCRIBED, no: [NEVER]}}`."""

    type: ColumnType
    separator: str = "|"
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


def _type_spec(value: Any) -> Any:
    if not isinstance(value, dict):
        return {"type": value} if isinstance(value, str) else value
    if set(value) == {"list"} and isinstance(value["list"], str) and value["list"]:
        return {"type": ColumnType.LIST, "separator": value["list"]}
    words = value.get("boolean") if set(value) == {"boolean"} else None
    if isinstance(words, dict) and words and set(words) <= {"yes", "no"}:
        return {"type": ColumnType.BOOLEAN, **{key: [some] if isinstance(some, str) else some for key, some in words.items()}}
    if set(value) <= {"type", "separator", "yes", "no"} and "type" in value:
        return value
    raise ValueError('this is no type; write a name, {list: "|"} or {boolean: {yes: …, no: …}}')


def _words(description: str) -> dict[str, Any]:
    several = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"anyOf": [{"type": "string"}, several], "description": description}


_TYPE_SCHEMA = {
    "anyOf": [
        {"enum": [str(kind) for kind in ColumnType]},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["list"],
            "properties": {"list": {"type": "string", "minLength": 1, "description": "what stands between its values"}},
        },
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["boolean"],
            "properties": {
                "boolean": {
                    "type": "object",
                    "additionalProperties": False,
                    "minProperties": 1,
                    "properties": {"yes": _words("what stands for true"), "no": _words("what stands for false")},
                    "description": "true and false in the export's own words",
                }
            },
        },
    ]
}

TypeField = Annotated[TypeSpec, BeforeValidator(_type_spec), WithJsonSchema(_TYPE_SCHEMA)]
"""How `types:` writes a type."""


class Clean(StrEnum):
    """What is done to a text before anything else reads it."""

    TRIM = "trim"
    LOWER = "lower"
    APOSTROPHE = "apostrophe"


_RATE = re.compile(r"\d{1,9}(\.\d{1,12})?", re.ASCII)


def _rate(value: Any) -> Any:
    if isinstance(value, str) and (not _RATE.fullmatch(value) or not Decimal(value)):
        raise ValueError(f"{value!r} is no rate; write what one unit is worth in the shop's currency, like 25.1")
    return Decimal(value) if isinstance(value, str) else value


Rate = Annotated[Decimal, BeforeValidator(_rate), WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]})]
"""What one unit of a currency is worth in the shop's."""


class Currency(Model):
    """Money in several currencies: the column that names each row's, and what the others are worth in the shop's."""

    column: Word = Field(description="the column that names each row's currency: EUR")
    rates: dict[str, Rate] = Field(default={}, description="what one unit is worth in the shop's currency: {EUR: 25.1}")


Preset = Literal["shopify", "woocommerce", "magento", "prestashop", "shoptet", "upgates", "bigcommerce", "mailchimp", "klaviyo"]
"""The platforms whose exports are known."""


class Known(Model):
    """What a preset knows beyond what a project may write: other names of its columns, and cells that hold several rows.

    `names` are the export's names of a column, the first that a file has counts; case and punctuation do not. A match of
    `pattern` in the column `unpack` is a row; its named groups are columns. Such files are in `encoding` where not in UTF-8.
    """

    names: dict[str, tuple[str, ...]] = {}
    encoding: str | None = None
    unpack: str | None = None
    pattern: str | None = None


class Source(Model):
    """One kind of fact. With `time` its rows are events, with `customer` alone facts, with neither a dimension."""

    name: Word = Word("")
    preset: Preset | None = Field(default=None, description="a known export; what is written beside it goes before: shopify")
    path: Word | None = Field(
        default=None, min_length=1, description="the export: a file, a folder, a pattern such as data/orders-*.csv.gz, an address"
    )
    url: Word | None = Field(default=None, min_length=1, description='a database to ask instead: "${SHOP_DB}"')
    query: Word | None = Field(default=None, min_length=1, description="what to ask it: one SELECT")
    allow_private: Flag = Field(default=False, description="true: its address may lead to this machine or into a private network")
    sheet: Word | None = Field(default=None, min_length=1, description="the sheet of an Excel file; left out: the first")
    key: Word | None = Field(default=None, description="the column that names a row")
    customer: Word | None = Field(default=None, description="the column that holds the customer's id")
    time: Word | None = Field(default=None, description="the column that says when it happened; makes the rows events")
    timezone: Word | None = Field(default=None, description="the zone of times without an offset; left out: the shop's")
    event: EventName | None = Field(default=None, description="what the events are called, or the column that names them")
    parent: Word | None = Field(default=None, description="the source whose rows these are parts of; gives customer and time")
    lookup: Word | None = Field(default=None, description="the source that describes these rows by its key")
    adds_to: Literal["customers"] | None = Field(default=None, description="customers: its columns become fields of the customer")
    where: RowConditionField | None = Field(default=None, description="the rows of the file that are this source's: {total: present}")
    exclude: RowConditionField | None = Field(default=None, description="rows that do not count: {status: [cancelled, refunded]}")
    ignore: tuple[Word, ...] = Field(default=(), description="columns of the export that are never read: [password_hash]")
    columns: dict[str, Word] = Field(default={}, description='our names to the export\'s: {email: "E-mail"}')
    combine: dict[str, Annotated[tuple[Word, ...], Field(min_length=1)]] = Field(
        default={}, description="columns made of others, a blank between: {ordered_at: [Day, Hour]}"
    )
    clean: dict[str, tuple[Clean, ...]] = Field(default={}, description="what is done to texts first: {email: [trim, lower]}")
    types: dict[str, TypeField] = Field(default={}, description="types of columns by our name, where they should not be found out")
    missing: tuple[Word, ...] = Field(default=(), description='values that stand for nothing: ["-", N/A, 1900-01-01]')
    currency: Currency | None = Field(default=None, description="the column that names each row's currency, and rates to the shop's")
    csv: CsvFormat = Field(default=CsvFormat(), description="how its CSV files are written")
    guard: Guard = Field(default=Guard(), description="what the export must look like before a run believes it")
    checks: tuple[RowConditionField, ...] = Field(default=(), description="what must hold of its rows: [{total: {at_least: 0}}]")
    max_bad_rows: Share = Field(default=Decimal("0.01"), description="more rows than this that cannot be read stop a run")
    description: str = Field(default="", description="what it is, in a sentence")
    known: Known = Field(default=Known(), exclude=True)


CUSTOMERS, PRODUCTS, ORDERS, IDENTITIES = "customers", "products", "orders", "identities"
VISITOR = "visitor_id"

_PERSON = ("customer_id", "visitor_id", "email", "phone", "first_name", "last_name", "gender", "country", "city", "postal_code", "timezone", "locale")
_PRODUCT = ("product_id", "title", "url", "image_url", "category", "brand")
_ORDER = ("order_id", "coupon", "status", "source", "currency")
_VISIT = ("event", "os", "device", "cart_id", "session")

KNOWN_TYPES: dict[str, ColumnType] = {
    **dict.fromkeys((*_PERSON, *_PRODUCT, *_ORDER, *_VISIT), ColumnType.TEXT),
    **dict.fromkeys(("total", "margin", "discount", "price", "cost"), ColumnType.DECIMAL),
    **dict.fromkeys(("registered_at", "ordered_at", "occurred_at", "answered_at", "delivered_at", "added_at"), ColumnType.TIME),
    **dict.fromkeys(("quantity", "stock", "consumption_days"), ColumnType.INTEGER),
    "birthday": ColumnType.DATE,
}
"""Known columns whose type does not depend on what a sample happens to show."""
