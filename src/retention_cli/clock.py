"""The one place that reads the machine's time.

`as_of` decides what is true and is an argument everywhere; a `Clock` only paces what was decided (backoff, leases, the
Date header, gates). Only cli, app, web and deliver may import this module; import-linter holds it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a delivery may ask of time."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told: for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the time it was last set to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it was moved by."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move on by so many seconds at once."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
