"""A PostgreSQL cluster of the tests' own: made in a temporary folder, reached over 127.0.0.1, stopped at the end.

Import the fixtures into a `conftest.py`: `postgres_cluster` (one a session) and `postgres_url` (an empty schema a test).
Where PostgreSQL is not installed, they skip and say so.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = "-c fsync=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=60"


@dataclass(frozen=True)
class Cluster:
    """A running server; its superuser is `postgres`, without a password, for it listens on 127.0.0.1 alone."""

    bin: Path
    folder: Path
    port: int

    def url(self, schema: str) -> str:
        """Return the address of a schema, which is a place of its own for a ledger."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def make(self, schema: str) -> str:
        """Make an empty schema and return its address."""
        with psycopg.connect(self.url(schema), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        return self.url(schema)


def binaries() -> Path | None:
    """Return the folder with initdb and pg_ctl, the newest where there are several."""
    found = [Path(path).resolve().parent for path in [shutil.which("pg_ctl")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _as_server(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:  # the server refuses to run as root
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, capture_output=True, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a cluster."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL (initdb, pg_ctl) is not installed")
    folder = Path(tempfile.mkdtemp(prefix="retention-pg-"))  # short, for the path of its socket
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        _as_server(found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        port = _free_port()
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -p {port} {_SETTINGS}"
        _as_server(found / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield Cluster(found, folder, port)
        finally:
            _as_server(found / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Run a cluster for all tests of a session."""
    with cluster() as running:
        yield running


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> str:
    """Return the address of an empty schema."""
    return postgres_cluster.make(f"t{secrets.token_hex(6)}")
