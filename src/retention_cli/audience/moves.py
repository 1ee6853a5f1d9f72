"""Whom another meaning of the same conditions would move: two plans over the same facts, compared customer by customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.segments import segments_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition

_BEFORE, _AFTER = "before_change", "after_change"


@dataclass(frozen=True, slots=True)
class Move:
    """How many customers a condition would gain and lose, and how many it has now."""

    name: str
    size: int
    enter: int
    leave: int


def moves(engine: DuckEngine, before: Compiler, after: Compiler, conditions: Mapping[str, Condition]) -> list[Move]:
    """Return what changes for each condition, by its name, from one compiler's meaning to the other's."""
    if not conditions:
        return []
    numbered = {f"c{n}": condition for n, condition in enumerate(conditions.values())}
    for name, compiler in ((_BEFORE, before), (_AFTER, after)):
        query = segments_query(compiler, numbered)
        engine.execute(sql.created(name, query), query.values)
    row = engine.run(_compared(list(numbered)).sql(dialect=sql.DIALECT))[0]
    counts = [int(count or 0) for count in row]
    return [Move(name, *counts[3 * n : 3 * n + 3]) for n, name in enumerate(conditions)]


def _compared(columns: list[str]) -> exp.Select:
    """Count, a condition each, who was in it, who is in it anew, and who no longer is."""
    counted: list[exp.Expr] = []
    for column in columns:
        was, now = sql.col(column, _BEFORE), sql.col(column, _AFTER)
        counted += [
            exp.CountIf(this=was),
            exp.CountIf(this=exp.and_(now, sql.negated(was.copy()), copy=False)),
            exp.CountIf(this=exp.and_(was.copy(), sql.negated(now.copy()), copy=False)),
        ]
    on = exp.EQ(this=sql.col(CUSTOMER, _BEFORE), expression=sql.col(CUSTOMER, _AFTER))
    select = exp.Select().select(*counted, copy=False).from_(sql.table(_BEFORE), copy=False)
    return select.join(sql.table(_AFTER), on=on, join_type="inner", copy=False)
