"""Gamma-Gamma by maximum likelihood: P. Fader, B. Hardie, "The Gamma-Gamma Model of Monetary Value" (2013).

What one purchase of a customer is worth ~ Gamma(p, nu), and nu ~ Gamma(q, v) among customers; it does not hang on how often
they buy. Data: x repeat purchases and their mean value m of everybody who bought again; v has the unit of m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BOUNDS = [(np.log(1e-3), np.log(1e6))] * 3
_MARGIN = 0.01
"""How near to an edge, in logarithms, a search has run into it."""
_STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5))
"""Where the search begins: p, q, v as a multiple of the mean."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """A sample with what no parameter changes worked out: the different counts, and how many people have each."""

    repeats: Floats
    total: Floats
    counts: Floats
    people: Floats
    log_means: Floats

    @classmethod
    def of(cls, repeats: Floats, mean: Floats) -> _Sample:
        counts, place = np.unique(repeats, return_inverse=True)
        return cls(repeats, repeats * mean, counts, np.bincount(place).astype(float), np.bincount(place, weights=np.log(mean)).astype(float))

    def log_likelihood(self, p: float, q: float, v: float) -> float:
        shape = p * self.counts
        constant = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v) + shape * np.log(self.counts)
        everybody = (p * self.repeats + q) @ np.log(self.total + v)
        return float(self.people @ constant + (shape - 1) @ self.log_means - everybody)


def log_likelihood(repeats: Floats, mean: Floats, p: float, q: float, v: float) -> float:
    """Return the log-likelihood of the sample (eq. 1a of the note); every x >= 1 and every m > 0."""
    return _Sample.of(repeats, mean).log_likelihood(p, q, v)


def fit(repeats: Floats, mean: Floats) -> tuple[float, float, float] | None:
    """Return (p, q, v) where the likelihood is greatest; None where there is no inner maximum, or no mean (q ≤ 1)."""
    typical = float(mean.mean())
    sample = _Sample.of(repeats, mean / typical)

    def loss(logs: Floats) -> float:
        p, q, scaled = np.exp(logs)
        return -sample.log_likelihood(p, q, scaled) / len(mean)

    found = [minimize(loss, np.log(start), method="L-BFGS-B", bounds=_BOUNDS, options={"ftol": 1e-12, "gtol": 1e-8}) for start in _STARTS]
    best = min(found, key=lambda each: float(each.fun))
    p, q, scaled = (float(value) for value in np.exp(best.x))
    inside = all(low + _MARGIN < value < high - _MARGIN for value, (low, high) in zip(best.x, _BOUNDS, strict=True))
    return (p, q, scaled * typical) if inside and np.isfinite(best.fun) and q > 1 else None
