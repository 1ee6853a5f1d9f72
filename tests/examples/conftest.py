"""The demo shop, its project and its files, written once for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from retention_cli.app import demo_data
from retention_cli.app.facts import View, look
from retention_cli.app.workspace import open_project
from retention_cli.project import starters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AS_OF = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
CUSTOMERS = 1500

TABLES = """
SET enable_progress_bar = false;
CREATE TABLE customers AS FROM read_csv('{data}/customers.csv', types = {{'birthday': 'DATE', 'registered_at': 'TIMESTAMP'}});
CREATE TABLE products AS FROM read_csv('{data}/products.csv');
CREATE TABLE all_orders AS FROM read_csv('{data}/orders-*.csv.gz', types = {{'ordered_at': 'TIMESTAMP', 'total': 'DECIMAL(18, 2)'}});
CREATE TABLE orders AS FROM all_orders WHERE customer_id IS NOT NULL AND status NOT IN ('cancelled', 'refunded');
CREATE TABLE items AS FROM read_csv('{data}/order_items.csv', types = {{'price': 'DECIMAL(18, 2)'}});
CREATE TABLE returns AS FROM read_csv('{data}/returns.csv', types = {{'returned_at': 'TIMESTAMP'}});
CREATE TABLE complaints AS FROM read_csv('{data}/complaints.csv', types = {{'complained_at': 'TIMESTAMP'}});
CREATE TABLE answers AS FROM read_csv('{data}/answers.csv', types = {{'answered_at': 'TIMESTAMP'}});
CREATE TABLE consents AS FROM read_csv('{data}/consents.csv', types = {{'changed_at': 'TIMESTAMP'}});
CREATE TABLE push_tokens AS FROM read_csv('{data}/push_tokens.csv', types = {{'subscribed_at': 'TIMESTAMP'}});
CREATE TABLE mails AS SELECT * REPLACE (happened_at AT TIME ZONE 'Europe/Prague' AS happened_at)
    FROM read_csv('{data}/mail_history.csv.gz', types = {{'happened_at': 'TIMESTAMPTZ'}});
CREATE TABLE web AS SELECT * REPLACE (occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Prague' AS occurred_at) FROM '{data}/events/*.parquet';
SET VARIABLE now = TIMESTAMP '2026-11-22 18:05:00';
"""


@dataclass(frozen=True)
class Shop:
    """The written files, and a database with a table of each; `now` is as_of by the shop's clock."""

    data: Path
    as_of: datetime
    made: demo_data.Made
    database: duckdb.DuckDBPyConnection

    def value(self, sql: str, *values: object) -> Any:
        """Return the only value of a query."""
        row = self.database.execute(sql, values).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of 1,500 customers."""
    data = scaffolded(tmp_path_factory.mktemp("shop")) / "data"
    made = demo_data.write(data, as_of=AS_OF, customers=CUSTOMERS)
    with duckdb.connect() as database:
        database.execute(TABLES.format(data=data))
        yield Shop(data, AS_OF, made, database)


def scaffolded(folder: Path) -> Path:
    """Copy the example project into a folder."""
    starters.copy_demo(folder)
    return folder


@pytest.fixture(scope="session")
def view(shop: Shop) -> View:
    """The shop's project with its exports imported, as any command sees it."""
    return look(open_project(shop.data.parent), shop.as_of)
