"""How many are in a segment, and who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
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


@dataclass(frozen=True, slots=True)
class Pick:
    """Which members to show: the first `limit` by id; with `seed` at random, the same for the same seed; with `top` those with most of a field."""

    limit: int
    seed: int | None = None
    top: str | None = None


def sizes(engine: DuckEngine, compiler: Compiler, conditions: Mapping[str, Condition]) -> list[Size]:
    """Count all segments in one plan."""
    query = segments_query(compiler, conditions)
    inner = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("evaluated")))
    counts = [sql.aliased(exp.CountIf(this=sql.col(name)), name) for name in conditions]
    select = exp.Select().select(exp.Count(this=exp.Star()), *counts, copy=False).from_(inner, copy=False)
    row = engine.run(select.sql(dialect=sql.DIALECT), query.values)[0]
    return [Size(name, int(found or 0), int(row[0])) for name, found in zip(conditions, row[1:], strict=True)]


def members(engine: DuckEngine, compiler: Callable[[], Compiler], condition: Condition, fields: Sequence[str], pick: Pick) -> Members:
    """Return some members of a segment, with how many there are."""
    shown = [*fields, pick.top] if pick.top is not None and pick.top not in fields else fields
    query = members_query(compiler(), condition, shown)
    size, everyone = (engine.run(counting, values)[0][0] for counting, values in ((sql.counted(query), query.values), (_EVERYBODY, {})))
    values = {**query.values, **({} if pick.seed is None else {_SEED: f"{pick.seed}:"})}
    rows = engine.run(_picked(query.tree, pick).limit(pick.limit).sql(dialect=sql.DIALECT), values)
    return Members(int(size), int(everyone), tuple(query.tree.named_selects), rows)


_SEED = "seed_of_sample"
_EVERYBODY = exp.Select().select(exp.Count(this=exp.Star())).from_(sql.table(CUSTOMERS)).sql(dialect=sql.DIALECT)


def _picked(tree: exp.Query, pick: Pick) -> exp.Query:
    """Put the rows in the order they are picked by; a hash that any machine computes alike makes the sample."""
    by_id = exp.Ordered(this=sql.col(CUSTOMER, CUSTOMERS), nulls_first=False)
    if pick.top is not None:
        place = exp.Literal.number(tree.named_selects.index(pick.top) + 1)
        return tree.order_by(exp.Ordered(this=place, desc=True, nulls_first=False), by_id, append=False)
    if pick.seed is not None:
        mixed = sql.call("md5", sql.call("concat", exp.Placeholder(this=_SEED), sql.col(CUSTOMER, CUSTOMERS)))
        return tree.order_by(exp.Ordered(this=mixed, nulls_first=False), by_id, append=False)
    return tree.copy()
