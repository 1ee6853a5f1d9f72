"""Postfix's smtp-sink on 127.0.0.1, which takes every message and keeps none; and where its programs are."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kit.measure import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

_BACKLOG = "1024"
_PATIENCE = 10.0


def program(name: str) -> str:
    """Return the path of one of Postfix's programs; raises Missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed (it comes with Postfix; nothing of Postfix needs to run)")
    return found


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Run a sink and yield its port."""
    port = _free_port()
    command = [program("smtp-sink"), *(("-u", "nobody") if os.geteuid() == 0 else ()), f"127.0.0.1:{port}", _BACKLOG]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sink:
        try:
            _wait_for(port)
            yield port
        finally:
            sink.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
