"""BG/NBD by maximum likelihood: P. Fader, B. Hardie, K. Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005).

A customer buys at a rate lambda ~ Gamma(r, alpha) and drops out after each purchase with a chance p ~ Beta(a, b). Data of a customer:
x repeat purchases, t_x from the first purchase to the last, T from the first to the end of what was seen; all times in one
unit, which is alpha's. Arrays have one entry a group of equal customers, with `people` in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LOWEST, _HIGHEST = 1e-3, 1e5
_MARGIN = 0.01
"""How near to an edge, in logarithms, a search has run into it."""
_STARTS = ((1.0, 1.0, 1.0, 1.0), (0.3, 1.0, 0.5, 3.0))
"""Where the search begins: r, alpha as a multiple of the mean T, a, b."""
_FTOL = 1e-12


@dataclass(frozen=True, slots=True)
class History:
    """Groups of customers with equal histories: x, t_x, T and how many they are; arrays of one length, float."""

    repeats: Floats
    recency: Floats
    age: Floats
    people: Floats


@dataclass(frozen=True, slots=True)
class _Sample:
    """A history with its few different counts apart: `counts[place]` is `repeats`, and `bought` how many people have each."""

    history: History
    counts: Floats
    place: NDArray[np.intp]
    bought: Floats

    @classmethod
    def of(cls, history: History) -> _Sample:
        counts, place = np.unique(history.repeats, return_inverse=True)
        return cls(history, counts, place, np.bincount(place, weights=history.people).astype(float))

    def log_likelihood(self, r: float, alpha: float, a: float, b: float) -> float:
        """Gamma functions depend on the counts alone and are costly; the rest on everybody."""
        x, history = self.counts, self.history
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        dropped = np.where(x > 0, np.log(a) - np.log(np.maximum(b + x - 1, _LOWEST * _LOWEST)), -np.inf)
        alive = -(r + history.repeats) * np.log(alpha + history.age)
        gone = dropped[self.place] - (r + history.repeats) * np.log(alpha + history.recency)
        return float(self.bought @ shared + history.people @ np.logaddexp(alive, gone))


def log_likelihood(history: History, r: float, alpha: float, a: float, b: float) -> float:
    """Return the log-likelihood of the whole sample (eq. 6 of the paper)."""
    return _Sample.of(history).log_likelihood(r, alpha, a, b)


def fit(history: History) -> tuple[float, float, float, float] | None:
    """Return (r, alpha, a, b) where the likelihood is greatest, None where the search finds no inner maximum."""
    sample, people = _Sample.of(history), float(history.people.sum())
    typical = float(np.average(history.age, weights=history.people)) or 1.0

    def loss(logs: Floats) -> float:
        r, scaled, a, b = np.exp(logs)
        return -sample.log_likelihood(r, scaled * typical, a, b) / people

    bounds = [(np.log(_LOWEST), np.log(_HIGHEST))] * 4
    found = [minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds, options={"ftol": _FTOL, "gtol": 1e-8}) for start in _STARTS]
    best = min(found, key=lambda each: float(each.fun))
    r, scaled, a, b = (float(value) for value in np.exp(best.x))
    inside = all(low + _MARGIN < value < high - _MARGIN for value, (low, high) in zip(best.x, bounds, strict=True))
    return (r, scaled * typical, a, b) if inside and np.isfinite(best.fun) else None


def repeats_expected(ages: Floats, people: Floats, parameters: tuple[float, float, float, float], most: int) -> Floats:
    """Return how many people are expected to have 0, 1, …, `most` - 1 and at least `most` repeat purchases (eq. 8)."""
    r, alpha, a, b = parameters
    log_base, log_step = r * (np.log(alpha) - np.log(alpha + ages)), np.log(np.maximum(ages, 1e-300)) - np.log(alpha + ages)
    chances, so_far = [], np.zeros_like(ages)
    for x in range(most):
        counted = np.exp(gammaln(r + x) - gammaln(r) - gammaln(x + 1) + log_base + x * log_step)
        stays = np.exp(betaln(a, b + x) - betaln(a, b)) * counted
        leaves = np.exp(betaln(a + 1, b + x - 1) - betaln(a, b)) * (1 - so_far) if x else 0.0
        chances.append(float(people @ (stays + leaves)))
        so_far = so_far + counted
    return np.array([*chances, float(people.sum()) - sum(chances)])
