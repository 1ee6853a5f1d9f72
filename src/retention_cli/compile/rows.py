"""Conditions over rows: what `where:` asks of an event, and `exclude:` of an export's line.

A column is looked for in the row itself, then in its parent, then in its lookup; `orders.status` names one all the way.
What was needed of parent and lookup is noted, so that only those are joined. One whose key the row lacks is out of reach.
An event's time has an `hour`, `weekday`, `day`, `week` and `month` by the shop's clock, where no column is called so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.operators import Tests, Typed
from retention_cli.model.condition import All, AnyOf, Condition, Everyone, FieldTest, NoneOf, Not
from retention_cli.model.problem import Place, Problem
from retention_cli.model.question import Op
from retention_cli.model.source import Column, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.schema import Schema


HAPPENED_AT = "happened_at"
OF_TIME = ("hour", "weekday", "day", "week", "month", HAPPENED_AT)
"""What an event's time has: 0 to 23, monday to sunday, 1 to 31, the week's number (ISO 8601), 1 to 12, and itself."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

STORED = {
    ColumnType.TEXT: "varchar",
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "decimal(38, 6)",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIME: "timestamp",
    ColumnType.LIST: "varchar[]",
}
"""The SQL types of columns."""


@dataclass(slots=True)
class RowScope:
    """The columns in reach of a row of `source`; `joined` collects the sources that must be joined for them.

    `elsewhere` are columns that only other tables of the same events have: here they are missing, not mistaken.
    """

    schema: Schema
    source: str
    joined: set[str] = field(default_factory=set)
    tests: Tests | None = None
    elsewhere: Mapping[str, ColumnType] = field(default_factory=dict)

    def find(self, name: str) -> Typed | None:
        """Return the column of that name, None where no table in reach has it (or nothing is known of them)."""
        table, _, column = name.rpartition(".")
        named = [(table, column)] if table in self._reach() else []
        for candidate, wanted in [*((candidate, name) for candidate in self._reach()), *named]:
            if (found := self.schema.columns(candidate).get(wanted)) is not None:
                if candidate != self.source:
                    self.joined.add(candidate)
                return Typed(sql.col(found.name, candidate), found.type)
        return self._of_time(name) or self._missing(name)

    def _missing(self, name: str) -> Typed | None:
        kind = self.elsewhere.get(name)
        return None if kind is None else Typed(exp.cast(exp.Null(), STORED[kind], dialect=sql.DIALECT), kind)

    def _of_time(self, name: str) -> Typed | None:
        """Return a part of the event's time by the shop's clock."""
        time = self.schema.time(self.source) if name in OF_TIME else None
        if time is None or self.tests is None:
            return None
        local = self.tests.moment.local(sql.col(time, self.source), self.tests.values)
        if name == HAPPENED_AT:
            return Typed(sql.col(time, self.source), ColumnType.TIME)
        if name == "weekday":
            return Typed(exp.Lower(this=sql.call("dayname", local)), ColumnType.TEXT)
        return Typed(sql.call(name, local), ColumnType.INTEGER)

    def is_of_time(self, name: str) -> bool:
        """Whether a name means a part of the event's time here, and no column."""
        return name in OF_TIME and all(name not in self.schema.columns(table) for table in self._reach())

    def names(self) -> list[str]:
        """Return every column name in reach."""
        return sorted({column for table in self._reach() for column in self.schema.columns(table)})

    def _reach(self) -> list[str]:
        own = self.schema.columns(self.source)
        others = [table for table in (self.schema.parent(self.source), self.schema.lookup(self.source)) if table]
        return [self.source, *(other for other in others if self.schema.key(other) in own)]


def join_on_key(schema: Schema, source: str, other: str) -> exp.Join:
    """Return a left join of a parent or a lookup on its key."""
    key = schema.key(other) or ""
    on = exp.EQ(this=sql.col(key, source), expression=sql.col(key, other))
    return exp.Join(this=sql.table(other), side="LEFT", on=on)


def row_condition(node: Condition, scope: RowScope, tests: Tests) -> exp.Expr:
    """Return a two-valued expression over the columns of one row; mistakes are reported and read as false."""
    match node:
        case Everyone():
            return sql.true()
        case All(parts=parts):
            return sql.both([row_condition(part, scope, tests) for part in parts]) or sql.true()
        case AnyOf(parts=parts):
            return sql.either(row_condition(part, scope, tests) for part in parts)
        case NoneOf(parts=parts):
            return sql.negated(sql.either(row_condition(part, scope, tests) for part in parts))
        case Not(part=part):
            return sql.negated(row_condition(part, scope, tests))
        case FieldTest(field=name):
            return _field(node, scope, tests, name)
        case _:
            message = f"a condition on the rows of {scope.source} can only ask about their columns"
            tests.report(Problem(node.place, "not-a-column-test", message, f"columns: {', '.join(scope.names())}"))
            return sql.false()


def _field(node: FieldTest, scope: RowScope, tests: Tests, name: str) -> exp.Expr:
    found = scope.find(name)
    if found is None:
        if scope.schema.is_known(scope.source):
            tests.report(unknown_column(node.place, name, scope))
        return sql.false()
    if name == "weekday" and scope.is_of_time(name):
        _check_weekdays(node, tests)
    return tests.all_hold(found, node.tests, name.rpartition(".")[2])


def _check_weekdays(node: FieldTest, tests: Tests) -> None:
    """Report days that no week has: no row would ever have one."""
    for test in node.tests:
        if test.op in (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN):
            for value in test.values:
                if value not in WEEKDAYS and not (test.ignore_case and value.lower() in WEEKDAYS):
                    place = getattr(value, "place", test.place)
                    tests.report(Problem(place, "never-holds", f"{str(value)!r} is no day of the week", did_you_mean(value.lower(), WEEKDAYS)))


def unknown_column(place: Place, name: str, scope: RowScope) -> Problem:
    """Return the problem of a column that no table in reach has."""
    parts = OF_TIME if scope.schema.time(scope.source) is not None and scope.tests is not None else ()
    known = did_you_mean(name, scope.names())
    hint = did_you_mean(name, (*scope.names(), *parts)) if parts else known
    return Problem(place, "unknown-column", f"{scope.source} has no column {name!r}", hint if hint.startswith("did") else known)


@dataclass(frozen=True)
class _OneTable:
    """A schema of one table that is still being read: no parent, no lookup."""

    source: str
    known: Mapping[str, Column]

    def columns(self, source: str) -> Mapping[str, Column]:
        return self.known if source == self.source else {}

    def parent(self, _: str) -> None:
        return None

    def lookup(self, _: str) -> None:
        return None

    def is_known(self, _: str) -> bool:
        return True

    def key(self, _: str) -> None:
        return None

    def time(self, _: str) -> None:
        return None


def row_filter(condition: Condition, source: str, columns: Mapping[str, ColumnType], tests: Tests) -> exp.Expr:
    """Return a condition over a table's bare columns (of these types), as `exclude:` needs it."""
    known = {name: Column(name=name, type=kind, origin=name) for name, kind in columns.items()}
    scope = RowScope(_OneTable(source, known), source)  # type: ignore[arg-type]  # answers all that a scope asks
    return row_condition(condition, scope, tests)
