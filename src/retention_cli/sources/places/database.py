"""A query's rows as an export: read only, streamed, and written as CSV.

A number is written exactly, a time with its offset where it has one, a list or a document as JSON. An empty text and NULL
are both no value, as in every export.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from retention_cli.errors import DataUnreachable, MissingExtra
from retention_cli.sources.places.fetch import private, write_index
from retention_cli.text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Engine

_FILE = "rows.csv"
_AT_ONCE = 5_000
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def ask(address: str, query: str, root: Path, folder: Path, shown: str) -> None:
    """Bring the rows of a query into a folder; raises DataUnreachable or MissingExtra. The address is never told."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - only sources of this kind need it

    aside = folder / f".{_FILE}-{os.getpid()}"
    try:
        engine = _engine(address, root, shown)
        try:
            _write(engine, query, aside)
        finally:
            engine.dispose()
        aside.replace(folder / _FILE)
    except (SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise DataUnreachable(f"{shown} cannot be asked: {visible(_without(said, address))}", "are the address and the query right?") from error
    finally:
        aside.unlink(missing_ok=True)
    write_index(folder, [(_FILE, shown)])


def _engine(address: str, root: Path, shown: str) -> Engine:
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415 - as above

    url = make_url(address)
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    try:
        return create_engine(_read_only(url, root), execution_options={"postgresql_readonly": True})
    except ModuleNotFoundError as error:
        if url.drivername.startswith("postgresql"):
            raise MissingExtra("postgres", f"asking {shown}") from error
        raise DataUnreachable(f"{shown}: the driver {error.name} is not installed", f"pip install {error.name}") from error


def _read_only(url: URL, root: Path) -> URL:
    """Return the address of a SQLite file below the project, opened for reading alone; other addresses as they are."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return url
    path = (root / url.database).resolve()
    return url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})


def _write(engine: Engine, query: str, aside: Path) -> None:
    with engine.connect().execution_options(stream_results=True, max_row_buffer=_AT_ONCE, no_parameters=True) as connection:
        result = connection.exec_driver_sql(query)
        with os.fdopen(private(aside), "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(result.keys())
            for rows in result.partitions(_AT_ONCE):
                writer.writerows([cell_text(cell) for cell in row] for row in rows)
            out.flush()
            os.fsync(out.fileno())


def cell_text(cell: Any) -> str:
    """Return a database's value as an export would write it."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return f"{cell:f}"
        case datetime() | date() | time():
            return cell.isoformat()
        case list() | dict() | tuple():
            return json.dumps(cell, ensure_ascii=False, default=str)
        case bytes() | memoryview():
            return bytes(cell).hex()
        case _:
            return str(cell)


def _without(said: str, address: str) -> str:
    """Return what a driver said without the password that stands in the address."""
    from sqlalchemy import make_url  # noqa: PLC0415 - as above

    password = make_url(address).password
    return said.replace(str(password), "***") if password else said
