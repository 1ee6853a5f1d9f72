"""DuckDB in memory: it computes and never holds the only copy of anything.

A session is UTC, draws no progress bar on stdout (where the data goes), loads no extension, sees no Python variable and
spills into a folder of its own that goes with it. Runs on 1.5 and 2.0 alike, so results are always fetched whole or in
lists, never left half read under another statement.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from retention_cli.engine.known import Known
from retention_cli.engine.loading import column_list, load_rows
from retention_cli.engine.quoting import fill, identifier, literal
from retention_cli.engine.statements import needs_of
from retention_cli.errors import OutOfMemory
from retention_cli.model.limits import in_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from retention_cli.engine.base import Row
    from retention_cli.engine.statements import Needs
    from retention_cli.model.limits import Limits
    from retention_cli.model.snapshot import SnapshotSet

SETTINGS: dict[str, str | bool] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
}
NO_ROOM = os.strerror(errno.ENOSPC)


class DuckEngine:
    """One in-memory DuckDB session; use it in a `with`, from one thread (`interrupt` from any)."""

    def __init__(self, *, memory_limit: str | None = None, threads: int | None = None, temp_dir: Path | None = None) -> None:
        """Open a session. `memory_limit` is DuckDB's (`2GB`); what does not fit goes below `temp_dir`, readable by the owner alone."""
        self._spill = Path(temp_dir or tempfile.gettempdir()) / f"duckdb-{os.getpid()}-{secrets.token_hex(4)}"
        self._spill.mkdir(mode=0o700, parents=True)
        self._memory = memory_limit
        config: dict[str, Any] = {**SETTINGS, "temp_directory": str(self._spill)}
        if memory_limit is not None:
            config["memory_limit"] = memory_limit
        if threads := threads or _cores():
            config["threads"] = threads
        self._connection = duckdb.connect(":memory:", config=config)
        self._made: set[str] = set()
        self._known = Known()
        self._offered: dict[str, Callable[[DuckEngine], None]] = {}
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET enable_progress_bar = false")

    @classmethod
    def within(cls, limits: Limits, *, temp_dir: Path | None = None, enough: str | None = None) -> Self:
        """Open a session within a shop's limits; where they set no memory, it takes no more than `enough`."""
        engine = cls(memory_limit=limits.memory_limit, threads=limits.threads, temp_dir=temp_dir)
        if enough is not None and limits.memory_limit is None and in_bytes(enough) < in_bytes(engine.memory_limit):
            engine._memory = enough
            engine.execute(fill("SET memory_limit = {enough}", enough=literal(enough)))
        return engine

    def expect_little(self) -> None:
        """Make no plans: for tables of a few rows, to find the best plan takes longer than any plan."""
        self.execute("PRAGMA disable_optimizer")

    @property
    def memory_limit(self) -> str:
        """The most memory that it takes, as it was given, else as DuckDB tells it: `1.8 GiB`."""
        return self._memory or str(self._connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session and remove what it spilt."""
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def run(self, sql: str, values: Mapping[str, object] = {}) -> list[Row]:
        """Run one statement with its bound values (`$name`, exactly those that it names) and return every row."""
        self._make_ready(sql)
        needs = needs_of(sql)
        if needs is not None and self._comes_to_nothing(sql, needs):
            return []
        self._known.changed_by(sql)
        with self._memory_told():
            return self._connection.execute(sql, dict(values)).fetchall()

    def _comes_to_nothing(self, sql: str, needs: Needs) -> bool:
        """Whether a statement need not be run; the table that it makes is emptied then, where it has made it before."""
        if needs.makes is not None and sql not in self._made:
            self._made.add(sql)
            return False
        if not all(self._is_empty(table) for table in needs.tables):
            return False
        if needs.makes is not None and not self._known.is_empty(needs.makes):
            self.execute(fill("TRUNCATE {table}", table=identifier(needs.makes)))
            self._known.learn_empty(needs.makes)
        return True

    def _is_empty(self, table: str) -> bool:
        if not self._known.is_empty(table) and not self.run(fill("SELECT 1 FROM {table} LIMIT 1", table=identifier(table))):
            self._known.learn_empty(table)
        return self._known.is_empty(table)

    def execute(self, sql: str, values: Mapping[str, object] = {}) -> None:
        """Run one statement for what it does."""
        self.run(sql, values)

    def stream(self, sql: str, values: Mapping[str, object] = {}, *, size: int = 10_000) -> Iterator[list[Row]]:
        """Run one statement and yield its rows in lists of `size`; read it to its end before the next statement."""
        self._make_ready(sql)
        with self._memory_told():
            result = self._connection.execute(sql, dict(values))
        while rows := self._more(result, size):
            yield rows

    def _more(self, result: duckdb.DuckDBPyConnection, size: int) -> list[Row]:
        with self._memory_told():
            return result.fetchmany(size)

    @contextmanager
    def _memory_told(self) -> Iterator[None]:
        """Say what was not enough, and where it is set, instead of what DuckDB says."""
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise _too_much(self.memory_limit, self._spill, is_disk="max_temp_directory_size" in str(error)) from error
        except duckdb.IOException as error:
            if NO_ROOM not in str(error):
                raise
            raise _too_much(self.memory_limit, self._spill, is_disk=True) from error

    def columns(self, sql: str, values: Mapping[str, object] = {}) -> dict[str, str]:
        """Return the names and SQL types of a query's columns, in order, without running it."""
        return {row[0]: row[1] for row in self.run(f"DESCRIBE {sql}", values)}

    def explain(self, sql: str, values: Mapping[str, object] = {}) -> str:
        """Return the plan of a query as DuckDB draws it."""
        return "\n".join(str(row[-1]) for row in self.run(f"EXPLAIN {sql}", values))

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Make the table anew with these columns (name → SQL type) and fill it; 200,000 rows take about half a second."""
        if self._known.holds(name, columns, rows):
            return
        self.execute(fill("CREATE OR REPLACE TABLE {name} ({columns})", name=identifier(name), columns=column_list(columns)))
        if rows:
            with self._memory_told():
                load_rows(self._connection, name, columns, rows)
        self._known.learn(name, columns, rows)

    def attach_snapshots(self, snapshots: SnapshotSet) -> None:
        """Make a view a source over its snapshot, under the source's name."""
        for source, snapshot in snapshots.snapshots.items():
            view, path = identifier(source), literal(snapshot.path)
            self.execute(fill("CREATE OR REPLACE VIEW {view} AS SELECT * FROM read_parquet({path})", view=view, path=path))

    def offer(self, table: str, make: Callable[[DuckEngine], None]) -> None:
        """Have a table made before the first statement that names it, and only then."""
        self._offered[table] = make

    def _make_ready(self, sql: str) -> None:
        for table in [name for name in self._offered if name in sql or identifier(name) in sql]:
            make = self._offered.pop(table, None)
            if make is not None:
                make(self)

    def interrupt(self) -> None:
        """Stop the statement that is running, from another thread; it raises there."""
        self._connection.interrupt()


def _cores() -> int | None:
    """Return how many cores this process may use (taskset, a container's cpuset); DuckDB itself counts all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _too_much(limit: str, spill: Path, *, is_disk: bool) -> OutOfMemory:
    if is_disk:
        return OutOfMemory(
            f"a query needs more than {limit} of memory, and the disk has no room for what is over ({spill.parent})",
            "make room there, or raise `memory_limit` of `duckdb` in retention.yml",
        )
    return OutOfMemory(f"a query needs more than {limit} of memory", "raise `memory_limit` of `duckdb` in retention.yml, or lower its `threads`")
