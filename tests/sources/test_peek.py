"""What `validate` knows of columns before the first import, and from the lock."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from retention_cli.sources.peek import peek
from support.shop import ORDERS, Shop

if TYPE_CHECKING:
    from pathlib import Path


def columns(shop: Shop, source: str) -> dict[str, str]:
    """Return what is known of a source's columns."""
    return {name: str(column.type) for name, column in peek(shop.project, shop.locks).sources[source].columns.items()}


def test_headers_and_a_few_rows_tell_what_the_import_would(shop: Shop) -> None:
    looked = {source: columns(shop, source) for source in shop.sources}
    assert not peek(shop.project).sources["orders"].settled
    assert not shop.store.exists()
    imported = shop.settle()
    for source, snapshot in imported.snapshots.snapshots.items():
        assert looked[source] == {column.name: str(column.type) for column in snapshot.columns}
        assert columns(shop, source) == looked[source]
    assert peek(shop.project, shop.locks).sources["orders"].settled


def test_the_lock_wins_over_the_files_and_needs_none(shop: Shop) -> None:
    shop.settle()
    before = columns(shop, "items")
    for path in shop.root.glob("*.csv"):
        path.unlink()
    assert columns(shop, "items") == before
    assert peek(shop.project, shop.locks).sources["orders"].events == ("order",)


def test_what_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": ORDERS, "web": {"path": "web.csv", "customer": "nobody"}})
    shop.write("web.csv", "customer_id\na\n")
    assert set(peek(shop.project).sources) == {"customers"}


def test_parquet_tells_its_own_types(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "o.parquet"}})
    shop.write_parquet("o.parquet", "SELECT 1 order_id, 2 customer_id, now()::TIMESTAMP ordered_at, 1.5::DOUBLE total, true gift, 'x' note")
    expected = {"order_id": "text", "customer_id": "text", "ordered_at": "time", "total": "decimal", "gift": "boolean", "note": "text"}
    assert columns(shop, "orders") == expected
    assert peek(shop.project).sources["orders"].columns["total"].scale == 2


def test_an_event_column_was_never_looked_into(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"web": {"path": "web.csv", "customer": "customer_id", "time": "at", "event": {"column": "event"}}})
    shop.write("web.csv", "customer_id,at,event\na,2026-05-01,view\n")
    assert peek(shop.project).sources["web"].events is None


def test_importing_the_module_does_not_load_the_engine_twice() -> None:
    """The packages' own modules import nothing; a name is enough to list them."""
    code = "import sys, retention_cli.sources, retention_cli.engine; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
