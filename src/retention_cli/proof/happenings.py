"""What happens in a test, as rows of the sources that would have told it.

An event goes to the source that knows it; where several do, the test names one. Opens and clicks are the tool's own
events, and `template` ties them to the message that the customer got last from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retention_cli.model.case import Row
from retention_cli.model.mail import EVENTS, OWN_EVENTS
from retention_cli.model.problem import Problem
from retention_cli.model.source import CUSTOMERS, EventColumn
from retention_cli.model.word import Word
from retention_cli.sources.naming import CUSTOMER, roles_of
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from retention_cli.model.case import Case, Happening, Value
    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project

EVENT, TIME = "event", "occurred_at"


@dataclass(frozen=True, slots=True)
class Change:
    """Columns of the row of a source with a key that have these values from an instant on."""

    at: datetime
    source: str
    column: str
    key: str
    values: Mapping[Word, Value]


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Return a moment that a test writes, in UTC; by the shop's clock unless it has an offset."""
    found = datetime.fromisoformat(text.strip())
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def with_happenings(project: Project, catalog: Catalog) -> Project:
    """Return the project, which has the tool's own events as a source, with what happens in its tests among their rows."""
    happenings = Happenings(project, catalog)
    return project.model_copy(update={"cases": tuple(happenings.merged(case) for case in project.cases)})


class Happenings:
    """Turns what happens into rows. The project has the tool's own events as a source; `catalog` is what is known of all."""

    def __init__(self, project: Project, catalog: Catalog) -> None:
        self._project = project
        self._catalog = catalog

    def merged(self, case: Case) -> Case:
        """Return the test with all that happens among its given rows; what no source can tell is left out."""
        if not case.when:
            return case
        given = {source: list(rows) for source, rows in case.given.items()}
        for each in case.when:
            source = self._source(each)
            if isinstance(source, str):
                given.setdefault(Word(source), []).append(self._row(each, source))
        everybody = given.setdefault(Word(CUSTOMERS), [])
        named = {str(row.values.get(Word(CUSTOMER))) for row in everybody}
        who = {str(each.customer): each.customer for each in case.when if each.of is None}
        everybody += [Row(values={Word(CUSTOMER): word}) for name, word in who.items() if name not in named]
        return case.model_copy(update={"given": {source: tuple(rows) for source, rows in given.items()}})

    def changes(self, case: Case) -> list[Change]:
        """Return how customers and other rows become other than before, oldest first."""
        found = [self._change(each) for each in case.when if each.did is None]
        return sorted((each for each in found if each is not None), key=lambda change: change.at)

    def _change(self, each: Happening) -> Change | None:
        at = instant(each.at, self._project.zone)
        if each.of is None:
            return Change(at, CUSTOMERS, CUSTOMER, str(each.customer), each.changes)
        key = self._key(each.of)
        return None if key is None else Change(at, str(each.of), key, str(each.row), each.changes)

    def _key(self, source: Word) -> str | None:
        return roles_of(self._project, str(source)).key if str(source) in self._project.sources else None

    def problems(self, case: Case) -> Iterator[Problem]:
        """Yield events that no source can tell."""
        for each in case.when:
            source = self._source(each)
            if isinstance(source, Problem):
                yield source
            if each.of is not None and (problem := self._unmet(case, each, each.of)) is not None:
                yield problem

    def _unmet(self, case: Case, each: Happening, source: Word) -> Problem | None:
        """Return why no row changes."""
        if str(source) not in self._project.sources:
            message, hint = f"there is no source {str(source)!r}", did_you_mean(source, self._project.sources)
            return Problem(source.place, "unknown-source", message, hint)
        key = self._key(source)
        if key is None:
            message = f"the source {str(source)!r} has no key, so that its rows cannot be met again"
            return Problem(source.place, "no-key", message, "add key: to the source")
        keys = [str(row.values.get(Word(key))) for row in case.given.get(source, ())]
        if str(each.row) in keys:
            return None
        place = each.row.place if each.row is not None else each.place
        hint = did_you_mean(str(each.row), keys) or f"give it one: {{{key}: {each.row}}}"
        return Problem(place, "not-here", f"no row of {source} under 'given' has the {key} {str(each.row)!r}", hint)

    def _row(self, each: Happening, source: str) -> Row:
        roles = roles_of(self._project, source)
        at = Word(instant(each.at, self._project.zone).isoformat(), each.at.place)
        values: dict[Word, Value] = {Word(CUSTOMER, each.customer.place): each.customer}
        if roles.time is not None:
            values[Word(roles.time, each.at.place)] = at
        if roles.event is not None and each.did is not None:
            values[Word(roles.event, each.did.place)] = each.did
        return Row(values={**values, **each.values}, place=each.place, path=each.path)

    def _source(self, each: Happening) -> str | Problem | None:
        """Return the source of an event, None for a change; a problem where none can be told."""
        if each.did is None:
            return None
        if each.source is not None:
            return self._child(each, str(each.source))
        known = list(dict.fromkeys(self._knowing(str(each.did))))
        if len(known) == 1:
            return self._child(each, known[0])
        if known:
            message = f"{str(each.did)!r} is an event of {', '.join(known)}"
            return Problem(each.did.place, "unknown-event", message, f"say which one is meant: source: {known[0]}")
        return Problem(each.did.place, "unknown-event", f"no source tells of an event {str(each.did)!r}", did_you_mean(each.did, self._events()))

    def _child(self, each: Happening, source: str) -> str | Problem:
        place = (each.source or each.did or Word("")).place
        spec = self._project.sources.get(source)
        if spec is None or (spec.time is None and spec.parent is None):
            known = [name for name, each in self._project.sources.items() if each.time is not None]
            return Problem(place, "unknown-source", f"{source!r} is no source of events", did_you_mean(source, known))
        if spec.time is None:
            message = f"{str(each.did)!r} has its time and customer from a row of {spec.parent}"
            return Problem(place, "not-here", message, f"let the {spec.parent} happen with a key, and give {source} its rows under 'given'")
        return source

    def _knowing(self, event: str) -> Iterator[str]:
        """Yield the sources that tell of an event, else those that may tell of any; the tool's own come first, and alone."""
        if event in EVENTS:
            yield OWN_EVENTS
            return
        found, open_ones = [], []
        for name, spec in self._project.sources.items():
            seen = self._catalog.sources[name].events if name in self._catalog.sources else None
            if isinstance(spec.event, EventColumn):
                words = {*(seen or ()), *spec.event.names, *spec.event.names.values()}
                if event in words:
                    found.append(name)
                elif seen is None and name != OWN_EVENTS:
                    open_ones.append(name)
            elif spec.event is not None and str(spec.event) == event:
                found.append(name)
        yield from found or open_ones

    def _events(self) -> set[str]:
        found = {str(spec.event) for spec in self._project.sources.values() if spec.event is not None and not isinstance(spec.event, EventColumn)}
        return found.union(*(each.events or () for each in self._catalog.sources.values()), EVENTS)


def changed(rows: Sequence[Row], changes: Sequence[Change], now: datetime) -> list[Row]:
    """Return the rows of a source as they are at an instant."""
    found = list(rows)
    for change in changes:
        if change.at <= now:
            found = [_with(row, change) for row in found]
    return found


def _with(row: Row, change: Change) -> Row:
    if str(row.values.get(Word(change.column))) != change.key:
        return row
    return replace(row, values={**row.values, **change.values})
