"""Somebody's own SELECT, run where it can do no harm.

A session of its own gets copies of the tables that the statement names, with nothing later than as_of in them; then every way
to a file, a network or another setting is closed and locked, and only then the statement runs, within limits of time, memory
and disk. (An order that matters: DuckDB reads files only before it is locked. Its settings: duckdb.org/docs, "Securing DuckDB".)
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import Sql, fill, identifier, literal
from retention_cli.errors import OutOfMemory
from retention_cli.model.limits import NO_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retention_cli.model.limits import Limits

SECONDS = 60.0
MEMORY, SPILL, THREADS = "2GB", "4GB", 2


class SelectionFailed(Exception):
    """The statement did not run to its end; the sentence says why, with nothing of the data in it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A table of the sandbox: the Parquet file it is copied from, and the column that says when a row happened."""

    name: str
    path: str
    time: str | None


def select_ids(
    statement: str, tables: Iterable[Copied], values: Mapping[str, object], *, column: str, seconds: float = SECONDS, limits: Limits = NO_LIMITS
) -> list[str]:
    """Return the different ids that a SELECT gives in `column`, sorted, within `limits` and its own; raises SelectionFailed."""
    with DuckEngine.within(limits.lowered(memory_limit=MEMORY, threads=THREADS)) as engine:
        try:
            for table in tables:
                _copy(engine, table, values)
            for setting in ("SET enable_external_access = false", f"SET max_temp_directory_size = '{SPILL}'", "SET lock_configuration = true"):
                engine.execute(setting)
            return _run(engine, statement, values, column, seconds)
        except OutOfMemory as error:
            raise SelectionFailed(f"it needs more than {engine.memory_limit} of memory") from error


def _copy(engine: DuckEngine, table: Copied, values: Mapping[str, object]) -> None:
    name, path = identifier(table.name), literal(table.path)
    if table.time is None:
        engine.execute(fill("CREATE TABLE {name} AS SELECT * FROM read_parquet({path})", name=name, path=path))
    else:
        template = "CREATE TABLE {name} AS SELECT * FROM read_parquet({path}) WHERE {time} <= $as_of"
        engine.execute(fill(template, name=name, path=path, time=identifier(table.time)), {"as_of": values["as_of"]})


def _run(engine: DuckEngine, statement: str, values: Mapping[str, object], column: str, seconds: float) -> list[str]:
    template = "SELECT DISTINCT CAST(chosen.{column} AS VARCHAR) FROM ({statement}) AS chosen WHERE chosen.{column} IS NOT NULL ORDER BY 1"
    used = {name: value for name, value in values.items() if f"${name}" in statement}
    alarm = threading.Timer(seconds, engine.interrupt)
    alarm.start()
    try:
        rows = engine.run(fill(template, column=identifier(column), statement=Sql(statement)), used)
    except duckdb.InterruptException as error:
        raise SelectionFailed(f"it took longer than {seconds:g} seconds") from error
    except duckdb.Error as error:
        raise SelectionFailed(type(error).__name__.removesuffix("Exception")) from error
    finally:
        alarm.cancel()
    return [str(row[0]) for row in rows]
