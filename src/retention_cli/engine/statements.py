"""Fixed SQL stands in files beside the code that runs it: one statement a file, with a comment for why.

A comment `-- Nothing without: movers, exits.` says that a statement gives, makes or changes nothing where all of these tables are
empty. To plan a long statement takes longer than to run it on a few people, so then it is not even planned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


_WITHOUT = re.compile(r"^-- Nothing without: ([a-z_, ]+)\.$", re.MULTILINE)
_TARGET = re.compile(r"^CREATE OR REPLACE TABLE ([a-z_]+) AS$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Needs:
    """The tables without whose rows a statement comes to nothing, and the table that it makes, if it makes one."""

    tables: tuple[str, ...]
    makes: str | None


@cache
def needs_of(sql: str) -> Needs | None:
    """Return what a statement says that it needs, None where it says nothing; raises ValueError for a table made in another way."""
    found, target = _WITHOUT.search(sql), _TARGET.search(sql)
    if found is None:
        return None
    if target is None and "CREATE" in sql:
        raise ValueError("a statement that says what it needs and makes a table begins with CREATE OR REPLACE TABLE name AS")
    return Needs(tuple(found[1].split(", ")), target[1] if target else None)


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
