"""Run the real command line: what it printed, what it said, and its code.

`retention` runs it inside the test's process, which is quick; `process` and `start` run it as cron would, where a test is
about processes, sockets, signals or exit codes.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from retention_cli.cli.exits import guarded
from retention_cli.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND = get_command(app)
"""Put together once: that takes as long as many a command."""

RETENTION = (sys.executable, "-c", "from retention_cli.cli.main import main; main()")


@dataclass(frozen=True, slots=True)
class Ran:
    """One command, ended."""

    code: int
    out: str
    said: str

    @property
    def json(self) -> Any:
        """What it printed, as the one JSON value that it must be."""
        return json.loads(self.out)


def retention(folder: Path, *arguments: object) -> Ran:
    """Run `retention …` in a folder to its end, in this process."""
    out, said = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        code = guarded(lambda: COMMAND([str(argument) for argument in arguments], standalone_mode=False))
    return Ran(code, out.getvalue(), said.getvalue())


def process(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run `retention …` in a folder to its end, as a process of its own."""
    done = subprocess.run(
        [*RETENTION, *map(str, arguments)], cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False, timeout=120
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start `retention …` and leave it running."""
    command = [*RETENTION, *map(str, arguments)]
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
