"""A made-up shop for tests of conditions: project files read by the real loader, tables as an import leaves them.

Rows are written as a person would (`{customer_id: a, ordered_at: 2026-01-31T09:00}`): what is left out is missing, times are
the shop's, and an order's line takes its customer and time from the order. Types stand in `COLUMNS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.scans import EVERY_CUSTOMER
from retention_cli.compile.schema import Schema
from retention_cli.model import mail
from retention_cli.model.case import Row as CaseRow
from retention_cli.model.case import Value
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.mail import OWN_EVENTS
from retention_cli.model.source import Column, ColumnType
from retention_cli.model.word import Word
from retention_cli.project.loader import load
from retention_cli.project.lock_file import read_lock
from retention_cli.proof.columns import with_own_events
from retention_cli.proof.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from retention_cli.compile.scans import Subject
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project

Row = dict[str, Any]
Given = dict[str, list[Row]]

SOURCES = """\
  customers: {path: data/customers.csv, key: customer_id}
  products: {path: data/products.csv, key: product_id}
  orders: {path: data/orders.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
  order_items: {path: data/order_items.csv, parent: orders, lookup: products, event: buy_item}
  web: {path: data/web.csv, customer: customer_id, time: occurred_at, event: {column: event}, lookup: products}
  visits: {path: data/visits.csv, customer: customer_id, time: visited_at, event: visit}
  answers: {path: data/answers.csv, customer: customer_id, time: answered_at, event: answer}
  returns: {path: data/returns.csv, customer: customer_id, time: returned_at, event: return}
  mail: {path: data/mail.csv, customer: customer_id, time: happened, event: {column: type}}
  consents: {path: data/consents.csv, customer: customer_id, time: changed_at, event: consent_changed}
  push_subscription: {path: data/push.csv, customer: customer_id}
  children: {path: data/children.csv, customer: customer_id}
"""


def settings(zone: str = "Europe/Prague", sources: str = "", **parts: str) -> str:
    """Return retention.yml; `sources` are mappings of further ones, written without indentation, and so are policies and questions."""
    more = "".join(f"  {line}\n" for line in sources.split("\n")) if sources else ""
    asked = "".join(f"{key}:\n" + "".join(f"  {line}\n" for line in part.split("\n")) for key, part in parts.items())
    return f"name: Shop\ntimezone: {zone}\nsender: {{email: shop@example.com}}\nsources:\n{SOURCES}{more}{asked}"


SETTINGS = settings()

T = ColumnType
COLUMNS: dict[str, dict[str, ColumnType]] = {
    "customers": {
        "customer_id": T.TEXT, "email": T.TEXT, "country": T.TEXT, "city": T.TEXT, "age": T.INTEGER, "balance": T.DECIMAL,
        "newsletter": T.BOOLEAN, "sms_consent": T.BOOLEAN, "birthday": T.DATE, "registered_at": T.TIME, "hobbies": T.LIST,
    },
    "products": {
        "product_id": T.TEXT, "title": T.TEXT, "category": T.TEXT, "brand": T.TEXT, "list_price": T.DECIMAL, "stock": T.INTEGER,
        "collection": T.TEXT,
    },
    "orders": {
        "order_id": T.TEXT, "customer_id": T.TEXT, "ordered_at": T.TIME, "total": T.DECIMAL, "status": T.TEXT, "coupon": T.TEXT,
        "delivered_at": T.TIME, "margin": T.DECIMAL, "discount": T.DECIMAL, "source": T.TEXT,
    },
    "order_items": {
        "order_id": T.TEXT, "customer_id": T.TEXT, "ordered_at": T.TIME, "product_id": T.TEXT, "quantity": T.INTEGER, "price": T.DECIMAL,
    },
    "web": {
        "customer_id": T.TEXT, "occurred_at": T.TIME, "event": T.TEXT, "product_id": T.TEXT, "cart_id": T.TEXT, "device": T.TEXT,
        "seconds": T.INTEGER,
    },
    "visits": {"customer_id": T.TEXT, "visited_at": T.TIME, "branch": T.TEXT},
    "answers": {"customer_id": T.TEXT, "answered_at": T.TIME, "question": T.TEXT, "answer": T.TEXT},
    "returns": {"customer_id": T.TEXT, "returned_at": T.TIME, "order_id": T.TEXT},
    "mail": {"customer_id": T.TEXT, "happened": T.TIME, "type": T.TEXT, "message": T.TEXT, "os": T.TEXT, "campaign": T.TEXT},
    "consents": {"customer_id": T.TEXT, "changed_at": T.TIME, "topic": T.TEXT, "channel": T.TEXT, "consent": T.BOOLEAN},
    "push_subscription": {"customer_id": T.TEXT, "os": T.TEXT, "token": T.TEXT},
    "children": {"customer_id": T.TEXT, "born": T.DATE, "name": T.TEXT},
    OWN_EVENTS: mail.COLUMNS,
}  # fmt: skip
SCALE = dict.fromkeys(ColumnType, 0) | {T.DECIMAL: 2}
FURTHER: dict[str, dict[str, ColumnType]] = {
    "stores": {"customer_id": T.TEXT, "bought_at": T.TIME, "kind": T.TEXT, "total": T.DECIMAL, "clerk": T.TEXT},
    "app": {"customer_id": T.TEXT, "opened_at": T.TIME, "os": T.TEXT, "seconds": T.INTEGER, "name": T.TEXT},
}  # fmt: skip
"""Sources that only a case which names them has."""
EVENTS = {
    "web": ("add_to_cart", "app_open", "view_item"),
    "mail": ("email_bounced", "email_clicked", "email_opened", "email_sent", "push_sent", "sms_sent"),
    "app": ("answer", "app_open", "app_rated"),
    "stores": ("order", "refund"),
}


@dataclass(frozen=True)
class Shop:
    """A project and what is known of its tables, at one moment."""

    project: Project
    schema: Schema
    moment: Moment

    def compiler(self, subject: Subject = EVERY_CUSTOMER) -> Compiler:
        """Return a fresh compiler."""
        return Compiler(self.schema, self.moment, self.project, subject)


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write the shop's retention.yml and these files beside it (or over it)."""
    for name, text in ({"retention.yml": SETTINGS} | dict(files)).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def read(root: Path, files: Mapping[str, str]) -> tuple[Project, list[Problem]]:
    """Return the project of these files and what its own reader says of it."""
    project, problems = load(write(root, files), {})
    assert project is not None, problems
    return project, problems


def schema_of(project: Project, columns: Mapping[str, Mapping[str, ColumnType]] = COLUMNS) -> Schema:
    """Return the schema of tables with these columns."""
    there = {source: of for source, of in (FURTHER | dict(columns)).items() if source in project.sources}
    known = {
        source: {name: Column(name=name, type=kind, origin=name, scale=SCALE[kind]) for name, kind in of.items()} for source, of in there.items()
    }
    return Schema.of(project.sources, Catalog({source: SourceSchema(source, of, EVENTS.get(source)) for source, of in known.items()}))


def open_shop(
    root: Path, files: Mapping[str, str], as_of: str = "2026-05-01T12:00", columns: Mapping[str, Mapping[str, ColumnType]] = COLUMNS
) -> Shop:
    """Return a sound shop; `as_of` is by the shop's clock."""
    project, problems = read(root, files)
    lock, unread = read_lock(root)
    assert not any(problem.is_error for problem in [*problems, *unread]), [*problems, *unread]
    project = project.model_copy(update={"pinned": dict(lock.learned)})
    return Shop(project, schema_of(project, columns), Moment(datetime.fromisoformat(as_of).replace(tzinfo=project.zone), project.zone))


def fill(engine: DuckEngine, shop: Shop, given: Given, columns: Mapping[str, Mapping[str, ColumnType]] = COLUMNS) -> None:
    """Make every table of `columns` (and of FURTHER) and fill it with the rows that are given, as the harness of tests does."""
    catalog = schema_of(shop.project, columns).catalog
    for source, rows in given.items():
        assert not {key for row in rows for key in row} - set(catalog.sources[source].columns), f"unknown columns in {source}"
    tables = Tables(engine, with_own_events(shop.project), catalog, as_written=True)
    tables.fill({source: rows_of(rows) for source, rows in given.items()})


def rows_of(rows: Iterable[Row]) -> list[CaseRow]:
    """Return plain values as rows of a test have them: texts and lists of texts; None is left out."""
    return [CaseRow(values={Word(name): _written(value) for name, value in row.items() if value is not None}) for row in rows]


def _written(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(Word(one) for one in value)
    return Word(str(value).lower() if isinstance(value, bool) else str(value))
