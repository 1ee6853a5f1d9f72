"""The rows of the exports that decided a condition for one customer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from retention_cli.compile.evidence import evidence_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source; `counts` is false for one of the same event that the condition passed over. `at` is naive, in UTC."""

    source: str
    at: datetime
    counts: bool
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The latest rows that count, or, where none does, the latest that were passed over; `counted` is how many count in all."""

    counted: int
    rows: tuple[Row, ...]


NOTHING = Evidence(0, ())


def evidence(engine: DuckEngine, compiler: Compiler, parts: Sequence[Condition]) -> dict[int, Evidence]:
    """Return the evidence of every part that looks at events, by its place; the engine's table of subjects holds one customer."""
    query = evidence_query(compiler, parts, SHOWN)
    found: dict[int, list[tuple[Row, int]]] = {}
    for part, source, at, counts, columns, counted in engine.run(query.sql, query.values) if query is not None else ():
        row = Row(source, at, bool(counts), json.loads(columns, parse_float=Decimal))
        found.setdefault(int(part), []).append((row, int(counted)))
    return {part: _of(rows) for part, rows in found.items()}


def _of(rows: Sequence[tuple[Row, int]]) -> Evidence:
    """Show what counts, and what was passed over only where nothing counts."""
    counted = sum({row.source: count for row, count in rows}.values())
    return Evidence(counted, tuple(row for row, _ in rows if row.counts or not counted))
