"""Cohorts: by the period of the first order, each in as many periods as have begun; nobody is counted twice in one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from insight.shop import bought, orders
from retention_cli.insight.cohorts import Cell, Cohort, Period, cohorts, periods_between

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    ("a", "2026-01-05T10:00", 10.0),
    ("a", "2026-01-20T10:00", 20.0),  # again in the first month
    ("a", "2026-03-01T10:00", 30.0),
    ("a", "2026-03-02T10:00", 40.0),  # twice in a month is once
    ("b", "2026-01-31T23:30", 5.0),
    ("b", "2026-02-01T00:30", 6.0),  # an hour later, another month by the shop's clock
    ("c", "2026-03-15T10:00", 7.0),
    ("d", "2026-05-01T13:00", 9.0),  # after as_of
)


def test_the_triangle_of_months(tmp_path: Path) -> None:
    with orders(tmp_path, bought(*ROWS)) as opened:
        found = cohorts(opened, Period.MONTH)
    money = Decimal
    assert found == (
        Cohort(
            date(2026, 1, 1),
            2,
            money(15),
            (Cell(0, 1, money(20)), Cell(1, 1, money(6)), Cell(2, 1, money(70)), Cell(3, 0, money(0)), Cell(4, 0, money(0))),
        ),
        Cohort(date(2026, 3, 1), 1, money(7), (Cell(0, 0, money(0)), Cell(1, 0, money(0)), Cell(2, 0, money(0)))),
    )
    assert found[0].share(found[0].cells[2]) == 0.5


def test_weeks_begin_on_monday_and_quarters_in_january(tmp_path: Path) -> None:
    with orders(tmp_path, bought(*ROWS)) as opened:
        weeks, quarters = cohorts(opened, Period.WEEK), cohorts(opened, Period.QUARTER)
    assert [(cohort.start, cohort.people, [cell.later for cell in cohort.cells if cell.returning]) for cohort in weeks] == [
        (date(2026, 1, 5), 1, [2, 7, 8]),
        (date(2026, 1, 26), 1, [0]),
        (date(2026, 3, 9), 1, []),
    ]
    assert [(cohort.start, cohort.people, [cell.returning for cell in cohort.cells]) for cohort in quarters] == [(date(2026, 1, 1), 3, [2, 0])]


def test_everything_that_was_paid_is_in_one_cell(tmp_path: Path) -> None:
    with orders(tmp_path, bought(*ROWS)) as opened:
        for period in Period:
            found = cohorts(opened, period)
            total = sum(cohort.first_revenue + sum(cell.recurring_revenue for cell in cohort.cells) for cohort in found)
            assert total == Decimal(str(sum(paid for name, _, paid in ROWS if name != "d"))), period


def test_two_orders_at_one_moment_are_a_first_and_a_repeat(tmp_path: Path) -> None:
    with orders(tmp_path, bought(("a", "2026-04-01T10:00", 8.0), ("a", "2026-04-01T10:00", 3.0))) as opened:
        [cohort] = cohorts(opened, Period.MONTH)
    assert (cohort.people, cohort.first_revenue, cohort.cells[0]) == (1, Decimal(3), Cell(0, 1, Decimal(8)))


def test_no_orders_are_no_cohorts(tmp_path: Path) -> None:
    with orders(tmp_path, {}) as opened:
        assert cohorts(opened, Period.MONTH) == ()


@pytest.mark.parametrize(
    ("period", "start", "day", "count"),
    [
        (Period.MONTH, date(2025, 12, 1), date(2026, 1, 1), 1),
        (Period.MONTH, date(2025, 12, 1), date(2025, 12, 31), 0),
        (Period.QUARTER, date(2025, 10, 1), date(2026, 5, 1), 2),
        (Period.WEEK, date(2025, 12, 29), date(2026, 1, 4), 0),
        (Period.WEEK, date(2025, 12, 29), date(2026, 1, 5), 1),
    ],
)
def test_periods_between(period: Period, start: date, day: date, count: int) -> None:
    assert periods_between(start, day, period) == count
