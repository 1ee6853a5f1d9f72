"""Which tables there are, what a name means in them, and which rows are which event.

Built from the project's sources and what is settled of their columns. A snapshot holds the customer as `customer_id` and
the time under the name that the source (or its parent) gives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.mail import EVENTS, OWN_EVENTS, own_columns, own_source
from retention_cli.model.source import CUSTOMERS, Column, ColumnType, EventColumn, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


CUSTOMER = "customer_id"


@dataclass(frozen=True, slots=True)
class EventTable:
    """Rows of `source` that are the event `event`; `column` names the event in each row, None where all rows count.

    With `alike`, `event` is how the names of the wanted events begin.
    """

    source: str
    event: str
    column: str | None = None
    alike: bool = False


@dataclass(frozen=True)
class Schema:
    """Sources and their columns, as one thing to ask."""

    sources: Mapping[str, Source]
    catalog: Catalog

    @classmethod
    def of(cls, sources: Mapping[str, Source], catalog: Catalog) -> Schema:
        """Return the schema of a project's sources, with the tool's own events beside them."""
        own = SourceSchema(OWN_EVENTS, own_columns(), EVENTS)
        return cls({**sources, OWN_EVENTS: own_source()}, Catalog({**catalog.sources, OWN_EVENTS: own}))

    def columns(self, source: str) -> Mapping[str, Column]:
        """Return a source's columns by our name; none where it was never seen."""
        found: SourceSchema | None = self.catalog.sources.get(source)
        return found.columns if found else {}

    @property
    def customer_fields(self) -> Mapping[str, Column]:
        """The customers' own columns, with the id that is always there."""
        known = {CUSTOMER: Column(name=CUSTOMER, type=ColumnType.TEXT, origin=CUSTOMER)}
        return {**known, **self.columns(CUSTOMERS)}

    def is_known(self, source: str) -> bool:
        """Whether anything is known of the source's columns."""
        return source in self.catalog.sources

    def parent(self, source: str) -> str | None:
        """Return the source that lends its customer and time, if any."""
        lender = self.sources[source].parent
        return str(lender) if lender is not None and str(lender) in self.sources else None

    def lookup(self, source: str) -> str | None:
        """Return the dimension that is joined by its key, if any."""
        dimension = self.sources[source].lookup
        return str(dimension) if dimension is not None and str(dimension) in self.sources else None

    def time(self, source: str) -> str | None:
        """Return the name of a source's time column, its parent's where it has none of its own."""
        own = self.sources[source].time
        if own is not None:
            return self.our_name(source, str(own))
        parent = self.parent(source)
        return self.time(parent) if parent else None

    def key(self, source: str) -> str | None:
        """Return the name of a source's key column in its snapshot."""
        own = self.sources[source].key
        return None if own is None else self.our_name(source, str(own))

    def our_name(self, source: str, written: str) -> str:
        """Return the name that a column has in the snapshot, whether written as ours or as the export's."""
        spec = self.sources[source]
        if spec.customer is not None and written == str(spec.customer):
            return CUSTOMER
        return next((ours for ours, theirs in spec.columns.items() if str(theirs) == written), written)

    @cached_property
    def events(self) -> Mapping[str, tuple[EventTable, ...]]:
        """All event names that are known, with the tables they are found in."""
        found: dict[str, list[EventTable]] = {}
        for table in self._event_tables():
            found.setdefault(table.event, []).append(table)
        return {event: tuple(tables) for event, tables in found.items()}

    @cached_property
    def facts(self) -> Mapping[str, EventTable]:
        """Everything a customer can have, without a time: by the source's name, and by what it calls its rows."""
        found: dict[str, EventTable] = {}
        for source, spec in self.sources.items():
            if spec.customer is not None and source != CUSTOMERS and self.time(source) is None:
                named = [source] if spec.event is None or isinstance(spec.event, EventColumn) else [source, str(spec.event)]
                found |= {name: EventTable(source, name) for name in named}
        return found

    def tables_of(self, event: str) -> tuple[EventTable, ...]:
        """Return where an event is found; a source whose event names were never seen may hold any name."""
        return self.events.get(event) or tuple(EventTable(source, event, column) for source, column in self._unseen())

    def tables_like(self, *, source: str = "", starts_with: str = "") -> tuple[EventTable, ...]:
        """Return all events of a source, or all whose names begin so."""
        if source:
            return (EventTable(source, source),) if source in self.sources and self.time(source) is not None else ()
        named = {table for event, tables in self.events.items() if event.startswith(starts_with) for table in tables}
        whole = [table for table in named if table.column is None]
        columns = {(table.source, table.column) for table in named if table.column} | set(self._unseen())
        alike = [EventTable(each, starts_with, column, alike=True) for each, column in columns]
        return tuple(sorted([*whole, *alike], key=lambda table: (table.source, table.event)))

    def _event_tables(self) -> Iterator[EventTable]:
        for source, spec in self.sources.items():
            if self.time(source) is None:
                continue
            if isinstance(spec.event, EventColumn):
                column = self.our_name(source, str(spec.event.column))
                known = self.catalog.sources.get(source)
                names = set(spec.event.names.values()) | set((known.events if known else None) or ())
                yield from (EventTable(source, event, column) for event in sorted(names))
            elif spec.event is not None:
                yield EventTable(source, str(spec.event))

    def _unseen(self) -> Iterator[tuple[str, str]]:
        for source, spec in self.sources.items():
            known = self.catalog.sources.get(source)
            if isinstance(spec.event, EventColumn) and self.time(source) is not None and (known is None or known.events is None):
                yield source, self.our_name(source, str(spec.event.column))
