"""Fixed SQL stands in files beside the code that runs it: one statement a file, with a comment for why."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@cache
def statement(package: str, name: str) -> str:
    """Return the text of `name.sql` in a package's folder of queries."""
    return (files(package) / f"{name}.sql").read_text(encoding="utf-8")


@cache
def tree(package: str, name: str) -> exp.Select:
    """Return `name.sql` as a tree, to stand among others in one plan; whoever changes it copies it first."""
    from sqlglot import exp, parse_one  # noqa: PLC0415 - not all that has statements parses them

    from retention_cli.compile import sql  # noqa: PLC0415 - as above

    return parse_one(statement(package, name), dialect=sql.DIALECT, into=exp.Select)
