"""What a source's columns become: our name, the type as far as it is settled, and which of them must be there.

Names: `columns:` maps ours to the export's, all others keep the header's; the customer's column is always `customer_id`.
Types, the first that speaks wins: `types:`, the role (ids are text, the event's time is a time), the lock, the known
columns, a name that says id; what none of them settles is told from the values at the first import.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_cli.errors import GuardStopped
from retention_cli.model.source import CUSTOMERS, KNOWN_TYPES, Column, ColumnType, EventColumn, Source
from retention_cli.text import did_you_mean, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.sources.header import Header

CUSTOMER = "customer_id"
MONEY = frozenset(name for name, kind in KNOWN_TYPES.items() if kind is ColumnType.DECIMAL)
WIDEST_SCALE = 4
_ID_NAME = re.compile(r"(?i:.*[_ -])?(?i:id)|.*[a-z]I[Dd]")


@dataclass(frozen=True, slots=True)
class Planned:
    """A column before its values were seen. `type` None: to be told from them; `scale` None: likewise."""

    name: str
    origin: str
    type: ColumnType | None
    scale: int | None = None

    def settled(self, kind: ColumnType, scale: int = 0) -> Column:
        """Return the column with what its values said."""
        return Column(name=self.name, type=kind, origin=self.origin, scale=scale)


@dataclass(frozen=True, slots=True)
class Roles:
    """Our names of the columns that have a role; None where the source has no such role."""

    key: str | None
    customer: str | None
    time: str | None
    event: str | None
    parent_key: str | None

    @property
    def required(self) -> tuple[str, ...]:
        """Columns in which a row without a value is a bad row."""
        return tuple(name for name in (self.key, self.time, self.event, self.parent_key) if name is not None)

    @property
    def texts(self) -> frozenset[str]:
        """Columns that are text whatever they look like."""
        return frozenset(name for name in (self.key, self.customer, self.event, self.parent_key) if name is not None)

    @property
    def named(self) -> tuple[str, ...]:
        """Every column with a role."""
        return tuple(dict.fromkeys(name for name in (self.customer, *self.required) if name is not None))


@dataclass(frozen=True, slots=True)
class Layout:
    """A source's file columns in order, and their roles. `warnings` are what a user should hear about the files."""

    columns: tuple[Planned, ...]
    roles: Roles
    warnings: tuple[str, ...] = ()

    def at(self, name: str) -> int:
        """Return a column's place."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)


@dataclass(frozen=True, slots=True)
class Naming:
    """How the names of one source's columns become ours."""

    source: Source
    customer: str | None

    def ours(self, origin: str) -> str:
        """Return our name of a column of the export."""
        mapped = next((ours for ours, theirs in self.source.columns.items() if str(theirs) == origin), origin)
        return CUSTOMER if self.customer in (mapped, origin) else mapped

    def role(self, written: str | None) -> str | None:
        """Return our name of a column that the project names, by ours or by the export's."""
        return None if written is None else self.ours(str(self.source.columns.get(written, written)))

    def origin(self, written: str) -> str:
        """Return the export's name of a column that the project names."""
        return str(self.source.columns.get(written, written))


def naming_of(name: str, source: Source) -> Naming:
    """Return a source's naming; in `customers` the key is the customer."""
    customer = source.customer or ((source.key or CUSTOMER) if name == CUSTOMERS else None)
    return Naming(source, str(customer) if customer is not None else None)


def roles_of(project: Project, name: str) -> Roles:
    """Return the roles of a source's own columns."""
    source = project.sources[name]
    naming = naming_of(name, source)
    event = source.event.column if isinstance(source.event, EventColumn) else None
    parent = project.sources.get(str(source.parent)) if source.parent else None
    parent_key = naming_of(str(source.parent), parent).role(parent.key) if parent and source.parent else None
    customer = CUSTOMER if naming.customer else None
    key = CUSTOMER if name == CUSTOMERS else naming.role(source.key)
    return Roles(key, customer, naming.role(source.time), naming.role(event), parent_key)


def lent_names(project: Project, name: str) -> list[str]:
    """Return our names of what a child takes from its parent: the customer, and the time where it has none of its own."""
    source = project.sources[name]
    if source.parent is None or str(source.parent) not in project.sources:
        return []
    parent = project.sources[str(source.parent)]
    time = naming_of(str(source.parent), parent).role(parent.time)
    return [*([] if source.customer else [CUSTOMER]), *([] if source.time or time is None else [time])]


def lay_out(project: Project, name: str, headers: Sequence[tuple[str, Header]], lock: SourceLock | None) -> Layout:
    """Return the layout of a source's files (name to show, header); raises GuardStopped where a column is missing.

    The last file by name says which columns there are; an older one may lack some, and what only older ones have stays out.
    """
    source = project.sources[name]
    naming, roles = naming_of(name, source), roles_of(project, name)
    origins = headers[-1][1].names
    _refuse_missing(headers, _expected(naming, roles, lock), naming, roles)
    warnings = tuple(_other_columns(headers, origins))
    columns = tuple(_planned(naming.ours(origin), origin, headers, _Rules(project, source, roles, lock)) for origin in origins)
    _refuse_twins(name, columns)
    return Layout(columns, roles, warnings)


def _expected(naming: Naming, roles: Roles, lock: SourceLock | None) -> list[str]:
    source = naming.source
    written = [naming.customer, source.key, source.time, source.event.column if isinstance(source.event, EventColumn) else None]
    named = [naming.origin(str(name)) for name in written if name is not None]
    settled = [column.origin for column in lock.columns] if lock else []
    lent = [naming.origin(roles.parent_key)] if roles.parent_key else []
    return list(dict.fromkeys([*named, *lent, *(str(origin) for origin in source.columns.values()), *settled]))


def _refuse_missing(headers: Sequence[tuple[str, Header]], wanted: list[str], naming: Naming, roles: Roles) -> None:
    """Refuse a last file that lacks any column, and an older one that lacks a column with a role."""
    for place, (shown, header) in enumerate(headers):
        for origin in wanted:
            if origin not in header.names and (place == len(headers) - 1 or naming.ours(origin) in roles.named):
                hint = did_you_mean(origin, header.names) + "; a column that is gone for good must go from retention.lock and retention.yml too"
                raise GuardStopped(f"{visible(shown)}:1: column {visible(origin)!r} is missing", hint)


def _other_columns(headers: Sequence[tuple[str, Header]], origins: Sequence[str]) -> Iterable[str]:
    for shown, header in headers[:-1]:
        yield from (
            f"{shown}:1: column {origin!r} is missing; it stays empty in the rows of this file" for origin in origins if origin not in header.names
        )
        yield from (f"{shown}:1: column {origin!r} is not in {headers[-1][0]}: left out" for origin in header.names if origin not in origins)


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


def _planned(name: str, origin: str, headers: Sequence[tuple[str, Header]], rules: _Rules) -> Planned:
    settled = rules.settled(origin)
    kind = _type_by_rule(name, rules) or (settled.type if settled else None) or _type_by_name(name)
    if kind is None:
        natives = {header.native[header.names.index(origin)] for _, header in headers if origin in header.names and header.native}
        kind = native_type(natives) if natives else None
    scale = settled.scale if settled and settled.type is kind else None
    return Planned(name, origin, kind, scale if kind is ColumnType.DECIMAL else 0 if kind is not None else None)


def _type_by_rule(name: str, rules: _Rules) -> ColumnType | None:
    if name in rules.source.types:
        return rules.source.types[name]
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


def renamed(columns: Iterable[Column], naming: Naming) -> tuple[Column, ...]:
    """Return settled columns under the names that the project gives them now."""
    return tuple(column.model_copy(update={"name": naming.ours(column.origin)}) for column in columns)


def with_type(column: Planned, kind: ColumnType, scale: int) -> Planned:
    """Return a planned column whose type is now known."""
    return replace(column, type=kind, scale=scale)
