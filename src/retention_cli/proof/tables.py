"""Made-up rows as the tables that an import would have left: typed, in UTC, children with their parents' customers and times.

The tables are made once and filled anew for every test; nothing is written anywhere else. Values are read by the import's
own conversions, in the zone of their source; excluded rows, rows without a customer and children of neither stay out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.model.source import CUSTOMERS, ColumnType, EventColumn
from retention_cli.model.word import Word
from retention_cli.proof.columns import lent, parents_first
from retention_cli.sources import convert
from retention_cli.sources.exclude import row_sql
from retention_cli.sources.layout import Planned
from retention_cli.sources.naming import CUSTOMER, naming_of, roles_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.case import Row, Value
    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project
    from retention_cli.model.source import Column

_LIST = """from_json({value}, '["VARCHAR"]')"""
_ROWS = """SELECT unnest(from_json($rows, '[["VARCHAR"]]')) AS r"""


class Tables:
    """A table a source, in one session. `as_written`: rows stand exactly as given, an empty text is a value, and no key is made up."""

    def __init__(self, engine: DuckEngine, project: Project, catalog: Catalog, *, as_written: bool = False) -> None:
        self._engine = engine
        self._project = project
        self._catalog = catalog
        self._as_written = as_written
        self._order = [name for name in dict.fromkeys([*parents_first(project), CUSTOMERS]) if name in catalog.sources]
        self._inserts: dict[str, Sql] = {}
        self._full: list[str] = []
        convert.install_macros(engine)
        convert.need_scales(engine, [column.scale for name in self._order for column in self._columns(name).values()])
        engine.execute(joined((self._create(name) for name in self._order), "; "))

    def fill(self, given: Mapping[str, Sequence[Row]]) -> None:
        """Hold these rows and no others, by source; columns that rows lack are missing."""
        if self._full:
            self._engine.execute(joined((fill("DELETE FROM {table}", table=identifier(name)) for name in self._full), "; "))
        self._full = [name for name in self._order if given.get(name)]
        zone = ""
        for name in self._full:
            if zone != (zone := self._zone(name)):
                self._engine.execute(fill("SET TimeZone = {zone}", zone=literal(zone)))
            self._engine.execute(self._insert(name), {"rows": json.dumps(self._texts(name, given[name]), ensure_ascii=False)})
        self._engine.execute("SET TimeZone = 'UTC'")

    def _zone(self, name: str) -> str:
        source = self._project.sources.get(name)
        return str((source.timezone if source else None) or self._project.settings.timezone)

    def _columns(self, name: str) -> Mapping[str, Column]:
        return self._catalog.sources[name].columns

    def _own(self, name: str) -> list[Column]:
        borrowed = lent(self._project, name)
        return [column for column in self._columns(name).values() if column.name not in borrowed]

    def _create(self, name: str) -> Sql:
        columns = [
            fill("{name} {type}", name=identifier(column.name), type=convert.sql_type(column.type, column.scale))
            for column in self._columns(name).values()
        ]
        return fill("CREATE OR REPLACE TABLE {table} ({columns})", table=identifier(name), columns=joined(columns))

    def _texts(self, name: str, rows: Sequence[Row]) -> list[list[str | None]]:
        """Return the rows as texts in the order of the source's own columns; a key that is left out is made up."""
        key = roles_of(self._project, name).key if name in self._project.sources and not self._as_written else None
        columns = self._own(name)
        found = []
        for number, row in enumerate(rows, start=1):
            values: Mapping[str, Value] = {str(column): value for column, value in row.values.items()}
            if key is not None and key not in values:
                values = {**values, key: Word(f"{name}-{number}")}
            found.append([self._text(values.get(column.name), column.type) for column in columns])
        return found

    def _text(self, value: Value | None, kind: ColumnType) -> str | None:
        if value is None or (value == "" and not self._as_written):
            return None
        if kind is ColumnType.LIST:
            return json.dumps(value if isinstance(value, tuple) else [value], ensure_ascii=False)
        return str(value)

    def _insert(self, name: str) -> Sql:
        if name not in self._inserts:
            self._inserts[name] = self._inserted(name)
        return self._inserts[name]

    def _inserted(self, name: str) -> Sql:
        own, table = self._own(name), identifier(name)
        values = joined(
            fill("{value} AS {name}", value=self._value(name, column, n), name=identifier(column.name)) for n, column in enumerate(own, 1)
        )
        borrowed = [column for column in lent(self._project, name) if column in self._columns(name)]
        columns = [fill("{table}.{name}", table=table, name=identifier(column.name)) for column in own]
        return fill(
            "INSERT INTO {table} ({names}) SELECT {columns} FROM (SELECT {values} FROM ({rows})) AS {table}{parent}{wanted}",
            table=table,
            names=joined(identifier(column) for column in (*(column.name for column in own), *borrowed)),
            columns=joined(
                [*columns, *(fill("{parent}.{name}", parent=identifier(self._parent(name)), name=identifier(column)) for column in borrowed)]
            ),
            values=values,
            rows=Sql(_ROWS),
            parent=self._joined(name),
            wanted=self._wanted(name),
        )

    def _value(self, name: str, column: Column, n: int) -> Sql:
        """Return the value of a row's n-th text."""
        text = fill("r[{n}]", n=n)
        if column.type is ColumnType.LIST:
            return fill(_LIST, value=text)
        source = self._project.sources.get(name)
        if source is not None and isinstance(source.event, EventColumn) and column.name == roles_of(self._project, name).event:
            cases = [fill("WHEN {theirs} THEN {ours}", theirs=literal(theirs), ours=literal(ours)) for theirs, ours in source.event.names.items()]
            return fill("CASE {text} {cases} ELSE {text} END", text=text, cases=joined(cases, " ")) if cases else text
        return convert.from_text(Planned(column.name, column.origin, column.type, column.scale), text)

    def _parent(self, name: str) -> str:
        source = self._project.sources.get(name)
        parent = str(source.parent) if source and source.parent else ""
        return parent if parent in self._project.sources else ""

    def _joined(self, name: str) -> Sql:
        parent = self._parent(name)
        if not parent:
            return Sql("")
        own_key = roles_of(self._project, name).parent_key or ""
        key = naming_of(parent, self._project.sources[parent]).role(self._project.sources[parent].key) or own_key
        template = " JOIN {parent} ON {table}.{own} = {parent}.{key}"
        return fill(template, parent=identifier(parent), table=identifier(name), own=identifier(own_key), key=identifier(key))

    def _wanted(self, name: str) -> Sql:
        """Return which rows an import keeps."""
        source = self._project.sources.get(name)
        if source is None:
            return Sql("")
        parts = []
        if roles_of(self._project, name).customer is not None:
            parts.append(fill("{table}.{customer} IS NOT NULL", table=identifier(name), customer=identifier(CUSTOMER)))
        columns, zone = self._columns(name).values(), self._project.zone
        if source.where is not None:
            parts.append(fill("({wanted})", wanted=row_sql("where", source.where, name, columns, zone)))
        if source.exclude is not None:
            parts.append(fill("NOT ({excluded})", excluded=row_sql("exclude", source.exclude, name, columns, zone)))
        return fill(" WHERE {parts}", parts=joined(parts, " AND ")) if parts else Sql("")
