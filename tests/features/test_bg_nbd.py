"""BG/NBD: the published parameters come out, and every formula agrees with one that was made another way."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from features.papers import probability_alive
from retention_cli.features import bg_nbd
from retention_cli.features.bg_nbd import History
from support.real_data import real_data

Floats = NDArray[np.float64]
SAMPLE = Path(__file__).parent / "data" / "cdnow_fifth.csv"
PUBLISHED = (0.243, 4.414, 0.793, 2.426)
"""Fader, Hardie, Lee 2005, table 2."""


@dataclass(frozen=True)
class Dataset:
    """Customers' x, t_x, T in weeks, and what the likelihood's maximum is known to be."""

    path: Path
    parameters: tuple[float, float, float, float]
    within: float


def datasets() -> dict[str, Dataset]:
    """Return the committed sample (its parameters by a search that uses no gradient, on the plain sum below) and the whole."""
    found = {"a fifth": Dataset(SAMPLE, (0.21141, 2.99587, 0.84878, 2.84842), 0.0005)}
    whole = real_data("cdnow/cdnow_customers_summary_with_transactions.csv")
    return found if whole is None else {**found, "everybody": Dataset(whole, PUBLISHED, 0.01)}


def read(path: Path) -> History:
    """Read customers, each a group of one."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(float(row["x"]), float(row["t_x"]), float(row["T"])) for row in csv.DictReader(file)]
    repeats, recency, age = np.array(rows).T
    return History(repeats, recency, age, np.ones_like(age))


def plain(x: float, recency: float, age: float, parameters: tuple[float, float, float, float]) -> float:
    """Return the log-likelihood of one customer, as the paper's eq. 6 stands, without a trick."""
    r, alpha, a, b = parameters
    gamma_part = math.gamma(r + x) / math.gamma(r) * alpha**r
    alive = math.gamma(a + b) * math.gamma(b + x) / (math.gamma(b) * math.gamma(a + b + x)) * (1 / (alpha + age)) ** (r + x)
    if x == 0:
        return math.log(gamma_part * alive)
    gone = (
        math.gamma(a + 1) * math.gamma(b + x - 1) * math.gamma(a + b) / (math.gamma(a) * math.gamma(b) * math.gamma(a + b + x))
    ) * (1 / (alpha + recency)) ** (r + x)  # fmt: skip
    return math.log(gamma_part * (alive + gone))


@pytest.mark.parametrize("name", datasets())
def test_the_published_parameters_come_out(name: str) -> None:
    dataset = datasets()[name]
    assert bg_nbd.fit(read(dataset.path)) == pytest.approx(dataset.parameters, abs=dataset.within)


def test_the_likelihood_is_that_of_the_paper() -> None:
    history = read(SAMPLE)
    for parameters in (PUBLISHED, (1.0, 2.0, 3.0, 4.0), (0.05, 30.0, 0.3, 0.2)):
        customers = zip(history.repeats, history.recency, history.age, strict=True)
        told = sum(plain(float(x), float(recency), float(age), parameters) for x, recency, age in customers)
        assert bg_nbd.log_likelihood(history, *parameters) == pytest.approx(told, rel=1e-10)


def test_no_step_aside_is_better() -> None:
    """The maximum is one: moving any parameter by a hundredth makes the sample less likely."""
    history = read(SAMPLE)
    best = bg_nbd.fit(history)
    assert best is not None
    for n in range(4):
        for factor in (0.99, 1.01):
            moved = [value * (factor if place == n else 1) for place, value in enumerate(best)]
            assert bg_nbd.log_likelihood(history, *moved) < bg_nbd.log_likelihood(history, *best)


def test_equal_customers_may_stand_in_groups() -> None:
    history = read(SAMPLE)
    rows, people = np.unique(np.stack([history.repeats, history.recency, history.age]), axis=1, return_counts=True)
    assert len(people) < len(history.age)
    assert bg_nbd.fit(History(rows[0], rows[1], rows[2], people.astype(float))) == pytest.approx(bg_nbd.fit(history), rel=1e-3)


def test_the_unit_of_time_is_the_unit_of_alpha_alone() -> None:
    history = read(SAMPLE)
    weeks, days = bg_nbd.fit(history), bg_nbd.fit(History(history.repeats, history.recency * 7, history.age * 7, history.people))
    assert weeks is not None
    assert days == pytest.approx((weeks[0], weeks[1] * 7, weeks[2], weeks[3]), rel=1e-4)


def test_who_never_differs_gives_no_fit() -> None:
    """Everybody buys every week for ever: nothing tells a rate from another, and the search ends at its edge."""
    age = np.full(100, 52.0)
    assert bg_nbd.fit(History(np.full(100, 52.0), age, age, np.ones(100))) is None


def simulated(parameters: tuple[float, float, float, float], age: float, people: int, seed: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Let people buy as the model says: return their repeat purchases, the time of the last, and whether they are still there."""
    r, alpha, a, b = parameters
    chance = np.random.default_rng(seed)
    rates, drops = chance.gamma(r, 1 / alpha, people), chance.beta(a, b, people)
    repeats, last, there = np.zeros(people), np.zeros(people), np.ones(people, dtype=bool)
    clock, active = np.zeros(people), np.ones(people, dtype=bool)
    while active.any():
        clock = clock + chance.exponential(1 / rates)
        active &= clock <= age
        repeats, last = repeats + active, np.where(active, clock, last)
        gone = active & (chance.random(people) < drops)
        there, active = there & ~gone, active & ~gone
    return repeats, last, there


def test_expected_counts_are_those_of_a_simulation() -> None:
    parameters, age, people = (0.9, 5.0, 0.8, 2.5), 40.0, 200_000
    repeats, _, _ = simulated(parameters, age, people, 1)
    expected = bg_nbd.repeats_expected(np.array([age]), np.array([float(people)]), parameters, 7)
    actual = [float((repeats == n).sum()) for n in range(7)] + [float((repeats >= 7).sum())]
    assert expected.sum() == pytest.approx(people)
    assert list(expected) == pytest.approx(actual, abs=4 * math.sqrt(people) / 2)


def test_the_chance_to_be_alive_is_that_of_a_simulation() -> None:
    """Of those who bought twice again, last around week ten of forty, so many are still there."""
    parameters, age, people = (0.9, 5.0, 0.8, 2.5), 40.0, 400_000
    repeats, last, there = simulated(parameters, age, people, 2)
    for low, high in ((8, 12), (28, 32), (38, 40)):
        alike = (repeats == 2) & (last > low) & (last <= high)
        history = History(repeats[alike], last[alike], np.full(alike.sum(), age), np.ones(alike.sum()))
        told = probability_alive(history, *parameters)
        assert float(told.mean()) == pytest.approx(float(there[alike].mean()), abs=4 / math.sqrt(alike.sum()) / 2)


def test_without_a_repeat_purchase_nobody_has_dropped_out() -> None:
    history = History(np.zeros(2), np.zeros(2), np.array([1.0, 900.0]), np.ones(2))
    assert list(probability_alive(history, *PUBLISHED)) == [1, 1]
