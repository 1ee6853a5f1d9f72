"""Repeatable chance: the same seed tells the same story, and each person and thing has a stream of its own."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Chance(Random):
    """A stream of chance, begun from a text; quick where a shop's life needs millions of draws."""

    def pick(self, of: Sequence[T]) -> T:
        """Draw one of them, each as likely."""
        return of[int(self.random() * len(of))]

    def whole(self, least: int, below: int) -> int:
        """Draw a whole number, `least` or more and less than `below`."""
        return least + int(self.random() * (below - least))

    def happens(self, share: float) -> bool:
        """Draw whether something happens that does so in this share of cases."""
        return self.random() < share


def weighted(weights: Mapping[T, int]) -> tuple[T, ...]:
    """Return each value as often as its weight says, to be picked from."""
    return tuple(value for value, weight in weights.items() for _ in range(weight))
