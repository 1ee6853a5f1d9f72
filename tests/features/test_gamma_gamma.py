"""Gamma-Gamma: the published parameters come out, and what it expects is what a simulation gives."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.papers import expected_value
from retention_cli.features import gamma_gamma
from support.real_data import real_data

Floats = NDArray[np.float64]
SAMPLE = Path(__file__).parent / "data" / "cdnow_fifth.csv"
PUBLISHED = (6.25, 3.74, 15.45)
"""Fader, Hardie 2013, for the 946 customers of CDNOW who bought again."""
FIFTH = (6.5785, 2.998, 11.1652)
WHOLE = real_data("cdnow/cdnow_customers_summary_with_transactions.csv")


def read(path: Path) -> tuple[Floats, Floats]:
    """Read x and the mean value of those who bought again."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(float(row["x"]), float(row["zbar"])) for row in csv.DictReader(file) if float(row["x"]) > 0]
    repeats, mean = np.array(rows).T
    return repeats, mean


def plain(repeats: Floats, mean: Floats, p: float, q: float, v: float) -> float:
    """Return the log-likelihood as eq. 1a stands, customer by customer."""
    total = 0.0
    for x, m in zip(map(float, repeats), map(float, mean), strict=True):
        density = math.gamma(p * x + q) / (math.gamma(p * x) * math.gamma(q)) * v**q * m ** (p * x - 1) * x ** (p * x) / (v + m * x) ** (p * x + q)
        total += math.log(density)
    return total


def test_the_published_parameters_come_out() -> None:
    """On everybody where they are there; the committed fifth has its own, found by a search without gradients on `plain`."""
    if WHOLE is not None:
        repeats, mean = read(WHOLE)
        assert len(mean) == 946
        assert gamma_gamma.fit(repeats, mean) == pytest.approx(PUBLISHED, abs=0.01)
    assert gamma_gamma.fit(*read(SAMPLE)) == pytest.approx(FIFTH, rel=0.002)


def test_the_likelihood_is_that_of_the_note() -> None:
    repeats, mean = read(SAMPLE)
    few = repeats < 12
    for parameters in (PUBLISHED, (1.5, 2.5, 40.0)):
        told = plain(repeats[few], mean[few], *parameters)
        assert gamma_gamma.log_likelihood(repeats[few], mean[few], *parameters) == pytest.approx(told, rel=1e-10)


def test_the_currency_is_the_unit_of_v_alone() -> None:
    repeats, mean = read(SAMPLE)
    euros, pennies = gamma_gamma.fit(repeats, mean), gamma_gamma.fit(repeats, mean * 100)
    assert euros is not None
    assert pennies == pytest.approx((euros[0], euros[1], euros[2] * 100), rel=1e-3)


def test_what_a_purchase_is_worth_is_that_of_a_simulation() -> None:
    """Of those with two repeat purchases near 50, the next one is worth what the formula says, between their own and all."""
    p, q, v, people = *PUBLISHED, 400_000
    chance = np.random.default_rng(3)
    scale = 1 / chance.gamma(q, 1 / v, people)
    bought, following = chance.gamma(p, scale, (3, people))[:2].mean(axis=0), chance.gamma(p, scale, people)
    alike = np.abs(bought - 50) < 2
    told = expected_value(np.full(alike.sum(), 2.0), bought[alike], p, q, v)
    assert float(told.mean()) == pytest.approx(float(following[alike].mean()), rel=0.01)
    assert p * v / (q - 1) < float(told.mean()) < 50


def test_who_never_bought_again_gets_everybodys_mean() -> None:
    p, q, v = PUBLISHED
    assert float(expected_value(np.zeros(1), np.array([999.0]), p, q, v)[0]) == pytest.approx(p * v / (q - 1))


def test_where_every_purchase_costs_the_same_that_is_what_one_is_worth() -> None:
    """Nothing tells customers apart, so the parameters mean nothing by themselves: there is no fit, or one whose every value is the price."""
    found = gamma_gamma.fit(np.full(80, 3.0), np.full(80, 10.0))
    if found is not None:
        told = expected_value(np.array([0.0, 1.0, 5.0]), np.array([0.0, 10.0, 10.0]), *found)
        assert list(told) == pytest.approx([10, 10, 10], rel=0.01)
