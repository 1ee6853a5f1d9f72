"""From the result of an attempt to the move that is written in the ledger. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from retention_cli.deliver import retry
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Refused, Unknown, Unrenderable, shown, told
from retention_cli.ledger.rows import Mark
from retention_cli.model.state import QUIET, MessageState

if TYPE_CHECKING:
    from retention_cli.ledger.rows import Claim

Settled = Accepted | Refused | Deferred | Unknown | Unrenderable | ConnectionDown
"""Results that change a message's state; what was withheld has been settled by the gate."""


def mark_for(claim: Claim, result: Settled, now: int, give_up: int) -> Mark:
    """Return the move of a message after an attempt that ended at `now`; tried no more at `give_up` (both µs)."""
    attempts = claim.attempts + 1
    match result:
        case Accepted():
            return Mark(claim.message, MessageState.SENT, now, attempts=attempts, provider_id=shown(result.provider_id) or None)
        case Refused():
            return Mark(claim.message, MessageState.REFUSED, now, reason=told(result.code, result.text), attempts=attempts)
        case Unrenderable():
            return Mark(claim.message, MessageState.REFUSED, now, reason=told(0, f"cannot be rendered: {result.text}"), attempts=attempts)
        case Unknown():
            return Mark(claim.message, MessageState.UNKNOWN, now, reason=told(0, result.text), attempts=attempts)
        case Deferred() | ConnectionDown():
            return _deferral(claim, result, now, give_up)
        case _:
            assert_never(result)


def _deferral(claim: Claim, result: Deferred | ConnectionDown, now: int, give_up: int) -> Mark:
    attempts = claim.attempts + 1
    code, wish = (result.code, result.retry_after) if isinstance(result, Deferred) else (0, None)
    at = retry.next_attempt(attempts, now, retry_after=wish, give_up=give_up)
    return Mark(claim.message, MessageState.DEFERRED, now, reason=told(code, result.text), attempts=attempts, next_attempt_at=at)


def too_late(claim: Claim, now: int) -> Mark | None:
    """Return what becomes of a message whose time is over, or whose customer has quiet hours now; None where it may leave."""
    if claim.not_after is not None and now >= claim.not_after:
        return Mark(claim.message, MessageState.EXPIRED, now, reason="its time was over before it could leave")
    if claim.open_until is not None and now >= claim.open_until:
        return Mark(claim.message, MessageState.HELD, now, reason=QUIET)
    return None
