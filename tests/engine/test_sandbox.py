"""SEC05, SEC06: a user's own SELECT reads copies of what it names, and nothing else on the machine."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import fill, literal
from retention_cli.engine.sandbox import Copied, SelectionFailed, select_ids
from retention_cli.model.limits import Limits
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from pathlib import Path

PROBES = (
    "SELECT customer_id FROM read_csv('{secret}')",
    "SELECT content AS customer_id FROM read_text('{secret}')",
    "SELECT content AS customer_id FROM read_blob('{secret}')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT file AS customer_id FROM glob('{folder}/*')",
    "SELECT customer_id FROM '{secret}'",
    "SELECT customer_id FROM read_parquet('{folder}/*.parquet')",
    "SELECT customer_id FROM query('SELECT * FROM read_text(''{secret}'')')",
    "SELECT customer_id FROM query_table('{secret}')",
    "SELECT getenv('HOME') AS customer_id",
    "SELECT customer_id FROM read_json('{secret}')",
    "SELECT customer_id FROM parquet_metadata('{folder}/orders.parquet')",
    "SELECT secret_string AS customer_id FROM duckdb_secrets()",
    "SELECT customer_id FROM read_csv('https://127.0.0.1:9/x.csv')",
    "SELECT customer_id FROM other.orders",
    "(COPY orders TO '{folder}/out.csv')",
    "(ATTACH '{folder}/x.db')",
    "(INSTALL httpfs)",
    "(LOAD httpfs)",
    "(SET enable_external_access = true)",
    "(EXPORT DATABASE '{folder}/dump')",
    "(DROP TABLE orders)",
    "SELECT customer_id FROM rows_of_python",
    "SELECT 1) AS chosen; DROP TABLE orders; SELECT * FROM (SELECT customer_id FROM orders",
)


@pytest.fixture
def orders(tmp_path: Path) -> Copied:
    """A snapshot of three orders, one of them later than as_of."""
    path = tmp_path / "orders.parquet"
    rows = "VALUES ('b', TIMESTAMP '2026-01-01'), ('a', TIMESTAMP '2026-02-01'), ('late', TIMESTAMP '2026-06-01'), (NULL, TIMESTAMP '2026-01-01')"
    with DuckEngine() as engine:
        engine.execute(fill(f"COPY (SELECT * FROM ({rows}) AS t(customer_id, ordered_at)) TO {{path}}", path=literal(str(path))))  # noqa: S608 - made here
    return Copied("orders", str(path), "ordered_at")


AS_OF = {"as_of": datetime(2026, 5, 1)}  # noqa: DTZ001 - UTC without offset, as snapshots keep it


def test_a_select_gives_ids_up_to_as_of(orders: Copied) -> None:
    assert select_ids("SELECT customer_id FROM orders", [orders], AS_OF, column="customer_id") == ["a", "b"]


@pytest.mark.parametrize("probe", PROBES)
def test_nothing_else_can_be_read_or_done(probe: str, orders: Copied, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("customer_id\nSECRET_CANARY\n", encoding="utf-8")
    rows_of_python = [("SECRET_CANARY",)]
    assert rows_of_python
    with pytest.raises(SelectionFailed) as failed:
        select_ids(probe.format(secret=secret, folder=tmp_path), [orders], AS_OF, column="customer_id")
    assert "SECRET_CANARY" not in str(failed.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.parquet", "secret.csv"]


def test_what_takes_too_long_is_stopped(orders: Copied) -> None:
    endless = "SELECT customer_id FROM orders, range(1000000000) AS a(x), range(1000000000) AS b(y) WHERE x * y < 0"
    with pytest.raises(SelectionFailed, match=r"longer than 0\.3 seconds"):
        select_ids(endless, [orders], AS_OF, column="customer_id", seconds=0.3)


def test_k18_what_needs_too_much_memory_is_stopped_at_the_limit_of_the_shop(orders: Copied) -> None:
    greedy = "SELECT customer_id FROM orders WHERE length(customer_id) < (SELECT len(list(hash(i))) FROM range(40000000) t(i))"
    limits = Limits(memory_limit=Word("100MB"), threads=1)
    with pytest.raises(SelectionFailed, match=r"^it needs more than 100MB of memory$"):
        select_ids(greedy, [orders], AS_OF, column="customer_id", limits=limits)
