"""Run the real command in a real process, as cron would: what it printed, what it said, and its code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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


def retention(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run `retention …` in a folder to its end."""
    done = subprocess.run(
        [*RETENTION, *map(str, arguments)], cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False, timeout=120
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def start(folder: Path, *arguments: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start `retention …` and leave it running."""
    command = [*RETENTION, *map(str, arguments)]
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
