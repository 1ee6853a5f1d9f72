"""Made-up rows are, value by value, what an import makes of the same rows in a file."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from proof.shop import SETTINGS, make
from retention_cli.app.facts import seen
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import fill, identifier, joined
from retention_cli.model.case import Row
from retention_cli.model.catalog import Catalog
from retention_cli.model.word import Word
from retention_cli.proof.columns import fitted
from retention_cli.proof.tables import Tables
from retention_cli.sources.importing import import_all

if TYPE_CHECKING:
    from pathlib import Path

Table = list[dict[str, str]]

GIVEN: dict[str, Table] = {
    "customers": [
        {"customer_id": "007", "email": "a@x.cz", "newsletter": "true", "age": "30", "birthday": "1990-02-28", "registered_at": "2026-01-01T10:00"},
        {"customer_id": "b", "email": "", "newsletter": "", "age": "", "birthday": "", "registered_at": "2026-03-29T02:30"},
        {"customer_id": "c", "email": "Žluť \\ 'x' \"y\", z", "registered_at": "2026-10-25T02:30:15"},
        {"customer_id": "d", "email": "x", "age": "-1", "registered_at": "2026-07-01T10:00+05:00"},
    ],
    "products": [{"product_id": "p1", "brand": "Apple"}, {"product_id": "p2", "brand": ""}],
    "orders": [
        {"order_id": "1", "customer_id": "007", "ordered_at": "2026-01-01T10:00", "total": "10.005", "status": "paid"},
        {"order_id": "2", "customer_id": "b", "ordered_at": "2026-01-02T00:00", "total": "10.015", "status": ""},
        {"order_id": "3", "customer_id": "b", "ordered_at": "2026-07-01T00:00Z", "total": "5", "status": "cancelled"},
        {"order_id": "4", "customer_id": "", "ordered_at": "2026-01-02T00:00", "total": "7", "status": "paid"},
    ],
    "order_items": [
        {"order_id": "1", "product_id": "p1", "price": "1.1"},
        {"order_id": "1", "product_id": "p2", "price": ""},
        {"order_id": "3", "product_id": "p1", "price": "2"},
        {"order_id": "4", "product_id": "p1", "price": "3"},
    ],
    "web": [
        {"customer_id": "007", "at": "2026-01-01T10:00", "what": "cart", "product_id": "p1"},
        {"customer_id": "007", "at": "2026-07-01T10:00", "what": "view_item", "product_id": ""},
        {"customer_id": "", "at": "2026-07-01T10:00", "what": "view_item", "product_id": "p2"},
        {"customer_id": "b", "at": "2026-11-01T01:30", "what": "view_item", "product_id": "p2"},
    ],
}
THEIRS = {"customers": {"email": "E-mail"}, "orders": {"customer_id": "user"}}


def write_exports(folder: Path) -> None:
    """Write the rows as CSV exports, under the export's names."""
    folder.mkdir()
    for source, rows in GIVEN.items():
        names = list(dict.fromkeys(name for row in rows for name in row))
        with (folder / f"{source}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([THEIRS.get(source, {}).get(name, name) for name in names])
            writer.writerows([[row.get(name, "") for name in names] for row in rows])


def made_up(rows: Table) -> list[Row]:
    return [Row(values={Word(name): Word(value) for name, value in row.items()}) for row in rows]


def contents(engine: DuckEngine, catalog: Catalog) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return the rows of every table, columns by name."""
    found = {}
    for source, schema in catalog.sources.items():
        query = fill("SELECT {names} FROM {table}", names=joined(map(identifier, sorted(schema.columns))), table=identifier(source))
        found[source] = Counter(engine.run(query))
    return found


def test_rows_are_what_an_import_makes_of_them(tmp_path: Path) -> None:
    """Ids, empty texts, money to the digit, each zone and its clock changes, excluded rows, events by our names, children."""
    project = make(tmp_path, {"retention.lock": None})
    write_exports(tmp_path / "data")
    imported = import_all(project, {}, tmp_path / ".retention").snapshots
    catalog = seen(imported)
    with DuckEngine(threads=1) as real, DuckEngine(threads=1) as made:
        real.attach_snapshots(imported)
        Tables(made, project, fitted(project, catalog)).fill({source: made_up(rows) for source, rows in GIVEN.items()})
        expected = contents(real, catalog)
        assert contents(made, catalog) == expected
    assert {source: sum(rows.values()) for source, rows in expected.items()} == {
        "customers": 4,
        "products": 2,
        "orders": 2,
        "order_items": 2,
        "web": 3,
    }


def test_each_filling_stands_alone(tmp_path: Path) -> None:
    project = make(tmp_path, {})
    catalog = fitted(project, Catalog())
    with DuckEngine(threads=1) as engine:
        tables = Tables(engine, project, catalog)
        tables.fill({"orders": made_up([{"order_id": "1", "customer_id": "a", "ordered_at": "2026-01-01"}])})
        tables.fill({"customers": made_up([{"customer_id": "a"}])})
        assert {source: sum(rows.values()) for source, rows in contents(engine, catalog).items() if rows} == {"customers": 1}
        tables.fill({})
        assert not any(contents(engine, catalog).values())
        assert engine.run("SELECT current_setting('TimeZone')") == [("UTC",)]


def test_a_key_that_is_left_out_is_made_up(tmp_path: Path) -> None:
    """Two orders without a number are two orders."""
    project = make(tmp_path, {})
    rows = made_up([{"customer_id": "a", "ordered_at": "2026-01-01"}] * 2)
    with DuckEngine(threads=1) as engine:
        Tables(engine, project, fitted(project, Catalog())).fill({"orders": rows})
        assert engine.run("SELECT order_id FROM orders ORDER BY ALL") == [("orders-1",), ("orders-2",)]


@pytest.mark.parametrize("hostile", ["'); DROP TABLE customers; --", '"', "\\", "[1]", "null", "{a}", "a\nb", "💥"])
def test_a_text_is_only_a_text(hostile: str, tmp_path: Path) -> None:
    project = make(tmp_path, {"retention.lock": None, "retention.yml": SETTINGS.replace("newsletter: boolean", "tags: list, newsletter: boolean")})
    row = Row(values={Word("customer_id"): Word(hostile), Word("tags"): (Word(hostile), Word("b"))})
    with DuckEngine(threads=1) as engine:
        Tables(engine, project, fitted(project, Catalog())).fill({"customers": [row]})
        assert engine.run("SELECT customer_id, tags FROM customers") == [(hostile, [hostile, "b"])]
