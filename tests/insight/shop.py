"""Orders of a made-up shop, asked as `analyze` asks them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from compile.shop import Given, fill, open_shop
from retention_cli.compile.moment import Moment
from retention_cli.engine.duck import DuckEngine
from retention_cli.insight.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from retention_cli.compile.conditions import Compiler

PRAGUE = ZoneInfo("Europe/Prague")


@contextmanager
def orders(root: Path, given: Given, as_of: str = "2026-05-01T12:00") -> Iterator[Orders]:
    """Open the orders of these tables, as of a time by the shop's clock."""
    shop = open_shop(root, {}, as_of)
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, given)
        yield Orders(engine, shop.schema, Moment(datetime.fromisoformat(as_of).replace(tzinfo=PRAGUE), PRAGUE))


@contextmanager
def compiled(root: Path, given: Given, as_of: str, files: Mapping[str, str] = {}) -> Iterator[tuple[DuckEngine, Callable[[], Compiler]]]:
    """Open an engine over these tables, and what makes a compiler for them."""
    shop = open_shop(root, files, as_of)
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, given)
        yield engine, shop.compiler


def bought(*rows: tuple[str, str, float]) -> Given:
    """Return a shop with these orders: (customer, when, total)."""
    return {
        "customers": [{"customer_id": name} for name in sorted({name for name, _, _ in rows})],
        "orders": [{"order_id": str(n), "customer_id": name, "ordered_at": at, "total": f"{total:.2f}"} for n, (name, at, total) in enumerate(rows)],
    }
