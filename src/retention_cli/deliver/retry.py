"""When a message that was not taken is tried again: 1, 5, 15, 60 minutes, then ever more slowly, each with jitter.

The times are kept in the ledger, so that they hold across restarts. A message is given up `max_age` after it was planned.
"""

from __future__ import annotations

import random

SECOND = 1_000_000
_DELAYS = (60, 300, 900, 3600, 7200, 14400)
_LONGEST_WISH = 3600.0
_JITTER = 0.2

FIRST_DELAY = _DELAYS[0]


def next_attempt(attempts: int, now: int, *, retry_after: float | None = None, give_up: int | None = None) -> int:
    """Return when to try again after `attempts` tries (µs): not sooner than the server asked for, at most at `give_up`."""
    delay = _DELAYS[min(max(attempts, 1), len(_DELAYS)) - 1]
    wished = max(float(delay), min(retry_after or 0.0, _LONGEST_WISH))
    at = now + round(jittered(wished) * SECOND)
    return at if give_up is None else max(min(at, give_up), now + SECOND)


def jittered(seconds: float) -> float:
    """Return a little more than so many seconds, by chance, so that senders do not come back all at once."""
    return seconds * random.uniform(1.0, 1.0 + _JITTER)  # noqa: S311 - spreads load, guards nothing
