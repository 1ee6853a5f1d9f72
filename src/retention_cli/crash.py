"""Named crash points: where a test may kill the process, so that recovery is proven and not hoped for.

`RETENTION_TEST_CRASH=name:n` ends the process with SIGKILL at the n-th passing of the point `name`. Without the
variable a point costs one comparison. The names are listed here, so that a test can walk through all of them.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "lock-taken",
    "ledger-opened",
    "snapshot-written",
    "sources-imported",
    "tick-planned",
    "before-delta-commit",
    "after-delta-commit",
    "claimed",
    "rendered",
    "before-body",
    "before-committing",
    "after-committing",
    "after-dot",
    "after-reply",
    "before-result-commit",
    "after-result-commit",
    "run-finished",
)

_WANTED, _, _COUNT = os.environ.get("RETENTION_TEST_CRASH", "").partition(":")
_left = int(_COUNT or 1)


def point(name: str) -> None:
    """Pass the crash point `name`: nothing happens unless a test asked for it."""
    if name == _WANTED:
        _hit()


def _hit() -> None:
    global _left  # noqa: PLW0603 - one counter a process is the whole idea
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
