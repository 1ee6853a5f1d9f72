"""All segments in one plan, and one segment told part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.condition import Condition, Did, FieldTest, Total, walk
from retention_cli.model.source import CUSTOMERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.conditions import Compiler


def segments_query(compiler: Compiler, conditions: Mapping[str, Condition], fields: Sequence[str] = ()) -> sql.Query:
    """Return one query: customer_id, a boolean a segment (by its name), and further fields; one row a customer."""
    columns = [sql.aliased(compiler.condition(node), name) for name, node in conditions.items()]
    shown = _fields(compiler, fields)
    select = compiler.scans.base().select(sql.col(CUSTOMER, CUSTOMERS), *columns, *shown, copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def members_query(compiler: Compiler, condition: Condition, fields: Sequence[str]) -> sql.Query:
    """Return the members of one segment with these fields, ordered by customer_id."""
    holds, shown = compiler.condition(condition), _fields(compiler, fields)
    select = compiler.scans.base().select(sql.col(CUSTOMER, CUSTOMERS), *shown, copy=False)
    select = select.where(holds, copy=False).order_by(exp.Ordered(this=sql.col(CUSTOMER, CUSTOMERS), nulls_first=False), copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def _fields(compiler: Compiler, fields: Sequence[str]) -> list[exp.Expr]:
    from retention_cli.model.problem import NOWHERE  # noqa: PLC0415 - only a command line's field has no place

    found = [(name, compiler.field(name, NOWHERE)) for name in fields if name != CUSTOMER]
    return [sql.aliased(value.copied(), name) for name, value in found if value is not None]


@dataclass(frozen=True, slots=True)
class ExplainedQuery:
    """One row for one subject: `holds_n` for each part, `value_n` for each leaf, in the order of `parts`."""

    query: sql.Query
    parts: tuple[Condition, ...]


def explain_query(compiler: Compiler, condition: Condition) -> ExplainedQuery:
    """Return a query that tells each part of a condition, for the subjects of the compiler."""
    parts = tuple(walk(condition))
    columns: list[exp.Expr] = []
    for n, part in enumerate(parts):
        columns.append(sql.aliased(compiler.condition(part), f"holds_{n}"))
        if isinstance(part, FieldTest | Did | Total):
            value, _ = compiler.measured(part)
            columns.append(sql.aliased(value.copied() if value is not None else exp.Null(), f"value_{n}"))
    select = compiler.scans.base().select(*columns, copy=False)
    return ExplainedQuery(sql.finished(with_ctes(select, compiler.ctes()), compiler.values), parts)
