"""What retention.lock holds: the columns and types of every source as settled at its first import.

Types in the lock win over what a later file would suggest, so that `validate` needs no data and nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.model.dress import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.source import Column


@dataclass(frozen=True, slots=True)
class SourceLock:
    """One source as settled. `csv` is how its text is written, empty for other formats; `events` are the names seen so far, sorted."""

    columns: tuple[Column, ...]
    csv: CsvFormat = field(default_factory=CsvFormat)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lock:
    """All settled sources by name."""

    sources: Mapping[str, SourceLock] = field(default_factory=dict)
