"""A little shop in a folder, for tests: write exports as text, import them, look at what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import Sql, fill, literal
from retention_cli.model.project import Project, Settings
from retention_cli.model.source import Source
from retention_cli.model.word import Word
from retention_cli.sources.importing import import_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.model.lock import SourceLock
    from retention_cli.sources.report import Imported

CUSTOMERS = {"path": "customers.csv", "key": "customer_id"}
ORDERS = {"path": "orders.csv", "key": "order_id", "customer": "customer_id", "time": "ordered_at", "event": "order"}
ITEMS = {"path": "items.csv", "parent": "orders", "lookup": "products", "event": "buy_item"}
PRODUCTS = {"path": "products.csv", "key": "product_id"}


@dataclass
class Shop:
    """A folder with exports and the sources that read them."""

    root: Path
    sources: dict[str, dict[str, Any]]
    timezone: str = "UTC"
    locale: str = "en_US"
    currency: str = "EUR"
    locks: Mapping[str, SourceLock] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def store(self) -> Path:
        """Where snapshots go."""
        return self.root / ".retention"

    @property
    def project(self) -> Project:
        """The project that the sources make."""
        sources = {Word(name): Source.model_validate({"name": Word(name), **_words(raw)}) for name, raw in self.sources.items()}
        return Project(
            root=str(self.root), settings=Settings(name="shop", timezone=self.timezone, locale=self.locale, currency=self.currency, sources=sources)
        )

    def write(self, name: str, text: str | bytes) -> Path:
        """Write an export."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def write_parquet(self, name: str, select: str) -> Path:
        """Write a query's rows as a Parquet export."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with DuckEngine() as engine:
            engine.execute(fill("COPY ({select}) TO {path} (FORMAT parquet)", select=Sql(select), path=literal(str(path))))
        return path

    def import_(self) -> Imported:
        """Import everything."""
        self.said.clear()
        return import_all(self.project, self.locks, self.store, progress=self.said.append)

    def settle(self) -> Imported:
        """Import and keep what was settled, as `data import` does."""
        imported = self.import_()
        self.locks = imported.locks
        return imported


def _words(raw: Any) -> Any:
    """Make words of texts, as the reader of project files does."""
    if isinstance(raw, dict):
        return {str(key): _words(value) for key, value in raw.items()}
    return Word(raw) if isinstance(raw, str) else raw


def at(text: str) -> datetime:
    """Return a time as snapshots keep it: UTC, without offset."""
    return datetime.fromisoformat(text)


def rows(imported: Imported, source: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return a snapshot's rows in the order in which they lie."""
    with DuckEngine() as engine:
        engine.attach_snapshots(imported.snapshots)
        return engine.run(f"SELECT {columns} FROM {source}")  # noqa: S608 - a test's own names


def types(imported: Imported, source: str) -> dict[str, str]:
    """Return our types by column, a decimal with its scale."""
    columns = imported.snapshots.snapshots[source].columns
    return {column.name: f"decimal {column.scale}" if column.type == "decimal" else str(column.type) for column in columns}


def report(imported: Imported, source: str) -> Any:
    """Return a source's report."""
    return next(found for found in imported.reports if found.source == source)
