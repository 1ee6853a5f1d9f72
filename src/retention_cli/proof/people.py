"""Who there is in a test: the customers that are given, and everybody whom another source names.

A made-up customer has an address and has consented, unless the rows say otherwise (an empty text is none): so a test needs to
say only what it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.case import Row
from retention_cli.model.source import CUSTOMERS
from retention_cli.model.word import Word
from retention_cli.sources.naming import CUSTOMER, roles_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.model.case import Value
    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project

_ID = Word(CUSTOMER)
_DOMAIN = "example.com"
_CHANNELS = ("email", "sms", "push")
_LONG_AGO = Word("1970-01-01")


def with_everybody(given: Mapping[Word, Sequence[Row]], project: Project, catalog: Catalog) -> Mapping[str, Sequence[Row]]:
    """Return the rows of a test, with a row for everybody who is named, an address and consent for who has none said."""
    rows = list(given.get(Word(CUSTOMERS), ()))
    known = {str(row.values[_ID]) for row in rows if _ID in row.values}
    named = dict.fromkeys(str(row.values[_ID]) for each in given.values() for row in each if row.values.get(_ID))
    rows += [Row(values={_ID: Word(who)}) for who in named if who not in known]
    rows = [Row(values={**_unsaid(row, project, catalog), **row.values}) for row in rows]
    found: dict[str, Sequence[Row]] = {str(source): each for source, each in given.items()}
    return {**found, CUSTOMERS: rows, **_changes(found, rows, project)}


def _unsaid(row: Row, project: Project, catalog: Catalog) -> dict[Word, Value]:
    """Return the address and the consent of a customer, as far as customers have such columns."""
    columns = catalog.sources[CUSTOMERS].columns
    found = {project.settings.contacts.email: f"{row.values.get(_ID, '')}@{_DOMAIN}"}
    if project.consent is not None:
        found |= {str(field): "true" for channel in _CHANNELS if (field := project.consent.field(channel)) is not None}
    return {Word(name): Word(value) for name, value in found.items() if name in columns}


def _changes(given: Mapping[str, Sequence[Row]], people: Sequence[Row], project: Project) -> Mapping[str, Sequence[Row]]:
    """Return the source that tells of consent, where there is one and the test says nothing of it: everybody's yes to everything."""
    source = str(project.consent.source) if project.consent is not None and project.consent.source is not None else ""
    if source not in project.sources or source in given:
        return {}
    time = roles_of(project, source).time
    said: dict[Word, Value] = {Word("consent"): Word("true"), **({Word(time): _LONG_AGO} if time is not None else {})}
    return {source: [Row(values={**said, _ID: each.values[_ID]}) for each in people if _ID in each.values]}
