"""What is known of the sources' columns: settled in retention.lock, else read from the files' headers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.source import Column


@dataclass(frozen=True, slots=True)
class SourceSchema:
    """A source's columns by our name. `events` are the names its rows were seen to have (None: never looked)."""

    name: str
    columns: Mapping[str, Column]
    events: tuple[str, ...] | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Catalog:
    """All sources' schemas; a source that was never seen is absent."""

    sources: Mapping[str, SourceSchema] = field(default_factory=dict)
