"""What tells a segment from everyone: its customers' fields beside those of all, as a few queries over one table.

First everybody's fields and whether they are a member go into a table, from the one-pass plan; then that table is asked
for a summary of every field, for the values of those that have few, and for where the members' middle lies among all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import with_ctes
from retention_cli.model.problem import NOWHERE
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Condition

TABLE = "profiled"
MEMBER = "is_member"
ORDERED = frozenset({ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.DATE, ColumnType.TIME})
"""Types whose values have a middle; the others are told by value."""
_QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Profiled:
    """The query of the table: `is_member` and `field_n` for the fields in order; a field that is nowhere is left out."""

    query: sql.Query
    fields: Mapping[str, ColumnType]

    def column(self, field: str) -> str:
        """Return the column of a field."""
        return f"field_{list(self.fields).index(field)}"


def profiled_query(compiler: Compiler, condition: Condition, fields: Sequence[str]) -> Profiled:
    """Return everybody's fields, and whether they are members."""
    found = {name: value for name in fields if (value := compiler.field(name, NOWHERE)) is not None}
    columns: list[exp.Expr] = [sql.aliased(compiler.condition(condition), MEMBER)]
    columns += [sql.aliased(value.copied(), f"field_{n}") for n, value in enumerate(found.values())]
    select = compiler.scans.base().select(*columns, copy=False)
    query = sql.finished(with_ctes(select, compiler.scans.ctes()), compiler.values)
    return Profiled(query, {name: value.type for name, value in found.items()})


def summary_query(profiled: Profiled) -> sql.Query:
    """Return one row: `everyone`, `members`, and for each field known, known_here, distinct, quartiles and quartiles_here (null if unordered)."""
    columns: list[exp.Expr] = [exp.Count(this=exp.Star()), exp.CountIf(this=sql.col(MEMBER))]
    for field, kind in profiled.fields.items():
        column = sql.col(profiled.column(field))
        columns += [exp.Count(this=column), _here(exp.Count(this=column.copy())), sql.call("approx_count_distinct", column.copy())]
        columns += _quartiles(column) if kind in ORDERED else [exp.Null(), exp.Null()]
    return sql.Query(_named(columns), {})


def _quartiles(column: exp.Column) -> list[exp.Expr]:
    points = exp.Array(expressions=[exp.Literal.number(str(point)) for point in _QUARTILES])
    cut = sql.call("quantile_disc", column.copy(), points)
    return [cut, _here(cut.copy())]


def _here(aggregate: exp.Expr) -> exp.Filter:
    return exp.Filter(this=aggregate, expression=exp.Where(this=sql.col(MEMBER)))


def _named(columns: Sequence[exp.Expr]) -> exp.Select:
    named = [sql.aliased(column, f"column_{n}") for n, column in enumerate(columns)]
    return exp.Select().select(*named, copy=False).from_(sql.table(TABLE), copy=False)


def positions_query(profiled: Profiled, middles: Mapping[str, sql.Value]) -> sql.Query:
    """Return one row: for each field, which part of everyone lies below its value in `middles`, ties counted half."""
    values, columns = sql.Values(), []
    for field, middle in middles.items():
        column, place = sql.col(profiled.column(field)), values.bind(middle, field)
        below = exp.CountIf(this=exp.LT(this=column, expression=place))
        equal = exp.CountIf(this=exp.EQ(this=column.copy(), expression=place.copy()))
        half = exp.Paren(this=exp.Add(this=below, expression=exp.Div(this=equal, expression=exp.Literal.number("2.0"))))
        columns.append(sql.quotient(half, exp.Count(this=column.copy())))
    return sql.Query(_named(columns), dict(values.by_name))


def values_query(profiled: Profiled, fields: Sequence[str], fewest_here: int, fewest_everyone: int) -> sql.Query:
    """Return (field, value as text, here, everyone) of values that enough people have, here or in all; null is none, a list counts by element."""
    union: exp.Query | None = None
    for n, field in enumerate(fields):
        select = _values(profiled, field, n, fewest_here, fewest_everyone)
        union = select if union is None else exp.Union(this=union, expression=select, distinct=False)
    if union is None:
        raise ValueError("there is no field to ask for its values")
    return sql.Query(union, {})


def _values(profiled: Profiled, field: str, n: int, fewest_here: int, fewest_everyone: int) -> exp.Select:
    column: exp.Expr = sql.col(profiled.column(field))
    if profiled.fields[field] is ColumnType.LIST:
        column = sql.call("unnest", sql.call("list_distinct", column))
    elif profiled.fields[field] is ColumnType.TEXT:
        column = exp.Nullif(this=column, expression=exp.Literal.string(""))
    value = sql.aliased(exp.cast(column, "varchar", dialect=sql.DIALECT), "value")
    rows = exp.Select().select(value, sql.col(MEMBER), copy=False).from_(sql.table(TABLE), copy=False)
    inner = exp.Subquery(this=rows, alias=exp.TableAlias(this=sql.name("told")))
    here, everyone = exp.CountIf(this=sql.col(MEMBER)), exp.Count(this=exp.Star())
    counted = [sql.aliased(here, "here"), sql.aliased(everyone, "everyone")]
    select = exp.Select().select(sql.aliased(sql.number(n), "field"), sql.col("value"), *counted, copy=False).from_(inner, copy=False)
    select = select.group_by(sql.col("value"), copy=False)
    enough = [
        exp.GTE(this=here.copy(), expression=sql.number(fewest_here)),
        exp.GTE(this=everyone.copy(), expression=sql.number(fewest_everyone)),
    ]
    return select.having(sql.either(enough), copy=False)
