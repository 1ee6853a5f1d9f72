"""Stops a dispatch that goes wrong for everybody, for a person to mend: each further message would be lost to the same cause.

A refusal of us as a sender (policy, authentication): five in a row, or 2 % of at least 200. Messages that cannot be
rendered: fifty in a row, since one person's missing field must not hold up the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.outcome import Accepted, Fault, Refused, Unrenderable, told

if TYPE_CHECKING:
    from retention_cli.deliver.outcome import Result

SENDER_ROW, SENDER_SHARE, ENOUGH = 5, 0.02, 200
TEMPLATE_ROW = 50


class Breaker:
    """Counts one kind of wrong among all that was decided."""

    def __init__(self, row: int, share: float = 1.0) -> None:
        self._longest = row
        self._share = share
        self._decided = 0
        self._wrong = 0
        self._row = 0

    def note(self, *, wrong: bool) -> bool:
        """Count one decided message; True where it is enough."""
        self._decided += 1
        self._wrong += wrong
        self._row = self._row + 1 if wrong else 0
        return wrong and (self._row >= self._longest or (self._decided >= ENOUGH and self._wrong >= self._share * self._decided))


class Breakers:
    """Both kinds together."""

    def __init__(self) -> None:
        self._sender = Breaker(SENDER_ROW, SENDER_SHARE)
        self._template = Breaker(TEMPLATE_ROW)

    def note(self, result: Result) -> str | None:
        """Count a result; the sentence why to stop where it is enough."""
        if isinstance(result, Unrenderable):
            return f"messages cannot be rendered: {result.text}" if self._template.note(wrong=True) else None
        if not isinstance(result, Accepted | Refused):
            return None
        self._template.note(wrong=False)
        refused = isinstance(result, Refused) and result.fault is Fault.SENDER
        if not self._sender.note(wrong=refused) or not isinstance(result, Refused):
            return None
        return f"the mail server refuses us as a sender: {told(result.code, result.text)}"
