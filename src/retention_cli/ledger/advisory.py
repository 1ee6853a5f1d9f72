"""PostgreSQL's advisory locks: kept by a session, gone with it, and named by its `application_name`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from retention_cli.errors import LockHeld
from retention_cli.ledger.connect import refusing

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from retention_cli.ledger.location import Location

_OWNER = """
SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32 | l.objid::bigint) = %s
"""


def take(location: Location, connection: Connection, name: str) -> bool:
    """Try to take a lock for the session; tell whether it was got."""
    with refusing(location), connection.begin():
        return bool(connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_number(connection, name),)).scalar_one())


def demand(location: Location, connection: Connection, name: str) -> None:
    """Take a lock for the session, or raise LockHeld, saying what its owner calls itself."""
    if not take(location, connection, name):
        with refusing(location), connection.begin():
            owner = connection.exec_driver_sql(_OWNER, (_number(connection, name),)).scalar()
        raise LockHeld(str(owner or "it has just ended"))


def _number(connection: Connection, name: str) -> int:
    # Advisory locks are one space for a whole database, ledgers live in schemas: the schema is part of the number.
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    return int.from_bytes(hashlib.sha256(f"retention {schema} {name}".encode()).digest()[:8], "big", signed=True)
