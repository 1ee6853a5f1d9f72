"""Learned thresholds: a limit that the shop's own customers give, over all of them and by what they favour.

Here stands what is asked; what came out is pinned in retention.lock (`model.lock.LearnedValue`), and only that is read
by whoever decides.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from retention_cli.model.base import Described, read_number
from retention_cli.model.word import Word

_MOST = 100


def _read_percentile(value: Any) -> Any:
    found = value if isinstance(value, Decimal) else read_number(value)
    if not 0 < found < _MOST:
        raise ValueError(f"{str(value)!r} is not a percentile; write a number between 0 and 100: the median is 50")
    return found


Percentile = Annotated[
    Decimal,
    BeforeValidator(_read_percentile),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 100}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}),
]
"""A share of people below, in percent: 50 is the median."""


class Learned(Described):
    """`typical_gap: {learned: {percentile: 50, of: days_between_orders, by: favourite_category}}`."""

    percentile: Percentile = Field(description="how many of a hundred customers lie at or below it; the median is 50")
    of: Word = Field(description="the number of a customer that it is taken of: days_between_orders")
    by: Word | None = Field(default=None, description="a field whose every value gets a limit of its own: favourite_category")

    @property
    def meaning(self) -> str:
        """What is asked, in words: it stands in the lock, so that a changed question is seen."""
        by = f" by {self.by}" if self.by is not None else ""
        return f"percentile {self.percentile:f} of {self.of}{by}"
