"""What a source's columns become: our name, the type as far as it is settled, and which of them must be there.

Types, the first that speaks wins: `types:`, the role (ids are text, the event's time is a time), the lock, the known
columns, a name that says id; what none of them settles is told from the values at the first import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retention_cli.errors import GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.model.source import KNOWN_TYPES, Clean, Column, ColumnType, EventColumn, Source, TypeSpec
from retention_cli.sources.naming import CUSTOMER, loose, naming_of, roles_of
from retention_cli.text import did_you_mean, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.sources.header import Header
    from retention_cli.sources.naming import Naming, Roles

MONEY = frozenset(name for name, kind in KNOWN_TYPES.items() if kind is ColumnType.DECIMAL)
WIDEST_SCALE = 4
_ID_NAME = re.compile(r"(?i:.*[_ -])?(?i:id)|.*[a-z]I[Dd]")


@dataclass(frozen=True, slots=True)
class Planned:
    """A column before its values were seen. `type` None: to be told from them; `scale` None: likewise.

    `parts` are the export's columns that it is made of; `dress`, `spec`, `clean` and `missing` say how its texts are read.
    """

    name: str
    origin: str
    type: ColumnType | None
    scale: int | None = None
    parts: tuple[str, ...] = ()
    dress: CsvFormat = field(default_factory=CsvFormat)
    spec: TypeSpec | None = None
    clean: tuple[Clean, ...] = ()
    missing: tuple[str, ...] = ()

    def settled(self, kind: ColumnType, scale: int = 0) -> Column:
        """Return the column with what its values said."""
        return Column(name=self.name, type=kind, origin=self.origin, scale=scale)

    @property
    def needs(self) -> tuple[str, ...]:
        """The export's columns that it is read from."""
        return self.parts or (self.origin,)


@dataclass(frozen=True, slots=True)
class Layout:
    """A source's file columns in order, and their roles. `warnings` are what a user should hear about the files.

    `dress` is how numbers and dates are written in all of its files; `was` are the types that the lock has, by our name.
    """

    columns: tuple[Planned, ...]
    roles: Roles
    warnings: tuple[str, ...] = ()
    dress: CsvFormat = field(default_factory=CsvFormat)
    was: Mapping[str, ColumnType] = field(default_factory=dict)

    def at(self, name: str) -> int:
        """Return a column's place."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)


def lay_out(project: Project, name: str, headers: Sequence[tuple[str, Header]], lock: SourceLock | None) -> Layout:
    """Return the layout of a source's files (name to show, header); raises GuardStopped where a column is missing.

    The last file by name says which columns there are; an older one may lack some, and what only older ones have stays out.
    """
    source, roles = project.sources[name], roles_of(project, name)
    header = headers[-1][1].names
    naming = naming_of(name, source, header)
    dress = _values_dress(headers)
    _refuse_missing(headers, _expected(naming, roles, lock), naming, roles)
    ignored = {loose(str(column)) for column in source.ignore}
    origins = [origin for origin in header if loose(origin) not in ignored]
    made = [naming.made(ours) for ours in source.combine]
    rules = _Rules(project, source, roles, lock)
    columns = tuple(_planned(naming, origin, headers, dress, rules) for origin in (*origins, *made))
    _refuse_twins(name, columns)
    was = {naming.ours(column.origin): column.type for column in lock.columns} if lock else {}
    return Layout(columns, roles, tuple(_other_columns(headers, origins)), dress, was)


def _values_dress(headers: Sequence[tuple[str, Header]]) -> CsvFormat:
    """Return how numbers and dates are written in all files; raises GuardStopped where they differ."""
    found: dict[str, str] = {}
    for shown, header in headers:
        for word in ("decimal", "thousands", "date_format"):
            value = getattr(header.csv, word)
            if value is not None and found.setdefault(word, value) != value:
                message = f"{visible(shown)}: {word} is {value!r} here and {found[word]!r} in another file of the source"
                raise GuardStopped(message, f"settle it with csv: {{{word}: …}}, or make two sources of them")
    return CsvFormat(**found)


def _expected(naming: Naming, roles: Roles, lock: SourceLock | None) -> list[str]:
    source = naming.source
    written = [naming.customer, source.key, source.time, source.event.column if isinstance(source.event, EventColumn) else None]
    assumed = roles.key if source.key is None and roles.key != CUSTOMER else None
    named = [naming.origin(str(name)) for name in (*written, assumed) if name is not None]
    settled = [column.origin for column in lock.columns] if lock else []
    lent = [naming.origin(roles.parent_key)] if roles.parent_key else []
    made = [naming.made(ours) for ours in source.combine]
    currency = [naming.origin(str(source.currency.column))] if source.currency else []
    return list(dict.fromkeys([*named, *lent, *made, *currency, *(str(origin) for origin in source.columns.values()), *settled]))


def _refuse_missing(headers: Sequence[tuple[str, Header]], wanted: list[str], naming: Naming, roles: Roles) -> None:
    """Refuse a last file that lacks any column, and an older one that lacks a column with a role."""
    ignored = {loose(str(column)) for column in naming.source.ignore}
    for place, (shown, header) in enumerate(headers):
        for origin in wanted:
            lacks = [part for part in naming.needs(origin) if part not in header.names and loose(part) not in ignored]
            if lacks and (place == len(headers) - 1 or naming.ours(origin) in roles.named):
                hint = did_you_mean(lacks[0], header.names) + "; a column that is gone for good must go from retention.lock and retention.yml too"
                raise GuardStopped(f"{visible(shown)}:1: column {visible(lacks[0])!r} is missing", hint)


def _other_columns(headers: Sequence[tuple[str, Header]], origins: Sequence[str]) -> Iterable[str]:
    for shown, header in headers[:-1]:
        yield from (
            f"{shown}:1: column {origin!r} is missing; it stays empty in the rows of this file" for origin in origins if origin not in header.names
        )
        last = headers[-1][1].names
        yield from (f"{shown}:1: column {origin!r} is not in {headers[-1][0]}: left out" for origin in header.names if origin not in last)


@dataclass(frozen=True, slots=True)
class _Rules:
    project: Project
    source: Source
    roles: Roles
    lock: SourceLock | None

    def settled(self, origin: str) -> Column | None:
        return next((column for column in self.lock.columns if column.origin == origin), None) if self.lock else None

    @property
    def lookup_key(self) -> str | None:
        lookup = self.project.sources.get(str(self.source.lookup)) if self.source.lookup else None
        return naming_of(str(self.source.lookup), lookup).role(lookup.key) if lookup else None


def _planned(naming: Naming, origin: str, headers: Sequence[tuple[str, Header]], dress: CsvFormat, rules: _Rules) -> Planned:
    name, settled = naming.ours(origin), rules.settled(origin)
    needs = naming.needs(origin)
    kind = _type_by_rule(name, rules) or (settled.type if settled else None) or _type_by_name(name)
    if kind is None and len(needs) == 1:
        natives = {header.native[header.names.index(needs[0])] for _, header in headers if needs[0] in header.names and header.native}
        kind = native_type(natives) if natives else None
    scale = settled.scale if settled and settled.type is kind else None
    return Planned(
        name,
        origin,
        kind,
        scale if kind is ColumnType.DECIMAL else 0 if kind is not None else None,
        parts=needs if needs != (origin,) else (),
        dress=dress,
        spec=rules.source.types.get(name),
        clean=next((steps for written, steps in rules.source.clean.items() if naming.role(written) == name), ()),
        missing=tuple(map(str, rules.source.missing)),
    )


def _type_by_rule(name: str, rules: _Rules) -> ColumnType | None:
    if name in rules.source.types:
        return rules.source.types[name].type
    if name in rules.roles.texts or name == rules.lookup_key:
        return ColumnType.TEXT
    return ColumnType.TIME if name == rules.roles.time else None


def _type_by_name(name: str) -> ColumnType | None:
    if name in KNOWN_TYPES:
        return KNOWN_TYPES[name]
    return ColumnType.TEXT if _ID_NAME.fullmatch(name) else None


def type_without_values(project: Project, source: str, column: str) -> ColumnType | None:
    """Return the type that `types:`, a role or the name gives a column of ours, whatever a lock says; None: its values must tell."""
    return _type_by_rule(column, _Rules(project, project.sources[source], roles_of(project, source), None)) or _type_by_name(column)


def native_type(natives: set[str]) -> ColumnType:
    """Return our type for Parquet's own; files that disagree make it text."""
    kinds = {_one_native(native) for native in natives}
    return kinds.pop() if len(kinds) == 1 else ColumnType.TEXT


_NATIVE: Mapping[str, ColumnType] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), ColumnType.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE", "UBIGINT", "HUGEINT"), ColumnType.DECIMAL),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"), ColumnType.TIME),
    "BOOLEAN": ColumnType.BOOLEAN,
    "DATE": ColumnType.DATE,
}


def _one_native(native: str) -> ColumnType:
    if native.endswith("[]"):
        return ColumnType.LIST
    return ColumnType.DECIMAL if native.startswith("DECIMAL") else _NATIVE.get(native, ColumnType.TEXT)


def _refuse_twins(name: str, columns: Sequence[Planned]) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        other = seen.setdefault(column.name.casefold(), column.origin)
        if other != column.origin:
            message = f"{name}: the columns {visible(other)!r} and {visible(column.origin)!r} would both be named {visible(column.name)!r}"
            raise GuardStopped(message, "give one of them another name with `columns:`")


def with_type(column: Planned, kind: ColumnType, scale: int) -> Planned:
    """Return a planned column whose type is now known."""
    return replace(column, type=kind, scale=scale)
