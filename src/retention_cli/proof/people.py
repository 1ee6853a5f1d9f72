"""Who there is in a test: the customers that are given, and everybody whom another source names.

A made-up customer has an address, unless the row says another one (or, with an empty text, none): so a test needs to say
only what it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.case import Row
from retention_cli.model.source import CUSTOMERS
from retention_cli.model.word import Word
from retention_cli.sources.layout import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project

_ID = Word(CUSTOMER)
_DOMAIN = "example.com"


def with_everybody(given: Mapping[Word, Sequence[Row]], project: Project, catalog: Catalog) -> Mapping[str, Sequence[Row]]:
    """Return the rows of a test, with a row for everybody who is named and an address for who has none."""
    rows = list(given.get(Word(CUSTOMERS), ()))
    known = {str(row.values[_ID]) for row in rows if _ID in row.values}
    named = dict.fromkeys(str(row.values[_ID]) for each in given.values() for row in each if row.values.get(_ID))
    rows += [Row(values={_ID: Word(who)}) for who in named if who not in known]
    address = Word(project.settings.contacts.email)
    if address in catalog.sources[CUSTOMERS].columns:
        rows = [row if address in row.values else Row(values={**row.values, address: _address(row)}) for row in rows]
    return {**{str(source): each for source, each in given.items()}, CUSTOMERS: rows}


def _address(row: Row) -> Word:
    return Word(f"{row.values.get(_ID, '')}@{_DOMAIN}")
