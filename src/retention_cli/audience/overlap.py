"""Who is in several segments at once: every combination that occurs, counted in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.segments import segments_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition

_COUNT = "customers in it"  # no segment has a name with a space in it


@dataclass(frozen=True, slots=True)
class Overlap:
    """How segments share the `of` customers: `combinations` are all that occur, each with the segments it is in and its size."""

    segments: tuple[str, ...]
    of: int
    combinations: tuple[tuple[frozenset[str], int], ...]

    def size(self, *inside: str) -> int:
        """Return how many customers are in all of these segments."""
        return sum(count for names, count in self.combinations if names.issuperset(inside))

    def alone(self, segment: str) -> int:
        """Return how many are in this segment and in none of the others."""
        return sum(count for names, count in self.combinations if names == {segment})

    def together(self) -> int:
        """Return how many are in any of them."""
        return sum(count for names, count in self.combinations if names)


def overlap(engine: DuckEngine, compiler: Compiler, conditions: Mapping[str, Condition]) -> Overlap:
    """Count who is in which of the segments at once, the largest combination first."""
    query = segments_query(compiler, conditions)
    judged = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("judged")))
    segments = [sql.col(name) for name in conditions]
    select = exp.Select().select(*segments, sql.aliased(exp.Count(this=exp.Star()), _COUNT), copy=False).from_(judged, copy=False)
    rows = engine.run(select.group_by(*(each.copy() for each in segments), copy=False).sql(dialect=sql.DIALECT), query.values)
    places = {name: place for place, name in enumerate(conditions)}
    found = [(frozenset(name for name, holds in zip(conditions, row, strict=False) if holds), int(row[-1])) for row in rows]
    return Overlap(
        tuple(conditions),
        sum(count for _, count in found),
        tuple(sorted(found, key=lambda each: (-each[1], sorted(places[name] for name in each[0])))),
    )
