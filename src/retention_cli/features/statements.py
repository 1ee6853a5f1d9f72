"""The named statements of this folder, as trees."""

from __future__ import annotations

from functools import cache

from sqlglot import exp, parse_one

from retention_cli.compile import sql
from retention_cli.engine.statements import statement

_QUERIES = "retention_cli.features.queries"


@cache
def tree(name: str) -> exp.Select:
    """Return `name.sql` as a tree; whoever changes it copies it first."""
    return parse_one(statement(_QUERIES, name), dialect=sql.DIALECT, into=exp.Select)
