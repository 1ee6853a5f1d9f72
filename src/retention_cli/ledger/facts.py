"""What the outside world tells a ledger: whom to leave alone, and what happened to a message."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from retention_cli.ledger.address import normalised
from retention_cli.ledger.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sqlalchemy import Connection

    from retention_cli.ledger.rows import EventRow, Suppression


def suppress(connection: Connection, rows: Iterable[Suppression]) -> int:
    """Write suppressions; return how many did not stand already."""
    return _each(connection, "suppress", map(_suppression, rows))


def record_events(connection: Connection, rows: Iterable[EventRow]) -> int:
    """Write events; return how many are new."""
    return _each(connection, "record_event", map(_event, rows))


def _each(connection: Connection, name: str, rows: Iterable[dict[str, Any]]) -> int:
    return sum(connection.execute(statement(name, connection.dialect.name), row).rowcount for row in rows)


def _suppression(row: Suppression) -> dict[str, Any]:
    return {**asdict(row), "address": None if row.address is None else normalised(row.channel, row.address)}


def _event(row: EventRow) -> dict[str, Any]:
    return {**asdict(row), "data": json.dumps(dict(row.data), ensure_ascii=False, sort_keys=True)}
