"""What a dispatch is told, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from retention_cli.deliver.retry import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.state import MessageState


@dataclass(frozen=True, slots=True)
class Plan:
    """How to dispatch. `kind` is the ledger's word for the channel; a message is given up `max_age` after it was planned.

    `grace` is how long, in seconds, what is in flight may take to finish once the dispatch ends.
    """

    kind: str = "email"
    connections: int = 4
    max_age: timedelta = timedelta(hours=48)
    grace: float = 30.0
    only: tuple[str, ...] | None = None
    """Patterns of addresses that may be written to; None: all. What goes elsewhere is suppressed."""

    rate: float | None = None
    """Messages a second, shared by all who send by `way`; None: as many as go."""
    way: str = ""
    warm_up: int | None = None
    """Messages on the first day (UTC); on each other at most these, or twice the most of a day before. None: as many as there are."""

    def allows(self, address: str) -> bool:
        """Tell whether an address may be written to."""
        return self.only is None or any(fnmatchcase(address.strip().lower(), pattern.lower()) for pattern in self.only)

    def give_up(self, planned_at: int) -> int:
        """Return when a message planned at a moment is tried no more (both in µs)."""
        return planned_at + round(self.max_age.total_seconds() * SECOND)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a dispatch did: messages by the state they came to; `released` went back untouched; why it ended early, where it did."""

    counts: Mapping[MessageState, int]
    released: int = 0
    unreachable: str = ""
    stopped: bool = False
    used_up: bool = False
    """Whether the day's volume of a warm-up was not enough for all."""
