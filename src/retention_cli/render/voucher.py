"""A voucher as templates see it: printed it is its code."""

from __future__ import annotations

from datetime import date
from typing import Self

PARTS = ("code", "valid_until")
"""What a template may name of it."""


class Voucher(str):
    """A code, as text; `valid_until` is its last day, None where it has none."""

    __slots__ = ("valid_until",)
    valid_until: date | None

    def __new__(cls, code: str, until: str | None = None) -> Self:
        """Make it of what the ledger keeps: `until` is a day like 2026-12-31."""
        made = super().__new__(cls, code)
        made.valid_until = None if until is None else date.fromisoformat(until)
        return made

    @property
    def code(self) -> str:
        """The code alone."""
        return str(self)
