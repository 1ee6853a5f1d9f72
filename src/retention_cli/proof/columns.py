"""Which columns made-up rows may have, and of which type.

A source that is settled, or whose export can be looked into, has the columns that are known of it, and besides those that
retention.yml names. A source that was never seen has what the project's tests give it: so a new project can be tested
before its first import. Types come from the same rules as at an import; the values tell the rest.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.condition import FieldTest, walk
from retention_cli.model.kept_field import TAGS
from retention_cli.model.mail import EVENTS, OWN_EVENTS, own_columns, own_source
from retention_cli.model.source import CUSTOMERS, Column, ColumnType, EventColumn
from retention_cli.model.word import Word
from retention_cli.sources.infer import fits, guess
from retention_cli.sources.layout import MONEY, WIDEST_SCALE, type_without_values
from retention_cli.sources.naming import lent_names, roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retention_cli.model.case import Value
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source

_MONEY_SCALE = 2
_KEPT_SCALE = 10
_BY_CLOCK = (ColumnType.DATE, ColumnType.TIME)


def fitted(project: Project, catalog: Catalog) -> Catalog:
    """Return what is known of every source, with the columns and events that the project's tests bring."""
    given = _given(project)
    if OWN_EVENTS in project.sources:
        catalog = Catalog({**catalog.sources, OWN_EVENTS: SourceSchema(OWN_EVENTS, own_columns(), EVENTS)})
    found: dict[str, SourceSchema] = {CUSTOMERS: SourceSchema(CUSTOMERS, {CUSTOMER: _id()})}
    for name in parents_first(project):
        columns = _own(project, catalog, name, given[name])
        parent = found.get(str(project.sources[name].parent))
        lent = {column: parent.columns[column] for column in lent_names(project, name) if parent and column in parent.columns}
        found[name] = SourceSchema(name, columns | lent, _events(project, catalog, name, given[name]))
    return Catalog(found)


def with_own_events(project: Project) -> Project:
    """Return the project with the tool's own events as one more source, to which tests may give rows like to any other."""
    sources = {**project.settings.sources, Word(OWN_EVENTS): own_source()}
    return project.model_copy(update={"settings": project.settings.model_copy(update={"sources": sources})})


def parents_first(project: Project) -> list[str]:
    """Return the sources' names, each behind the one that it borrows from."""
    placed: dict[str, None] = {}

    def place(name: str, below: tuple[str, ...]) -> None:
        parent = str(project.sources[name].parent)
        if parent in project.sources and parent not in below:
            place(parent, (*below, name))
        placed[name] = None

    for name in project.sources:
        place(name, ())
    return list(placed)


def lent(project: Project, name: str) -> list[str]:
    """Return the columns that a source takes from its parent's rows and not from its own."""
    return lent_names(project, name) if name in project.sources else []


def _id() -> Column:
    return Column(name=CUSTOMER, type=ColumnType.TEXT, origin=CUSTOMER)


def _given(project: Project) -> Mapping[str, Mapping[str, list[Value]]]:
    """Return all values that tests give, by source and column."""
    found: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for case in project.cases:
        for source, rows in case.given.items():
            for row in rows:
                for column, value in row.values.items():
                    found[str(source)][str(column)].append(value)
    return found


def _own(project: Project, catalog: Catalog, name: str, given: Mapping[str, list[Value]]) -> dict[str, Column]:
    source, known = project.sources[name], catalog.sources.get(name)
    columns = dict(known.columns) if known else {}
    named = [*roles_of(project, name).named, *source.columns, *source.types]
    if known is None:
        named += [*([project.settings.contacts.email] if name == CUSTOMERS else []), *_excluding(name, source), *given]
    for column in named:
        if column not in columns and column not in lent_names(project, name):
            kind = type_without_values(project, name, column) or _told(given.get(column, ()))
            columns[column] = Column(name=column, type=kind, origin=column, scale=_scale(column, kind, given.get(column, ())))
    return columns | (_kept(project, columns) if name == CUSTOMERS else {})


def _kept(project: Project, columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the fields that the ledger keeps as columns: tests say what stands in them at first."""
    kinds = {name: kept.column_type for name, kept in project.kept_fields.items()} | ({TAGS: ColumnType.LIST} if project.keeps_tags else {})
    scale = {ColumnType.DECIMAL: _KEPT_SCALE}
    return {name: Column(name=name, type=kind, origin=name, scale=scale.get(kind, 0)) for name, kind in kinds.items() if name not in columns}


def _excluding(name: str, source: Source) -> list[str]:
    """Return the columns by which rows are left out."""
    nodes = walk(source.exclude) if source.exclude is not None else []
    return [str(node.field).removeprefix(f"{name}.") for node in nodes if isinstance(node, FieldTest)]


def _told(values: Iterable[Value]) -> ColumnType:
    """Return the type that values suggest; dates among times are times."""
    found = list(values)
    if any(isinstance(value, tuple) for value in found):
        return ColumnType.LIST
    texts = [str(value) for value in found if value]
    if texts and all(any(fits(text, kind) for kind in _BY_CLOCK) for text in texts):
        return ColumnType.TIME if any(fits(text, ColumnType.TIME) for text in texts) else ColumnType.DATE
    return guess(texts)


def _scale(column: str, kind: ColumnType, values: Iterable[Value]) -> int:
    if kind is not ColumnType.DECIMAL:
        return 0
    digits = [len(str(value).partition(".")[2]) for value in values if not isinstance(value, tuple)]
    return min(WIDEST_SCALE, max([*digits, _MONEY_SCALE if column in MONEY else 0]))


def _events(project: Project, catalog: Catalog, name: str, given: Mapping[str, list[Value]]) -> tuple[str, ...] | None:
    source, known = project.sources[name], catalog.sources.get(name)
    seen = known.events if known else None
    if not isinstance(source.event, EventColumn) or seen is None:
        return seen
    column = roles_of(project, name).event or ""
    return tuple(sorted({*seen, *(source.event.names.get(str(value), str(value)) for value in given.get(column, ()) if value)}))
