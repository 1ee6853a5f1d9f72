"""Values that conditions name and no row has: a slip of the pen more often than not.

Only texts of columns with few different values are looked at: names and ids are as many as people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.rows import RowScope
from retention_cli.model.condition import Condition, Did, EventQuery, EventsLike, FieldTest, Follow, Total, walk
from retention_cli.model.problem import Place, Problem, warning
from retention_cli.model.question import Op
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine

MOST = 5_000
_NAMING = (Op.IS, Op.IN, Op.IS_NOT, Op.NOT_IN)


@dataclass(frozen=True, slots=True)
class Named:
    """A text that is asked of a column of a source."""

    source: str
    column: str
    value: str
    place: Place


def unheard(engine: DuckEngine, schema: Schema, conditions: Iterable[Condition], sources: Collection[str]) -> Iterator[Problem]:
    """Yield a warning for each text that no row of its column has; `sources` are those that the engine holds."""
    named: dict[tuple[str, str], list[Named]] = {}
    for condition in conditions:
        for each in _named(condition, schema):
            if each.source in sources:
                named.setdefault((each.source, each.column), []).append(each)
    for (source, column), asked in sorted(named.items()):
        known = _values(engine, source, column)
        if known is None:
            continue
        for each in asked:
            if each.value not in known:
                message = f"no row of {source} has {each.value!r} in {column}"
                yield warning(each.place, "value-unheard", message, did_you_mean(each.value, known))


def _values(engine: DuckEngine, source: str, column: str) -> set[str] | None:
    """Return the different values of a column; None where there are too many to tell a slip by."""
    select = exp.Select().select(sql.col(column), copy=False).distinct(copy=False).from_(sql.table(source), copy=False).limit(MOST + 1)
    found = {str(row[0]) for row in engine.run(select.sql(dialect=sql.DIALECT)) if row[0] is not None}
    return found if 0 < len(found) <= MOST else None


def _named(condition: Condition, schema: Schema) -> Iterator[Named]:
    for node in walk(condition):
        if isinstance(node, FieldTest):
            column = schema.customer_fields.get(str(node.field).removeprefix(f"{CUSTOMERS}."))
            if column is not None and column.type is ColumnType.TEXT:
                yield from _of(node, CUSTOMERS, column.name)
        elif isinstance(node, Did | Total):
            yield from _in_query(node.query, schema)


def _in_query(query: EventQuery | Follow, schema: Schema) -> Iterator[Named]:
    """Yield what is asked of events that stand in one table; of several a value may be any one's."""
    sources = {table.source for event in query.events if not isinstance(event, EventsLike) for table in schema.tables_of(str(event))}
    sources |= {schema.facts[str(event)].source for event in query.events if str(event) in schema.facts}
    if query.where is not None and len(sources) == 1:
        scope = RowScope(schema, sources.pop())
        for node in walk(query.where):
            found = scope.find(str(node.field)) if isinstance(node, FieldTest) else None
            if isinstance(node, FieldTest) and found is not None and found.type is ColumnType.TEXT and isinstance(found.expression, exp.Column):
                yield from _of(node, found.expression.table, found.expression.name)
    for follow in (*query.followed_by, *query.not_followed_by):
        yield from _in_query(follow, schema)


def _of(node: FieldTest, source: str, column: str) -> Iterator[Named]:
    for test in node.tests:
        if test.op in _NAMING and not test.ignore_case:
            yield from (Named(source, column, str(value), getattr(value, "place", test.place)) for value in test.values)
