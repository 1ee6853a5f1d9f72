"""What the figures were taken on: cores, memory, versions, how busy it was, and how fast the disk makes a write durable."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 4096
_SECONDS = 1.0


def fsync_rate(folder: Path) -> float:
    """Return how many appended blocks of 4 KiB the disk below `folder` makes durable in a second, one after the other."""
    path = folder / "fsync.tmp"
    block = os.urandom(_BLOCK)
    with path.open("wb", buffering=0) as file:
        count, began = 0, time.perf_counter()
        while (taken := time.perf_counter() - began) < _SECONDS:
            file.write(block)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return count / taken


def describe(folder: Path) -> dict[str, str]:
    """Return the machine in a few words."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{pages / (1 << 30):.0f} GiB",
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "fsync": f"{fsync_rate(folder):,.0f}/s (4 KiB, fdatasync)",
        "load": load(),
    }


def load() -> str:
    """Return how many processes waited for a core, on average over the last minute."""
    return f"{os.getloadavg()[0]:.2f}"
