"""The states of messages and journeys, and every change that is allowed, in one table.

Two rules: a message only ever leaves through `committing`, which is durable before the last byte; and what stood in
`committing` when its process died is `unknown`, never planned again by itself, unless it is known not to have left or what it
was answered.
"""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    COMMITTING = "committing"
    SENT = "sent"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    HELD = "held"
    SUPPRESSED = "suppressed"
    CAPPED = "capped"
    EXPIRED = "expired"


class JourneyState(StrEnum):
    """Where a journey stands."""

    OPEN = "open"
    ENDED = "ended"


_M = MessageState

ALLOWED: dict[MessageState, frozenset[MessageState]] = {
    _M.PLANNED: frozenset({_M.CLAIMED, _M.HELD, _M.SUPPRESSED, _M.CAPPED, _M.EXPIRED, _M.DEFERRED}),
    _M.DEFERRED: frozenset({_M.CLAIMED, _M.HELD, _M.SUPPRESSED, _M.CAPPED, _M.EXPIRED, _M.DEFERRED}),
    _M.HELD: frozenset({_M.PLANNED, _M.HELD, _M.SUPPRESSED, _M.CAPPED, _M.EXPIRED}),
    _M.CLAIMED: frozenset({_M.PLANNED, _M.COMMITTING, _M.REFUSED, _M.DEFERRED, _M.HELD, _M.SUPPRESSED, _M.EXPIRED}),
    _M.COMMITTING: frozenset({_M.SENT, _M.REFUSED, _M.DEFERRED, _M.UNKNOWN, _M.PLANNED}),
    _M.UNKNOWN: frozenset({_M.SENT, _M.PLANNED, _M.REFUSED}),
    _M.SENT: frozenset(),
    _M.REFUSED: frozenset(),
    _M.SUPPRESSED: frozenset(),
    _M.CAPPED: frozenset(),
    _M.EXPIRED: frozenset(),
}

QUIET = "quiet hours"
"""Why a message is held whose window is over: the next tick finds it another."""

WAITING = (_M.PLANNED, _M.DEFERRED, _M.HELD)
"""States in which a message may still leave."""

OUTCOMES = (_M.SENT, _M.DEFERRED, _M.REFUSED, _M.UNKNOWN, _M.HELD, _M.SUPPRESSED, _M.CAPPED, _M.EXPIRED)
"""What a run counts."""
