"""Connections to a ledger, and what a driver's error means to a user.

SQLite: WAL, synchronous=FULL (a commit is on the disk when it returns), secure_delete from birth. PostgreSQL: the same
promise, whatever the server's defaults. One connection is one `Connection` of SQLAlchemy without a pool; parameters
never appear in an error, for they hold addresses.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from retention_cli.errors import LedgerRefused, MissingExtra, RetentionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from retention_cli.ledger.location import Location

_BUSY_SECONDS = 30
_WRITING = ("journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "secure_delete=ON", "cache_size=-65536", "temp_store=MEMORY")
_READING = ("query_only=ON", "temp_store=MEMORY")
_BUGS = frozenset({"IntegrityError", "ProgrammingError", "NotSupportedError"})  # by name: each driver has its own


def connect(location: Location, *, write: bool, name: str = "retention") -> Connection:
    """Open a connection; one that is not for writing leaves a SQLite file's bytes and companions as they were."""
    if location.url is not None:
        return _postgres(location, name)
    return _sqlite(location.file, write=write)


def _sqlite(file: Path, *, write: bool) -> Connection:
    engine = create_engine("sqlite://", creator=lambda: _sqlite_driver(file, write=write), poolclass=NullPool, hide_parameters=True)
    return engine.connect()


def _sqlite_driver(file: Path, *, write: bool) -> sqlite3.Connection:
    # A reader that is the last to close would fold the log into the file, so beside a log it opens read-only. Without
    # one, a read-only reader would leave an empty log behind, and one that may write takes it away again.
    mode = "ro" if not write and log_of(file).exists() else "rw"
    connection = sqlite3.connect(f"{file.as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _WRITING if write else _READING:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def log_of(file: Path) -> Path:
    """Return where SQLite keeps the write-ahead log of `file`."""
    return file.with_name(file.name + "-wal")


def _postgres(location: Location, name: str) -> Connection:
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra, asked for only here
    except ImportError:
        raise MissingExtra("postgres", "a PostgreSQL ledger") from None
    options = {"connect_timeout": 10, "application_name": name[:63], "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    engine = create_engine(location.url or "", poolclass=NullPool, hide_parameters=True, connect_args=options)
    connection = engine.connect()
    with connection.begin():
        connection.exec_driver_sql("SET synchronous_commit = on")
        connection.exec_driver_sql(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
    return connection


@contextmanager
def refusing(location: Location) -> Iterator[None]:
    """Turn what a driver raises (no space, no server, no permission, damage) into LedgerRefused; our own mistakes pass."""
    try:
        yield
    except RetentionError:
        raise
    except DBAPIError as error:
        _refuse(location, error.orig or error)
    except _driver_errors(location) as error:
        _refuse(location, error)


def _driver_errors(location: Location) -> tuple[type[Exception], ...]:
    if location.url is None:
        return (OSError, sqlite3.Error)
    import psycopg  # noqa: PLC0415 - as above

    return (OSError, psycopg.Error)


def _refuse(location: Location, error: BaseException) -> NoReturn:
    said = _said(error)
    if not _BUGS.isdisjoint(kind.__name__ for kind in type(error).__mro__):
        # Told again in words that quote no row: what a driver adds to them may hold an address.
        raise RuntimeError(f"a statement of the ledger is wrong: {said}").with_traceback(error.__traceback__) from None
    raise LedgerRefused(f"the ledger {location.shown} cannot be used: {said}", _hint(error)) from None


def _said(error: BaseException) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    primary = getattr(getattr(error, "diag", None), "message_primary", None)  # without DETAIL and CONTEXT, which quote data
    said: str = primary or str(error).partition("\n")[0] or type(error).__name__
    return said


def _hint(error: BaseException) -> str:
    said = str(error)
    if "full" in said or "disk I/O" in said:
        return "make room on the disk and run again; what was committed is kept"
    if "locked" in said:
        return "another program holds the ledger; try again when it has ended"
    return "nothing was changed; see that the ledger can be reached and written by this user"
