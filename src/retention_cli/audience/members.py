"""How many are in a segment, and who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.segments import members_query, segments_query
from retention_cli.model.source import CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition


@dataclass(frozen=True, slots=True)
class Size:
    """How many of all customers are in a segment."""

    segment: str
    size: int
    of: int

    @property
    def share(self) -> float:
        """The part of all customers, 0 to 1."""
        return round(self.size / self.of, 6) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Members:
    """Members with fields; `rows` may be fewer than `size`."""

    size: int
    of: int
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def sizes(engine: DuckEngine, compiler: Compiler, conditions: Mapping[str, Condition]) -> list[Size]:
    """Count all segments in one plan."""
    query = segments_query(compiler, conditions)
    inner = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("evaluated")))
    counts = [sql.aliased(exp.CountIf(this=sql.col(name)), name) for name in conditions]
    select = exp.Select().select(exp.Count(this=exp.Star()), *counts, copy=False).from_(inner, copy=False)
    row = engine.run(select.sql(dialect=sql.DIALECT), query.values)[0]
    return [Size(name, int(found or 0), int(row[0])) for name, found in zip(conditions, row[1:], strict=True)]


def members(engine: DuckEngine, compiler: Callable[[], Compiler], condition: Condition, fields: Sequence[str], limit: int | None) -> Members:
    """Return members in the order of their ids; `limit` None: all of them."""
    query = members_query(compiler(), condition, fields)
    everyone = engine.run(_count(sql.table(CUSTOMERS)), {})[0][0]
    if limit is None:
        rows = engine.run(query.sql, query.values)
        return Members(len(rows), int(everyone), tuple(query.tree.named_selects), rows)
    size = engine.run(sql.counted(query), query.values)[0][0]
    first = sql.Query(query.tree.copy().limit(limit), query.values)
    return Members(int(size), int(everyone), tuple(query.tree.named_selects), engine.run(first.sql, first.values))


def _count(table: exp.Table) -> str:
    return exp.Select().select(exp.Count(this=exp.Star()), copy=False).from_(table, copy=False).sql(dialect=sql.DIALECT)
