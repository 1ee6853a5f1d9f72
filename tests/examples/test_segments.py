"""Every example segment finds somebody and none finds everybody, on the demo shop's data; and each campaign has work.

The tables stand as an import leaves them: our names, UTC, without excluded orders and rows without a customer.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retention_cli.compile.check import check
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.schema import Schema
from retention_cli.compile.segments import segments_query
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.model.campaign import Happened
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.source import Column, ColumnType
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from examples.conftest import Shop
    from retention_cli.model.project import Project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SNAPSHOTS = """
CREATE SCHEMA snapshots;
USE snapshots;
CREATE MACRO utc(local) AS local AT TIME ZONE 'Europe/Prague' AT TIME ZONE 'UTC';
CREATE TABLE customers AS SELECT * RENAME (osloveni AS salutation) FROM main.customers;
UPDATE customers SET registered_at = utc(registered_at);
CREATE TABLE products AS FROM main.products;
CREATE TABLE orders AS SELECT * REPLACE (order_id::VARCHAR AS order_id, utc(ordered_at) AS ordered_at) FROM main.orders;
CREATE TABLE order_items AS
    SELECT items.* REPLACE (items.order_id::VARCHAR AS order_id), customer_id, ordered_at
    FROM main.items JOIN orders ON orders.order_id = items.order_id::VARCHAR;
CREATE TABLE web AS SELECT * REPLACE (utc(occurred_at) AS occurred_at) FROM main.web WHERE customer_id IS NOT NULL;
"""
TYPES = {
    "VARCHAR": ColumnType.TEXT, "BIGINT": ColumnType.INTEGER, "INTEGER": ColumnType.INTEGER, "DOUBLE": ColumnType.DECIMAL,
    "DECIMAL(18,2)": ColumnType.DECIMAL, "BOOLEAN": ColumnType.BOOLEAN, "DATE": ColumnType.DATE, "TIMESTAMP": ColumnType.TIME,
}  # fmt: skip
EVENTS = {"web": ("add_to_cart", "app_open", "page_view", "view_item")}


@pytest.fixture(scope="module")
def project() -> Project:
    found, problems = load(EXAMPLES, {})
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def schema(shop: Shop, project: Project) -> Schema:
    """The demo's tables as snapshots, and what is known of their columns."""
    shop.database.execute(SNAPSHOTS)
    schemas = {}
    for name in project.sources:
        described = shop.database.table(f"snapshots.{name}")
        columns = {
            column: Column(name=column, type=TYPES[str(kind)], origin=column) for column, kind in zip(described.columns, described.types, strict=True)
        }
        schemas[name] = SourceSchema(name, columns, EVENTS.get(name))
    return Schema(project.sources, Catalog(schemas))


def test_every_name_in_the_examples_is_a_column_or_an_event(project: Project, schema: Schema) -> None:
    assert check(project, schema) == []


@pytest.mark.parametrize("days_before", [0, 1, 10])
def test_every_segment_finds_somebody_and_none_everybody(shop: Shop, project: Project, schema: Schema, days_before: int) -> None:
    """Also some days earlier, so that runs in a row have something to tell."""
    moment = Moment(shop.as_of - timedelta(days=days_before), project.zone)
    compiler = Compiler(schema, moment, project)
    query = segments_query(compiler, {name: segment.where for name, segment in project.segments.items()})
    rows = shop.database.execute(query.sql, query.values).fetchall()
    sizes = {name: sum(row[column] for row in rows) for column, name in enumerate(project.segments, start=1)}
    assert len(rows) == shop.made.customers
    assert {name: size for name, size in sizes.items() if not 3 <= size <= len(rows) * 0.6} == {}


def test_the_cart_campaign_begins_for_somebody_each_day(shop: Shop, project: Project, schema: Schema) -> None:
    trigger = project.campaigns["abandoned_cart"].trigger
    assert isinstance(trigger, Happened)
    moment = Moment(shop.as_of, project.zone)
    compiler = Compiler(schema, moment, project)
    query = occurrences_query(compiler, trigger.query, Due(moment.instant - timedelta(days=2)))
    due = [row[3] for row in shop.database.execute(query.sql, query.values).fetchall()]
    yesterday = moment.instant - timedelta(days=1)
    assert sum(at > yesterday for at in due) >= 3
    assert sum(at <= yesterday for at in due) >= 3
