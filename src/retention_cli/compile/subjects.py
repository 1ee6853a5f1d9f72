"""Everything that a tick asks of journeys, in one query: exits, branches, audiences, and the fields that templates read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.compile import sql
from retention_cli.compile.scans import with_ctes
from retention_cli.model.problem import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Condition, Total


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of every subject: named conditions (two-valued), named totals, fields of the customer, and flags, which are told like fields."""

    conditions: Mapping[str, Condition]
    fields: Sequence[str] = ()
    totals: Mapping[str, Total] | None = None
    flags: Mapping[str, Condition] | None = None


def subjects_query(compiler: Compiler, questions: Questions) -> sql.Query:
    """Return one row a subject whose customer is there: `subject`, a column a condition, a total, a field (`field_NAME`)."""
    columns: list[exp.Expr] = [sql.col(compiler.subject.key, compiler.subject.table)]
    columns += [sql.aliased(compiler.condition(node), name) for name, node in questions.conditions.items()]
    for name, total in (questions.totals or {}).items():
        value = compiler.total(total)
        if value is not None:
            columns.append(sql.aliased(value.expression, name))
    for name in questions.fields:
        found = compiler.field(name, NOWHERE)
        if found is not None:
            columns.append(sql.aliased(found.told(), f"field_{name}"))
    columns += [sql.aliased(compiler.condition(node), f"field_{name}") for name, node in (questions.flags or {}).items()]
    select = compiler.scans.base().select(*columns, copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)
