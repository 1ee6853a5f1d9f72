"""Run the real command line with stdout on a terminal of so many columns; stderr is kept apart."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STYLE = re.compile(r"\x1b\[[0-9;]*m")
_SEVERAL = """\
import json, os, sys
from retention_cli.cli.exits import guarded
from retention_cli.cli.main import app
for command in json.loads(sys.argv[1]):
    print("$ retention " + " ".join(command), flush=True)
    guarded(lambda: app(command, standalone_mode=False))
    sys.stdout.flush()
"""


def in_terminal(folder: Path, commands: Sequence[Sequence[str]], *, columns: int = 80, env: Mapping[str, str] | None = None) -> str:
    """Return what the commands print, one after the other in one process, each below a line with its name."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    settings = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR"}}
    command = [sys.executable, "-c", _SEVERAL, json.dumps(commands)]
    child = subprocess.Popen(
        command, cwd=folder, env={**settings, "TERM": "xterm-256color", **(env or {})}, stdin=writer, stdout=writer, stderr=subprocess.DEVNULL
    )
    os.close(writer)
    printed = b"".join(_until_closed(reader))
    os.close(reader)
    assert child.wait(60) == 0
    return printed.decode().replace("\r\n", "\n")


def _until_closed(reader: int) -> list[bytes]:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(reader, 65_536)
        except OSError:  # a terminal whose other end has closed
            return parts
        if not part:
            return parts
        parts.append(part)
