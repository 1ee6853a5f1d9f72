"""Which older ids of customers the exports tell to be another customer's: rows of `identities` in which the visitor was one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.quoting import fill, identifier
from retention_cli.model.source import IDENTITIES, VISITOR

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.project import Project


def merged_ids(project: Project, engine: DuckEngine) -> Mapping[str, str]:
    """Return for every id of `identities` that is not the customer's own the customer's; the engine holds the snapshots."""
    if IDENTITIES not in project.sources:
        return {}
    template = "SELECT {visitor}, {customer} FROM {identities} WHERE {visitor} <> {customer}"
    query = fill(template, visitor=identifier(VISITOR), customer=identifier(CUSTOMER), identities=identifier(IDENTITIES))
    return {str(old): str(now) for old, now in engine.run(query)}


def renamed(rows: list[tuple[Any, ...]], ids: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return rows that begin with a customer, each with the customer of now."""
    return [(ids.get(row[0], row[0]), *row[1:]) for row in rows] if ids else rows


def fields_of_now(rows: list[tuple[Any, ...]], ids: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return kept fields (customer, field, tag, value) by the customer of now; what was written under the remaining id holds."""
    older_first = sorted(rows, key=lambda row: row[0] not in ids)
    return list({(ids.get(row[0], row[0]), row[1], row[2]): (ids.get(row[0], row[0]), *row[1:]) for row in older_first}.values()) if ids else rows
