"""Shares and their differences, with how sure they are: pure arithmetic on counts.

Wilson (1927), "Probable inference, the law of succession, and statistical inference", for one share; Newcombe (1998), "Interval
estimation for the difference between independent proportions", method 10, for the difference of two; the pooled z-test for
whether there is one; Holm (1979) where several are compared with one; Pearson's chi-square for whether customers came to the
ways by their shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, pi, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054
"""The normal quantile that leaves 2.5 % on either side: intervals are of 95 %."""
ODD_SHARES = 0.001
"""Below this probability the numbers of the ways do not fit their shares, and something is wrong with the experiment itself."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many: `low` and `high` bound the true share with 95 %."""

    reached: int
    of: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A share less another: `low` and `high` bound it with 95 %; `p` is how likely so much would be by chance alone."""

    difference: float
    low: float
    high: float
    p: float


def share(reached: int, of: int) -> Share | None:
    """Return a share with Wilson's interval; None of nobody. Raises ValueError where more reached it than there are."""
    if not 0 <= reached <= of:
        raise ValueError(f"{reached} of {of} is no share")
    if of == 0:
        return None
    part, square = reached / of, Z * Z
    middle = (part + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * sqrt(part * (1 - part) / of + square / (4 * of * of))
    return Share(reached, of, part, max(0.0, middle - half), min(1.0, middle + half))


def difference(one: Share, other: Share) -> Difference:
    """Return how much larger the share `one` is than `other`, by Newcombe's method 10."""
    by = one.share - other.share
    low = by - sqrt((one.share - one.low) ** 2 + (other.high - other.share) ** 2)
    high = by + sqrt((one.high - one.share) ** 2 + (other.share - other.low) ** 2)
    return Difference(by, low, high, _by_chance(one, other))


def _by_chance(one: Share, other: Share) -> float:
    """Return the two-sided probability of the pooled z-test; 1 where all, or none, reached it."""
    pooled = (one.reached + other.reached) / (one.of + other.of)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.of + 1 / other.of))
    return erfc(abs(one.share - other.share) / spread / sqrt(2)) if spread else 1.0


def holm(chances: Sequence[float]) -> list[float]:
    """Return probabilities as they are where so many things were looked at together, in the same order."""
    found, worst = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda each: chances[each])):
        worst = max(worst, min(1.0, chances[place] * (len(chances) - rank)))
        found[place] = worst
    return found


def fits_shares(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return how likely counts at least so far from their shares are by chance; 1 where there is nothing to compare."""
    total = sum(counts)
    expected = [total * each / sum(shares) for each in shares]
    if total == 0 or len(counts) < 2 or any(each == 0 for each in expected):  # noqa: PLR2004 - one way is no comparison
        return 1.0
    return chi_square_beyond(sum((count - each) ** 2 / each for count, each in zip(counts, expected, strict=True)), len(counts) - 1)


def chi_square_beyond(value: float, freedom: int) -> float:
    """Return the probability that a chi-square variable of so many degrees of freedom exceeds a value (Abramowitz and Stegun, 26.4.4 and 26.4.5)."""
    half = value / 2
    if freedom % 2 == 0:
        term, total = 1.0, 1.0
        for n in range(1, freedom // 2):
            term *= half / n
            total += term
        return exp(-half) * total
    tail, term = erfc(sqrt(half)), sqrt(2 * value / pi) * exp(-half)
    for n in range(1, freedom, 2):
        tail += term
        term *= value / (n + 2)
    return tail
