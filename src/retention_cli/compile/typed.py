"""A value in SQL with the type of what it gives."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.model.source import ColumnType


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with the type of what it gives."""

    expression: exp.Expr
    type: ColumnType
    never_null: bool = False

    def decided(self, comparison: exp.Expr) -> exp.Expr:
        """Make a comparison of this value two-valued; what can never be missing needs nothing."""
        return comparison if self.never_null else sql.sure(comparison)

    def told(self) -> exp.Expr:
        """Return the value as templates are told it: a time as RFC 3339 text in UTC, all else as it is."""
        if self.type is not ColumnType.TIME:
            return self.copied()
        return sql.call("strftime", self.copied(), exp.Literal.string("%Y-%m-%dT%H:%M:%SZ"))

    def copied(self) -> exp.Expr:
        """A fresh copy: a node hangs in one tree only."""
        return self.expression.copy()
