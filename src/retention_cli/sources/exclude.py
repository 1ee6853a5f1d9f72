"""`where:` and `exclude:` as SQL over a source's own rows. A snapshot has no `as_of`, so a condition that needs one is a mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import Moment
from retention_cli.compile.operators import Tests
from retention_cli.compile.rows import row_filter
from retention_cli.engine.quoting import Sql
from retention_cli.errors import ProjectInvalid
from retention_cli.model.condition import Condition, FieldTest, walk
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from retention_cli.model.source import Column

_RELATIVE = frozenset({Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.ANNIVERSARY_IN, Op.ANNIVERSARY_ON})
_POINTS = frozenset({Op.BEFORE, Op.AFTER, Op.BETWEEN, Op.DURING})


def row_sql(word: str, condition: Condition, source: str, columns: Iterable[Column], zone: ZoneInfo) -> Sql:
    """Return a two-valued condition over a table named for the source; raises ProjectInvalid with all that is wrong."""
    problems = [
        _needs_as_of(word, node)
        for node in walk(condition)
        if isinstance(node, FieldTest) and any(_relative(test.op, test.values) for test in node.tests)
    ]
    values = sql.Values()
    tests = Tests(Moment(datetime(1970, 1, 1, tzinfo=UTC), zone), values, problems.append)
    tree = row_filter(condition, source, {column.name: column.type for column in columns}, tests)
    if problems:
        raise ProjectInvalid(problems)
    bound = values.by_name
    written = tree.transform(lambda node: sql.literal(bound[node.name]) if isinstance(node, exp.Placeholder) else node)
    return Sql(written.sql(dialect=sql.DIALECT))


def _relative(op: Op, values: tuple[str, ...]) -> bool:
    return op in _RELATIVE or (op in _POINTS and any(not value[:4].isdigit() or value.endswith(("ago", "now")) for value in values))


def _needs_as_of(word: str, node: FieldTest) -> Problem:
    message = f"`{word}` cannot ask how long ago {node.field!r} was: rows are chosen once, when the file is imported"
    return Problem(node.place, "exclude-needs-as-of", message, "put it into the segment or the campaign")
