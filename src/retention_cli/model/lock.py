"""What retention.lock holds: the columns and types of every source as settled at its first import, and learned thresholds.

Types in the lock win over what a later file would suggest, so that `validate` needs no data and nothing drifts. A learned
threshold is what it was when a person last looked at it; new data changes it only by `retention lock --update`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.model.dress import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from retention_cli.model.source import Column


@dataclass(frozen=True, slots=True)
class SourceLock:
    """One source as settled. `csv` is how its text is written, empty for other formats; `events` are the names seen so far, sorted."""

    columns: tuple[Column, ...]
    csv: CsvFormat = field(default_factory=CsvFormat)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LearnedValue:
    """One learned threshold as pinned: `value` over all, and `by` each value of its field (one that is not there: `value`).

    `people` is how many customers have the number; `sources` are the snapshots it came from (source → id), `as_of` the
    moment (RFC 3339), and `meaning` what was asked (`Learned.meaning`): where any of them differs, it may be out of date.
    """

    value: Decimal
    people: int
    by: Mapping[str, Decimal] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """All settled sources and all learned thresholds by name."""

    sources: Mapping[str, SourceLock] = field(default_factory=dict)
    learned: Mapping[str, LearnedValue] = field(default_factory=dict)
