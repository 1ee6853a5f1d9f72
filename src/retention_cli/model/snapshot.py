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
class SnapshotSet:
    """The snapshots of one run, all of one moment."""

    snapshots: Mapping[str, Snapshot]

    @property
    def id(self) -> str:
        """Identify the set by the snapshots in it."""
        text = "\n".join(f"{name} {self.snapshots[name].id}" for name in sorted(self.snapshots))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
