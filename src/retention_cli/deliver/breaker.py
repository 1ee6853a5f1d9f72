"""Stops a dispatch that goes wrong for everybody: five such messages in a row, or 2 % of at least 200.

Two kinds of wrong count, each by itself: a refusal of us as a sender (policy, authentication), and a template that
cannot be rendered. Both are mended by a person, and each further message would be lost to the same cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.outcome import Accepted, Fault, Refused, Unrenderable, told

if TYPE_CHECKING:
    from retention_cli.deliver.outcome import Result

IN_A_ROW = 5
ENOUGH = 200
SHARE = 0.02


class Breaker:
    """Counts one kind of wrong among all that was decided."""

    def __init__(self) -> None:
        self._decided = 0
        self._wrong = 0
        self._row = 0

    def note(self, *, wrong: bool) -> bool:
        """Count one decided message; True where it is enough."""
        self._decided += 1
        self._wrong += wrong
        self._row = self._row + 1 if wrong else 0
        return self._row >= IN_A_ROW or (wrong and self._decided >= ENOUGH and self._wrong >= SHARE * self._decided)


class Breakers:
    """Both kinds together."""

    def __init__(self) -> None:
        self._sender = Breaker()
        self._template = Breaker()

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
