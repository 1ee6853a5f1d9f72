"""Real data that lies beside the repository, too big or not ours to keep in it: RETENTION_DATA, else ../shared/data.

A test that uses it has a committed sample too, and runs on that alone where the data is not there; it never skips.
"""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = Path(__file__).parents[2].parent / "shared" / "data"


def real_data(name: str) -> Path | None:
    """Return a file of the real data; None where it is not there."""
    path = Path(os.environ.get("RETENTION_DATA") or BESIDE) / name
    return path if path.is_file() else None
