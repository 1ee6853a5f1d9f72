"""What is wrong in the rows of tests, and in what tests ask, once the sources' columns are known.

A row of a test is held to more than a row of an export: what an import would set aside or leave out in silence is here a
mistake of the test's own, told at its place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.schema import Schema
from retention_cli.model.case import Row
from retention_cli.model.condition import InSegment
from retention_cli.model.problem import Problem, warning
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.proof.asked import asked
from retention_cli.proof.columns import fitted, lent, with_own_events
from retention_cli.proof.happenings import Happenings, with_happenings
from retention_cli.sources.infer import fits
from retention_cli.sources.naming import CUSTOMER, roles_of
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.model.case import Case, Value
    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project
    from retention_cli.model.source import Column
    from retention_cli.model.word import Word

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_FORMS = {
    ColumnType.DATE: (ColumnType.DATE,),
    ColumnType.TIME: (ColumnType.TIME, ColumnType.DATE),
    ColumnType.INTEGER: (ColumnType.INTEGER,),
    ColumnType.DECIMAL: (ColumnType.DECIMAL,),
    ColumnType.BOOLEAN: (ColumnType.BOOLEAN,),
}
_LIKE = {
    ColumnType.DATE: "2026-05-01",
    ColumnType.TIME: "2026-05-01T09:00",
    ColumnType.INTEGER: "12",
    ColumnType.DECIMAL: "12.50",
    ColumnType.BOOLEAN: "true or false",
}


def check(project: Project, catalog: Catalog) -> list[Problem]:
    """Return every mistake in the project's tests that shows only once columns and events are known."""
    if not project.cases:
        return []
    widened = with_happenings(with_own_events(project), catalog)
    checking = _Checking(widened, catalog, fitted(widened, catalog))
    happenings = Happenings(widened, catalog)
    found = [problem for case in widened.cases for problem in (*happenings.problems(case), *checking.case(case))]
    return list(dict.fromkeys([*found, *_asked(project, catalog)]))


def _asked(project: Project, catalog: Catalog) -> Sequence[Problem]:
    """Compile what tests ask in words of their own; segments are checked where they stand."""
    schema = Schema.of(project.sources, catalog)
    compiler = Compiler(schema, Moment(_SOME_DAY, project.zone), project)
    for case in project.cases:
        for each in asked(case, lambda name: _kind(compiler, name)):
            if not isinstance(each.condition, InSegment):
                compiler.condition(each.condition)
    return [problem for problem in compiler.problems if problem.place.file in {case.test.place.file for case in project.cases}]


def _kind(compiler: Compiler, name: Word) -> ColumnType | None:
    found = compiler.field(name, name.place)
    return found.type if found is not None else None


class _Checking:
    def __init__(self, project: Project, known: Catalog, catalog: Catalog) -> None:
        self.project = project
        self.known = known
        self.catalog = catalog

    def case(self, case: Case) -> Iterator[Problem]:
        for source, rows in case.given.items():
            yield from self._columns(str(source), rows)
            yield from self._values(str(source), rows)
            yield from self._roles(str(source), rows)
            yield from self._events(str(source), rows)
            yield from self._keys(case, str(source), rows)
        changes: dict[str, list[Row]] = {}
        for each in case.when:
            if each.did is None and str(each.of or CUSTOMERS) in self.catalog.sources:
                changes.setdefault(str(each.of or CUSTOMERS), []).append(Row(values=each.changes, place=each.place, path=each.path))
        for changed, told in changes.items():
            yield from self._columns(changed, told)
            yield from self._values(changed, told)

    def _columns(self, source: str, rows: Sequence[Row]) -> Iterator[Problem]:
        """Tell each unknown column once a table."""
        known, borrowed = self.catalog.sources[source].columns, lent(self.project, source)
        first: dict[str, Word] = {}
        for row in rows:
            for column in row.values:
                first.setdefault(str(column), column)
        for name, column in first.items():
            if name in borrowed:
                parent = self.project.sources[source].parent
                yield Problem(column.place, "unknown-column", f"the {name} of {source} comes from {parent}", f"give it to the row of {parent}")
            elif name not in known:
                yield Problem(column.place, "unknown-column", f"{source} has no column {name!r}", self._instead(source, name, known))

    def _instead(self, source: str, name: str, known: Mapping[str, Column]) -> str:
        """Return what a column is called here, where the export's name was written."""
        spec = self.project.sources.get(source)
        ours = next((ours for ours, theirs in spec.columns.items() if str(theirs) == name), None) if spec else None
        if spec is not None and name in (spec.customer, spec.key if source == CUSTOMERS else None):
            ours = CUSTOMER
        return f"here it is called {ours!r}" if ours else did_you_mean(name, known)

    def _values(self, source: str, rows: Sequence[Row]) -> Iterator[Problem]:
        columns = self.catalog.sources[source].columns
        for row in rows:
            for name, value in row.values.items():
                column = columns.get(name)
                if column is not None and (said := _misfit(column, value)):
                    place = value[0].place if isinstance(value, tuple) and value else name.place if isinstance(value, tuple) else value.place
                    hint = f"write it like {_LIKE[column.type]}" if column.type in _LIKE else "write one value"
                    yield Problem(place, "wrong-value", f"{source}.{name} {said}", hint)

    def _roles(self, source: str, rows: Sequence[Row]) -> Iterator[Problem]:
        """Tell what a row needs to be one: its time, its event, its parent, its customer."""
        roles = roles_of(self.project, source) if source in self.project.sources else None
        needed = [name for name in (roles.time, roles.event, roles.parent_key) if name] if roles else []
        needed += [CUSTOMER] if source == CUSTOMERS else []
        for row in rows:
            given = {str(name): value for name, value in row.values.items()}
            for name in needed:
                if not given.get(name):
                    yield Problem(row.place, "missing-key", f"a row of {source} needs {name!r}", f"add {name}: …")
            if roles is not None and roles.customer and source != CUSTOMERS and CUSTOMER not in given:
                hint = f'add {CUSTOMER}: …; {CUSTOMER}: "" is a row without a customer, which an import leaves out'
                yield Problem(row.place, "missing-key", f"a row of {source} needs {CUSTOMER!r}", hint)

    def _events(self, source: str, rows: Sequence[Row]) -> Iterator[Problem]:
        column = roles_of(self.project, source).event if source in self.project.sources else None
        known = self.known.sources.get(source)
        if column is None or known is None or known.events is None:
            return
        names = self.project.sources[source].event
        words = {*known.events, *(getattr(names, "names", {}) or {}).keys(), *(getattr(names, "names", {}) or {}).values()}
        for row in rows:
            value = next((value for name, value in row.values.items() if name == column), None)
            if value and not isinstance(value, tuple) and value not in words:
                yield warning(value.place, "unknown-event", f"no row of {source} was an event {str(value)!r} so far", did_you_mean(value, words))

    def _keys(self, case: Case, source: str, rows: Sequence[Row]) -> Iterator[Problem]:
        """Tell keys that stand twice, and children whose parent is not there: an import would drop them."""
        roles = roles_of(self.project, source) if source in self.project.sources else None
        key = roles.key if roles else CUSTOMER
        first: dict[str, Word] = {}
        for value in _column(rows, key):
            if (earlier := first.setdefault(str(value), value)) is not value:
                message = f"two rows of {source} have the {key} {str(value)!r}; the first is on line {earlier.place.line}"
                yield Problem(value.place, "duplicate-name", message, "an import would keep the last one alone")
        parent = str(self.project.sources[source].parent) if roles and roles.parent_key else ""
        if roles is None or parent not in self.project.sources:
            return
        there = {str(value) for value in _column(_rows(case, parent), roles_of(self.project, parent).key)}
        for value in _column(rows, roles.parent_key):
            if value not in there:
                message = f"no row of {parent} has the {roles_of(self.project, parent).key} {str(value)!r}"
                yield Problem(value.place, "wrong-value", message, did_you_mean(value, there) or f"give {parent} a row with it")


def _rows(case: Case, source: str) -> Sequence[Row]:
    return next((rows for name, rows in case.given.items() if name == source), ())


def _column(rows: Sequence[Row], column: str | None) -> Iterator[Word]:
    for row in rows:
        for name, value in row.values.items():
            if name == column and value and not isinstance(value, tuple):
                yield value


def _misfit(column: Column, value: Value) -> str:
    """Return what is wrong with a value, nothing where it fits; an empty text is no value, and fits everywhere."""
    if isinstance(value, tuple):
        return "" if column.type is ColumnType.LIST else f"is {column.type}, and this is a list"
    forms = _FORMS.get(column.type)
    if not value or forms is None or any(fits(value, form) for form in forms):
        return ""
    return f"is {column.type}, and {str(value)!r} is none"
