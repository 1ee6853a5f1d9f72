"""How a group divides the customers of today: how many are in each division, who is in none and who fits two.

A witness is the customer with the smallest id, so that two looks name the same person.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.source import CUSTOMERS

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.group import Group


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two divisions that some customers fit both."""

    one: str
    other: str
    count: int
    witness: str


@dataclass(frozen=True, slots=True)
class Divided:
    """A group as it stands: `sizes` by division in order, out of `of` customers; `gap` are in no division.

    Overlaps are of the divisions' conditions, whatever their order then decides.
    """

    group: str
    of: int
    sizes: dict[str, int]
    gap: int
    gap_witness: str | None
    overlaps: tuple[Overlap, ...]


def divide(engine: DuckEngine, compiler: Compiler, group: Group) -> Divided:
    """Return how a group divides the customers, in one query."""
    name, names = str(group.name), group.names
    pairs = list(combinations(map(str, group.divisions), 2))
    row = dict(zip(_columns(names, pairs), _ask(engine, compiler, group, pairs), strict=True))
    overlaps = [Overlap(one, other, int(row[f"both_{n}"]), str(row[f"witness_{n}"])) for n, (one, other) in enumerate(pairs) if row[f"both_{n}"]]
    sizes = {each: int(row[f"size_{n}"]) for n, each in enumerate(names)}
    witness = None if row["gap_witness"] is None else str(row["gap_witness"])
    return Divided(name, int(row["of"]), sizes, int(row["gap"]), witness, tuple(overlaps))


def _columns(names: tuple[str, ...], pairs: list[tuple[str, str]]) -> list[str]:
    both = [name for n in range(len(pairs)) for name in (f"both_{n}", f"witness_{n}")]
    return ["of", *(f"size_{n}" for n in range(len(names))), "gap", "gap_witness", *both]


def _ask(engine: DuckEngine, compiler: Compiler, group: Group, pairs: list[tuple[str, str]]) -> tuple[Any, ...]:
    query = _query(compiler, group)
    inner = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("divided")))
    columns: list[exp.Expr] = [exp.Count(this=exp.Star())]
    columns += [exp.CountIf(this=sql.sure(exp.EQ(this=sql.col("division"), expression=exp.Literal.string(name)))) for name in group.names]
    nobody = exp.Is(this=sql.col("division"), expression=exp.Null())
    columns += [exp.CountIf(this=nobody), _witness(nobody)]
    places = {str(name): n for n, name in enumerate(group.divisions)}
    for one, other in pairs:
        both = exp.And(this=sql.col(f"fits_{places[one]}"), expression=sql.col(f"fits_{places[other]}"))
        columns += [exp.CountIf(this=both), _witness(both)]
    select = exp.Select().select(*columns, copy=False).from_(inner, copy=False)
    return engine.run(select.sql(dialect=sql.DIALECT), query.values)[0]


def _query(compiler: Compiler, group: Group) -> sql.Query:
    """Return a row a customer (of the segment that is divided): customer_id, division, and whether each condition fits."""
    found = compiler.field(str(group.name), group.name.place)
    division = exp.Null() if found is None else found.expression
    fits = [sql.aliased(compiler.condition(condition), f"fits_{n}") for n, condition in enumerate(group.divisions.values())]
    within = None if group.of is None else compiler.in_segment(group.of, group.of.place)
    select = compiler.scans.base().select(sql.col(CUSTOMER, CUSTOMERS), sql.aliased(division, "division"), *fits, copy=False)
    select = select if within is None else select.where(within, copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def _witness(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Min(this=sql.col(CUSTOMER)), expression=exp.Where(this=condition.copy()))
