"""What each condition of a segment leaves, from one query over everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.audience.words import in_full
from retention_cli.compile.waterfall import steps_of, waterfall_query

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Step:
    """One condition: customers for whom it holds `alone`, `left` together with all before it, the `change` by it, and `without` it."""

    path: str
    line: int
    text: str
    alone: int
    left: int
    change: int
    without: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A segment taken apart: where `every` step must hold `left` falls from `of`, where any may it grows from 0; `size` is its end."""

    segment: str
    size: int
    of: int
    every: bool
    steps: tuple[Step, ...]


def waterfall(engine: DuckEngine, compiler: Compiler, segment: Segment) -> Waterfall:
    """Count what every step leaves, in one query."""
    steps = steps_of(segment.where)
    query = waterfall_query(compiler, steps)
    everyone, *numbers = (int(number or 0) for number in engine.run(query.sql, query.values)[0])
    found: list[Step] = []
    before = everyone if steps.every else 0
    for n, part in enumerate(steps.parts):
        alone, left, without = numbers[3 * n : 3 * n + 3]
        found.append(Step(part.path or "where", part.place.line, in_full(part), alone, left, left - before, without))
        before = left
    return Waterfall(str(segment.name), before, everyone, steps.every, tuple(found))
