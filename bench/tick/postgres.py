"""A PostgreSQL server of the bench's own, in its folder, reached over 127.0.0.1, with the durability that a shop would have."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kit.measure import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS = "-c shared_buffers=512MB -c max_wal_size=4GB"


def binaries() -> Path:
    """Return the folder of the newest initdb; raises Missing where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    known = shutil.which("initdb")
    folder = Path(known).resolve().parent if known else next((path for path in found if (path / "initdb").exists()), None)
    if folder is None:
        message = "PostgreSQL is not installed"
        raise Missing(message)
    return folder


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server; give the address of its database."""
    found, folder = binaries(), Path(tempfile.mkdtemp(prefix="retention-pg-"))
    data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    try:
        _as_server(found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        words = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} {_SETTINGS}"
        _as_server(found / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", words, "start")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            _as_server(found / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _as_server(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:  # the server refuses to run as root
        words = ["runuser", "-u", "postgres", "--", *words]
    subprocess.run(words, check=True, capture_output=True, cwd="/")
