"""Shares and differences, against published examples and against scipy."""

from __future__ import annotations

from math import sqrt

import pytest
from scipy import stats

from retention_cli.insight.trials import chi_square_beyond, difference, fits_shares, holm, share


def test_wilson_is_what_scipy_says() -> None:
    for reached, of in ((0, 10), (1, 10), (81, 263), (15, 148), (500, 1000), (10, 10)):
        found, known = share(reached, of), stats.binomtest(reached, of).proportion_ci(method="wilson")
        assert found is not None
        assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0000), ((6, 7), (2, 7), 0.0582, 0.8062)],
)
def test_newcombe_s_own_examples(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    """Table II of the paper, method 10, to its four places."""
    first, second = share(*one), share(*other)
    assert first is not None
    assert second is not None
    found = difference(first, second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_z_test_is_the_chi_square_of_the_table() -> None:
    first, second = share(120, 1000), share(90, 1000)
    assert first is not None
    assert second is not None
    known = stats.chi2_contingency([[120, 880], [90, 910]], correction=False).pvalue
    assert difference(first, second).p == pytest.approx(known, rel=1e-9)
    nobody = share(0, 5)
    assert nobody is not None
    assert difference(nobody, nobody).p == 1


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 7])
def test_chi_square_is_what_scipy_says(freedom: int) -> None:
    for value in (0.0, 0.1, 1.0, 3.84, 10.0, 40.0):
        assert chi_square_beyond(value, freedom) == pytest.approx(stats.chi2.sf(value, freedom), rel=1e-9)


def test_counts_that_do_not_fit_their_shares_are_told() -> None:
    assert fits_shares([500, 500], [0.5, 0.5]) == 1
    assert fits_shares([821_588, 815_482], [0.5, 0.5]) == pytest.approx(stats.chisquare([821_588, 815_482]).pvalue, rel=1e-6)
    assert fits_shares([821_588, 815_482], [0.5, 0.5]) < 0.001
    assert fits_shares([10], [1.0]) == fits_shares([0, 0], [0.5, 0.5]) == 1


def test_several_looks_are_dearer_than_one() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_nobody_has_no_share_and_more_than_all_is_a_mistake() -> None:
    assert share(0, 0) is None
    with pytest.raises(ValueError, match="no share"):
        share(2, 1)
    half = share(1, 2)
    assert half is not None
    assert half.share == pytest.approx(0.5)
    assert half.high - half.low < 2 * 1.96 * sqrt(0.25 / 2)
