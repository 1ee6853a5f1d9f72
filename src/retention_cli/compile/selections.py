"""`sql_file:` segments: one SELECT that gives customer_id, read into a tree and checked before any engine sees it.

It may name the project's sources and nothing else: no file, no function that reads one, no second statement. `$as_of` stands for
the moment. What it does not name is not copied for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.mail import OWN_EVENTS
from retention_cli.model.problem import Problem
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.compile.schema import Schema
    from retention_cli.model.condition import Selected

AS_OF = "as_of"
_HINT = "write one SELECT that gives customer_id"


@dataclass(frozen=True, slots=True)
class Selection:
    """A statement that may run: its text, written anew from its tree, and the sources that it reads."""

    text: str
    sources: tuple[str, ...]


def selection(node: Selected, schema: Schema) -> Selection | Problem:
    """Return what may run of a file of SQL, or what is wrong with it."""
    try:
        trees = [tree for tree in parse(str(node.text), read=sql.DIALECT) if tree is not None]
    except SqlglotError as error:
        return _problem(node, f"{node.file} is no SQL", str(error).splitlines()[0][:200])
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        return _problem(node, f"{node.file} is not one SELECT", _HINT)
    tree = trees[0]
    if CUSTOMER not in tree.named_selects:
        return _problem(node, f"{node.file} does not give {CUSTOMER}", _HINT)
    return _of_sources(node, tree, schema) or _written(tree)


def _of_sources(node: Selected, tree: exp.Query, schema: Schema) -> Problem | None:
    known = {*schema.sources} - {OWN_EVENTS}
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.args.get("db"):
            return _problem(node, f"{node.file} reads {table.sql(dialect=sql.DIALECT)[:60]!r}, and it may read only the project's sources")
        if table.name not in known | ctes:
            return _problem(node, f"{node.file} reads {table.name!r}, and there is no such source", did_you_mean(table.name, known))
    for placeholder in tree.find_all(exp.Placeholder, exp.Parameter):
        if placeholder.name != AS_OF:
            return _problem(node, f"{node.file} names a value ${placeholder.name}", "only $as_of is given")
    return None


def _written(tree: exp.Query) -> Selection:
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    sources = sorted({table.name for table in tree.find_all(exp.Table)} - ctes)
    return Selection(tree.sql(dialect=sql.DIALECT), tuple(sources))


def _problem(node: Selected, message: str, hint: str = "") -> Problem:
    return Problem(node.place, "bad-selection", message, hint or _HINT)
