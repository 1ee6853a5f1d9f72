"""What dispatch needs of the place where messages are kept.

All calls come from one thread. Times are whole microseconds since 1970, UTC. What `claim` and `mark` did is durable when
they return. A move that is not allowed, or of a message that somebody else holds now, is not made and not returned; a
message to be committed that a gate stops meanwhile becomes what the gate says instead.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from retention_cli.ledger.rows import Claim, Mark

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outbox(Protocol):
    """One sender's view of the messages that may leave.

    `ahead`: a message may be committed long before it leaves, because after a kill it will be known whether it did.
    """

    ahead: bool

    def claim(self, limit: int, now: int, channel: str) -> list[Claim]:
        """Take up to `limit` messages that may leave now; empty where there is none."""

    def mark(self, marks: Sequence[Mark]) -> list[int]:
        """Write all moves in one transaction; return the messages that did move."""

    def leaving(self, message: int) -> None:
        """Note, right before its last byte, that a committed message leaves now; it must not where that raises."""

    def answered(self, mark: Mark) -> None:
        """Note what an attempt ended with, at once and before it is marked; nothing more may leave where that raises."""

    def gated(self, now: int, *, anyway: bool = False) -> set[int]:
        """Ask the gates once more about what is committed and has not left; return what they stop, which has become what they say.

        Cheap where nothing was written since the last time; `anyway` asks even so.
        """

    def recall(self, now: int) -> object:
        """Take back what is committed and has not left."""

    def reserve(self, way: str, span: int, now: int) -> int:
        """Reserve so many µs of a way's time, behind all that any sender has reserved; return when they begin, at `now` or later."""

    def grant(self, way: str, day: int, first: int, wanted: int) -> int:
        """Grant messages of a day's volume by a way, at most `first` in all or twice the most of an earlier day; return how many."""

    def give_back(self, way: str, day: int, messages: int) -> object:
        """Return what was granted and did not leave."""

    def contexts(self, ids: Collection[int]) -> Mapping[int, bytes]:
        """Return chunks of contexts."""

    def templates(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Return templates by their hash."""

    def release(self, messages: Sequence[int]) -> object:
        """Give claimed messages back untouched."""

    def defer_all(self, channel: str, at: int, next_attempt_at: int, reason: str) -> int:
        """Defer everything that could be claimed now; return how many."""

    def hard_bounce(self, customer: str, address: str, at: int, reason: str, *, channel: str = "email", message: int | None = None) -> object:
        """Suppress an address that a server says does not exist."""


def micros(moment: datetime) -> int:
    """Return an aware moment as the ledger keeps it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
