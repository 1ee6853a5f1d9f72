"""Whether what stands at a location is the ledger it should be. Looking changes no byte of it.

In this order: a newer schema is refused before anything else is read; a file that changed since its last clean end is
checked as a whole; then its id, epoch and last row are held against the witness. What is damaged is copied aside, so
that nothing done afterwards can make it worse, and refused; it is never replaced by an empty one.
"""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError, OperationalError

from retention_cli.errors import LedgerRefused
from retention_cli.ledger.connect import connect, log_of, refusing
from retention_cli.ledger.lock import anybody_present
from retention_cli.ledger.migrations import KNOWN
from retention_cli.ledger.mounts import refuse_network
from retention_cli.ledger.statement import statement
from retention_cli.ledger.witness import Sighting

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from retention_cli.ledger.location import Location
    from retention_cli.ledger.witness import Witness

_OLDEST_SQLITE = (3, 38, 0)


def look(location: Location, witness: Witness, *, thorough: bool) -> Sighting | None:
    """Return what a ledger says of itself, None where there is none and never was one. Raises LedgerRefused."""
    memory = witness.recall()  # first: a commit is in the ledger before the witness knows of it, never the other way round
    seen = _look_at_server(location) if location.url is not None else _look_at_file(location, witness, thorough=thorough)
    witness.check(seen, memory)
    return seen


def _look_at_server(location: Location) -> Sighting | None:
    with refusing(location), connect(location, write=False) as connection:
        return _sighting(location, connection)


def _look_at_file(location: Location, witness: Witness, *, thorough: bool) -> Sighting | None:
    file = location.file
    refuse_network(file)
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise LedgerRefused(f"SQLite {sqlite3.sqlite_version} is too old for a ledger", "use a Python with SQLite 3.38 or later")
    with refusing(location):
        if not file.exists():
            return None
        if file.stat().st_size == 0:
            raise LedgerRefused(f"the ledger {location.shown} is empty: a ledger is never born so", "bring the file back from a backup")
        try:
            return _look_inside(location, witness, thorough=thorough)
        except DatabaseError as error:
            if isinstance(error, OperationalError) and "malformed" not in str(error.orig):
                raise  # out of reach, not damaged
            raise _damaged(location, str(error.orig)) from None


def _look_inside(location: Location, witness: Witness, *, thorough: bool) -> Sighting:
    with connect(location, write=False) as connection:
        seen = _sighting(location, connection)
        if seen is None:
            raise LedgerRefused(f"{location.shown} is a database, but not a ledger", "give the ledger another place")
        if thorough and not witness.is_stamped(location.file) and not anybody_present(location):
            _check_pages(location, connection)
        return seen


def _sighting(location: Location, connection: Connection) -> Sighting | None:
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if version not in KNOWN:
            raise LedgerRefused(
                f"the schema of {location.shown} ({version}) is not one that this program knows",
                "a newer retention made it, or another program: upgrade retention, or give the ledger a place of its own",
            )
        ledger_id, epoch, last_seq = connection.execute(statement("sighting", location.dialect)).one()
        return Sighting(ledger_id, epoch, last_seq, str(version))


def _check_pages(location: Location, connection: Connection) -> None:
    said = "it is cut short" if _is_cut(location.file) else connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if said != "ok":
        raise _damaged(location, str(said))


def _is_cut(file: Path) -> bool:
    """Whether a file is shorter than its header says (the SQLite file format, 1.3); beside a log that is no fault."""
    if _has_log(file):
        return False
    with file.open("rb") as opened:
        header = opened.read(32)
    page = int.from_bytes(header[16:18], "big")
    return file.stat().st_size < page * int.from_bytes(header[28:32], "big")


def _damaged(location: Location, said: str) -> LedgerRefused:
    aside = _copy_aside(location.file)
    return LedgerRefused(f"the ledger {location.shown} is damaged ({said}); a copy is kept as {aside.name}", "bring the newest whole copy back")


def _copy_aside(file: Path) -> Path:
    aside = file.with_name(f"{file.name}.damaged-{file.stat().st_mtime_ns}")  # the same damage is copied once
    if not aside.exists():
        shutil.copy2(file, aside)
        if _has_log(file):
            shutil.copy2(log_of(file), log_of(aside))
    return aside


def _has_log(file: Path) -> bool:
    return log_of(file).exists() and log_of(file).stat().st_size > 0  # an empty one is our own, of looking
