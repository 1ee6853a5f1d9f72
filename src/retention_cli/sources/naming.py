"""How the names of an export's columns become ours.

`columns:` maps ours to the export's, a preset knows several names of the export's for one of ours (case and punctuation do
not count there, and the first that a file has is taken), all others keep the header's. The customer's column is always
`customer_id`. What `combine:` makes of several columns has an origin of its own, such as `ordered_at = Day + Hour`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.model.source import CUSTOMERS, IDENTITIES, VISITOR, EventColumn, Source
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.model.project import Project
    from retention_cli.model.source import Column

CUSTOMER = "customer_id"


def loose(name: str) -> str:
    """Return a column's name without what differs from one age of an export to the next."""
    return "".join(char for char in name.casefold() if char.isalnum()) or name


@dataclass(frozen=True, slots=True)
class Naming:
    """How the names of one source's columns become ours. `theirs` are the export's by ours, as far as a name differs."""

    source: Source
    customer: str | None
    theirs: Mapping[str, str] = field(default_factory=dict)

    def ours(self, origin: str) -> str:
        """Return our name of a column of the export."""
        made = next((ours for ours in self.source.combine if self.made(ours) == origin), None)
        mapped = made or next((ours for ours, theirs in self.theirs.items() if theirs == origin), origin)
        return CUSTOMER if self.customer in (mapped, origin) and not self._is_part(origin) else mapped

    def _is_part(self, origin: str) -> bool:
        return self.customer in self.source.combine and self.made(self.customer or "") != origin

    def role(self, written: str | None) -> str | None:
        """Return our name of a column that the project names, by ours or by the export's."""
        return None if written is None else self.ours(self.origin(written))

    def origin(self, written: str) -> str:
        """Return the export's name of a column that the project names."""
        return self.made(written) if written in self.source.combine else self.theirs.get(written, written)

    def made(self, ours: str) -> str:
        """Return the origin of a column that is made of others."""
        return f"{ours} = {' + '.join(self.parts(ours))}"

    def parts(self, ours: str) -> tuple[str, ...]:
        """Return the export's names of the columns that one is made of."""
        return tuple(self.theirs.get(str(part), str(part)) for part in self.source.combine[ours])

    def needs(self, origin: str) -> tuple[str, ...]:
        """Return the columns that must be in a file for an origin."""
        made = next((ours for ours in self.source.combine if self.made(ours) == origin), None)
        return (origin,) if made is None else self.parts(made)


def naming_of(name: str, source: Source, header: Sequence[str] = ()) -> Naming:
    """Return a source's naming, for files with this header; in `customers` the key is the customer."""
    customer = source.customer or ((source.key or Word(CUSTOMER)) if name == CUSTOMERS else None)
    if customer is None and name == IDENTITIES:
        customer = Word(CUSTOMER)
    theirs = {ours: str(origin) for ours, origin in source.columns.items()}
    by_loose = {loose(origin): origin for origin in reversed(header)}
    for ours, names in source.known.names.items():
        found = [by_loose[loose(one)] for one in names if loose(one) in by_loose]
        taken = set(theirs.values())
        theirs.setdefault(ours, next((one for one in found if one not in taken), names[0]))
    return Naming(source, str(customer) if customer is not None else None, theirs)


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


def roles_of(project: Project, name: str) -> Roles:
    """Return the roles of a source's own columns."""
    source = project.sources[name]
    naming = naming_of(name, source)
    event = source.event.column if isinstance(source.event, EventColumn) else None
    parent = project.sources.get(str(source.parent)) if source.parent else None
    parent_key = naming_of(str(source.parent), parent).role(parent.key) if parent and source.parent else None
    customer = CUSTOMER if naming.customer else None
    return Roles(_key(name, source, naming), customer, naming.role(source.time), naming.role(event), parent_key)


def _key(name: str, source: Source, naming: Naming) -> str | None:
    if name == CUSTOMERS or source.adds_to is not None:
        return CUSTOMER
    return VISITOR if name == IDENTITIES and source.key is None else naming.role(source.key)


def lent_names(project: Project, name: str) -> list[str]:
    """Return our names of what a child takes from its parent: the customer, and the time where it has none of its own."""
    source = project.sources[name]
    if source.parent is None or str(source.parent) not in project.sources:
        return []
    parent = project.sources[str(source.parent)]
    time = naming_of(str(source.parent), parent).role(parent.time)
    return [*([] if source.customer else [CUSTOMER]), *([] if source.time or time is None else [time])]


def renamed(columns: Iterable[Column], naming: Naming) -> tuple[Column, ...]:
    """Return settled columns under the names that the project gives them now."""
    return tuple(column.model_copy(update={"name": naming.ours(column.origin)}) for column in columns)
