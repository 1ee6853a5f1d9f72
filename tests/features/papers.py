"""What the papers say of a customer, in closed form: proven by simulations, and what the predictions in SQL are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retention_cli.features.bg_nbd import History

    Floats = NDArray[np.float64]


def probability_alive(history: History, r: float, alpha: float, a: float, b: float) -> Floats:
    """Return the chance that each has not dropped out; without a repeat purchase it is 1 in this model."""
    x = history.repeats
    odds = np.log(a) - np.log(np.where(x > 0, b + x - 1, 1.0)) + (r + x) * np.log((alpha + history.age) / (alpha + history.recency))
    return np.where(x > 0, expit(-odds), 1.0)


def expected_value(repeats: Floats, mean: Floats, p: float, q: float, v: float) -> Floats:
    """Return what a purchase of each is expected to be worth (eq. 5); who never bought again gets everybody's mean."""
    return p * (v + repeats * np.where(repeats > 0, mean, 0.0)) / (p * repeats + q - 1)
