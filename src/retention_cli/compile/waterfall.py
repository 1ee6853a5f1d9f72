"""What each condition of a segment leaves: in order, alone, and if it were left out; one row for all of it.

A segment whose parts must all hold loses people step by step; one of which any part may hold gains them. Parts within
parts are steps of their own where that changes nothing: `all` inside `all`, `none of a, b` as `not a` and `not b`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.segments import segments_query
from retention_cli.model.condition import All, AnyOf, NoneOf, Not

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Condition


@dataclass(frozen=True, slots=True)
class Steps:
    """The parts of a condition in order; `every` says whether all of them must hold, or any."""

    parts: tuple[Condition, ...]
    every: bool = True


def steps_of(condition: Condition) -> Steps:
    """Return the steps of a segment's condition; one that cannot be taken apart is a single step."""
    if isinstance(condition, AnyOf):
        return Steps(_alternatives(condition), every=False)
    return Steps(_demands(condition))


def _demands(node: Condition) -> tuple[Condition, ...]:
    match node:
        case All(parts=parts):
            return tuple(step for part in parts for step in _demands(part))
        case NoneOf(parts=parts):
            return tuple(Not(place=part.place, path=part.path, part=part) for part in parts)
        case _:
            return (node,)


def _alternatives(node: Condition) -> tuple[Condition, ...]:
    return tuple(step for part in node.parts for step in _alternatives(part)) if isinstance(node, AnyOf) else (node,)


def waterfall_query(compiler: Compiler, steps: Steps) -> sql.Query:
    """Return one row: `everyone`, then for each step `alone_n` (it holds), `left_n` (with all before it), `without_n` (all but it)."""
    names = [f"step_{n}" for n, _ in enumerate(steps.parts)]
    query = segments_query(compiler, dict(zip(names, steps.parts, strict=True)))
    holds = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("judged")))
    together: Callable[[Sequence[str]], exp.Expr] = _all if steps.every else _any
    columns: list[exp.Expr] = [sql.aliased(exp.Count(this=exp.Star()), "everyone")]
    for n, name in enumerate(names):
        columns += [
            sql.aliased(exp.CountIf(this=sql.col(name)), f"alone_{n}"),
            sql.aliased(exp.CountIf(this=together(names[: n + 1])), f"left_{n}"),
            sql.aliased(exp.CountIf(this=together([other for other in names if other != name])), f"without_{n}"),
        ]
    return sql.Query(exp.Select().select(*columns, copy=False).from_(holds, copy=False), query.values)


def _all(names: Sequence[str]) -> exp.Expr:
    return sql.both([sql.col(name) for name in names]) or sql.true()


def _any(names: Sequence[str]) -> exp.Expr:
    return sql.either(sql.col(name) for name in names)
