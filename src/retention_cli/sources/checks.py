"""`checks:`: what must hold of a source's rows, asked of its snapshot as of the moment of the run.

A check is asked of the rows that have every column it names; one that asks whether a column is present is asked of all.
More rows that fail than `max_bad_rows` stop a run, as bad rows do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import Moment
from retention_cli.compile.operators import Tests
from retention_cli.compile.rows import row_filter
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.errors import ProjectInvalid
from retention_cli.model.condition import FieldTest, walk
from retention_cli.model.question import Op
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.model.condition import Condition
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.model.snapshot import Snapshot
    from retention_cli.model.source import ColumnType

_ABOUT_PRESENCE = frozenset({Op.PRESENT, Op.MISSING})


def failed_checks(project: Project, snapshot: Snapshot, as_of: datetime) -> list[tuple[str, int, str]]:
    """Return a source's checks as (name, rows that fail, what to say); raises ProjectInvalid for one that cannot be asked."""
    conditions = project.sources[snapshot.source].checks if snapshot.source in project.sources else ()
    if not conditions:
        return []
    columns = {column.name: column.type for column in snapshot.columns}
    problems: list[Problem] = []
    values = sql.Values()
    tests = Tests(Moment(as_of, project.zone), values, problems.append)
    fails = [_fails(condition, snapshot.source, columns, tests) for condition in conditions]
    if problems:
        raise ProjectInvalid(problems)
    bound = values.by_name
    filled = [tree.transform(lambda node: sql.literal(bound[node.name]) if isinstance(node, exp.Placeholder) else node) for tree in fails]
    counts = joined(fill("count(*) FILTER ({fails})", fails=Sql(tree.sql(dialect=sql.DIALECT))) for tree in filled)
    query = fill(
        "SELECT {counts} FROM read_parquet({path}) AS {source}", counts=counts, path=literal(snapshot.path), source=identifier(snapshot.source)
    )
    with DuckEngine.within(project.limits) as engine:
        found = engine.run(query)[0]
    return [_told(condition, count, snapshot.rows) for condition, count in zip(conditions, found, strict=True)]


def _fails(condition: Condition, source: str, columns: Mapping[str, ColumnType], tests: Tests) -> exp.Expr:
    fails = sql.negated(row_filter(condition, source, columns, tests))
    asked = {node.field for node in walk(condition) if isinstance(node, FieldTest) and not {test.op for test in node.tests} & _ABOUT_PRESENCE}
    there = [sql.present(sql.col(name, source)) for name in sorted(asked) if name in columns]
    return sql.both([fails, *there]) or fails


def _told(condition: Condition, count: int, rows: int) -> tuple[str, int, str]:
    fields = list(dict.fromkeys(node.field for node in walk(condition) if isinstance(node, FieldTest)))
    place = getattr(condition, "place", None)
    where = f" ({place.file}:{place.line})" if place is not None and place.file else ""
    return f"check {', '.join(fields)}", count, f"{count:,} of {plural(rows, 'row')} do not hold to it{where}"
