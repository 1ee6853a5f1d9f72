"""Moves of messages: each is a change of state and its row of history, in one transaction or not at all.

Whoever moves messages first picks them, in a statement that also locks them; a move that then finds another state is a
mistake of this package and undoes everything. What may follow what is said once, in `model.state.ALLOWED`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.ledger import bulk, statement
from retention_cli.model.state import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

ALLOWED_PAIRS = {f"{before} {after}": None for before, afters in ALLOWED.items() for after in sorted(afters)}
"""Every allowed move as two words, in one order, for statements."""

RESENT = "sent again once"
"""Why a message of unknown fate is planned again by itself: the campaign asks for it, and it happens once."""

HISTORY = ("run", "subject", "subject_id", "from_state", "to_state", "at", "reason")


class Move(NamedTuple):
    """One change of one message; None in `attempts`, `body_sha` and `provider_id` keeps what is there."""

    message: int
    before: str
    after: str
    at: int
    reason: str | None = None
    attempts: int | None = None
    next_attempt_at: int | None = None
    body_sha: str | None = None
    provider_id: str | None = None


def make(connection: Connection, moves: Sequence[Move], *, sender: str | None = None, run: int | None = None) -> None:
    """Make all moves, of messages that were picked in this transaction; `sender` holds what is claimed or committing."""
    if not moves:
        return
    if wrong := next((move for move in moves if f"{move.before} {move.after}" not in ALLOWED_PAIRS), None):
        raise RuntimeError(f"message {wrong.message} may not go from {wrong.before} to {wrong.after}")
    bulk.insert(connection, "transitions", HISTORY, ((run, "message", move.message, move.before, move.after, move.at, move.reason) for move in moves))
    made = statement.run(connection, "move_messages", {"moves": json.dumps(moves), "sender": sender})
    if made != len(moves):
        raise RuntimeError(f"{len(moves)} messages were picked, but {made} could be moved")
