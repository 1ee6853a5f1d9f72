"""Snapshots: an export as it was, typed and sorted, addressed by what went in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.model.source import Column


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One source's rows as Parquet at `path` (absolute). `newest` is the latest event time, None for facts without one."""

    source: str
    id: str
    path: str
    rows: int
    rejected: int
    columns: tuple[Column, ...]
    newest: datetime | None
    events: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """A column whose type is settled, and what its values, or the project, say now: `settled` is the old type, `now` the new.

    `values` are how many do not fit the old one, of `of`; `by` says who says so: the values, or `types:` of the project.
    """

    column: str
    settled: str
    now: str
    values: int
    of: int
    by: str


@dataclass(frozen=True, slots=True)
class SnapshotSet:
    """The snapshots of one run, all of one moment."""

    snapshots: Mapping[str, Snapshot]

    @property
    def id(self) -> str:
        """Identify the set by the snapshots in it."""
        text = "\n".join(f"{name} {self.snapshots[name].id}" for name in sorted(self.snapshots))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
