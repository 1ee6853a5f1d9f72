"""No faster than a target's rate, and no more in a day than its warm-up: claimed messages wait here for their turn.

The turns are times that are reserved in the ledger, so that all processes and machines that send by one target share its rate, and
a restart does not begin anew. No more is claimed at once than leaves in two seconds: what waits here could have been stopped, and a
gate is asked once more in any case. Without a rate everything is due at once.

A warm-up grants a day's messages before they are claimed, in the ledger too, and takes back what then did not leave.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from retention_cli.deliver.intake import BATCH
from retention_cli.deliver.retry import SECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.deliver.marks import Job
    from retention_cli.deliver.outbox import Outbox
    from retention_cli.deliver.plan import Plan

AHEAD = 2.0
"""Seconds for which messages are claimed at once."""
DAY = 86_400 * SECOND


class Pacer:
    """Messages by their turn, the earliest first."""

    def __init__(self, outbox: Outbox, plan: Plan) -> None:
        self._outbox, self._way, self._rate = outbox, plan.way, plan.rate
        self._waiting: deque[tuple[int, Job]] = deque()
        self._first = plan.warm_up
        self._granted: Counter[int] = Counter()
        self.is_used_up = False

    def batch(self, now: int) -> int:
        """Return how many messages to claim now; none where the day's volume is used up."""
        most = BATCH if self._rate is None else max(1, min(BATCH, round(self._rate * AHEAD)))
        if self._first is None:
            return most
        granted = self._outbox.grant(self._way, now // DAY, self._first, most)
        self._granted[now // DAY] += granted
        self.is_used_up = not granted
        return granted

    def return_unused(self, messages: int) -> None:
        """Give back what was granted and did not leave."""
        for day, granted in sorted(self._granted.items(), reverse=True):
            unused = min(messages, granted)
            if unused:
                self._outbox.give_back(self._way, day, unused)
            self._granted[day] -= unused
            messages -= unused

    @property
    def is_waiting(self) -> bool:
        """Whether messages wait for their turn."""
        return bool(self._waiting)

    def add(self, jobs: Sequence[Job], now: int) -> None:
        """Give each message its turn."""
        if self._rate is None or not jobs:
            self._waiting.extend((now, job) for job in jobs)
            return
        step = SECOND / self._rate
        begin = self._outbox.reserve(self._way, round(step * len(jobs)), now)
        self._waiting.extend((begin + round(step * n), job) for n, job in enumerate(jobs))

    def due(self, now: int) -> list[Job]:
        """Take out those whose turn has come."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(self._waiting.popleft()[1])
        return found

    def patience(self, now: int, most: float) -> float:
        """Return the seconds until the next turn, at most so many."""
        return most if not self._waiting else min(most, max(0.0, (self._waiting[0][0] - now) / SECOND))

    def clear(self) -> list[Job]:
        """Take out all."""
        left = [job for _, job in self._waiting]
        self._waiting.clear()
        return left
