"""A look into a snapshot: its columns and its first rows, as `data show` shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import fill, literal
from retention_cli.model.limits import NO_LIMITS

if TYPE_CHECKING:
    from retention_cli.engine.base import Row
    from retention_cli.model.limits import Limits
    from retention_cli.model.snapshot import Snapshot
    from retention_cli.model.source import Column


@dataclass(frozen=True, slots=True)
class FirstRows:
    """Rows in the order of `columns`; values are as data gives them, so whoever prints them makes them safe."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def first_rows(snapshot: Snapshot, limit: int = 10, limits: Limits = NO_LIMITS) -> FirstRows:
    """Return the first rows of a snapshot, in the order in which they lie."""
    with DuckEngine.within(limits) as engine:
        query = fill("SELECT * FROM read_parquet({path}) LIMIT {limit}", path=literal(snapshot.path), limit=limit)
        return FirstRows(snapshot.columns, tuple(engine.run(query)))
