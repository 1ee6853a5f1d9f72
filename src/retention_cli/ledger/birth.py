"""How a ledger comes to be: whole or not at all.

A SQLite ledger is made in a file of another name, synced, and renamed, so that no crash leaves an empty one behind; on
PostgreSQL the schema and the id come in one transaction.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.errors import LedgerRefused
from retention_cli.ledger import lock
from retention_cli.ledger.connect import connect, log_of, refusing
from retention_cli.ledger.location import Location
from retention_cli.ledger.statement import statement

if TYPE_CHECKING:
    from sqlalchemy import Connection

_MIGRATIONS = Path(__file__).with_name("migrations")


def give_birth(location: Location) -> None:
    """Make the ledger unless another process has made it in the meantime."""
    if location.url is None:
        _make_file(location)
    else:
        _make_schema(location)


def _make_file(location: Location) -> None:
    file = location.file
    with refusing(location):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.held(location, "birth", wait=30), refusing(location):
        if file.exists():
            return
        if log_of(file).exists():
            raise LedgerRefused(f"{log_of(file)} is there, but the ledger it belongs to is gone", "bring back the file, or move the log away")
        for left in file.parent.glob(f"{file.name}.born*"):
            left.unlink()
        born = file.with_name(f"{file.name}.born")
        os.close(os.open(born, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with connect(Location(path=born), write=True) as connection:
            _migrate(connection)
        _sync(born)
        born.rename(file)
        _sync(file.parent)


def _make_schema(location: Location) -> None:
    with refusing(location), connect(location, write=True) as connection:
        _migrate(connection)


def upgrade(location: Location) -> None:
    """Bring the schema of an earlier version to the newest, all of it in one transaction or not at all."""
    with refusing(location), connect(location, write=True) as connection:
        _migrate(connection, born=False)


def _migrate(connection: Connection, *, born: bool = True) -> None:
    from alembic import command  # noqa: PLC0415 - a second of import that only a new or old ledger pays
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))  # it interpolates
    config.attributes["connection"] = connection
    dialect = connection.dialect.name
    with connection.begin():
        if dialect == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7264738291)")  # two that begin at once: the second finds it made
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(config, "head")
        if born:
            connection.execute(statement("name_ledger", dialect), {"ledger_id": str(uuid.uuid4())})


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
