"""R6: the demo shop lived through day by day: nobody is written to too often, too late, at night or against their word."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from support.demo_days import Days, after_an_opt_out, after_an_order, at_once, in_quiet_hours, left, midnight_before, over_a_cap, unexplained
from support.ledgers import query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAST = datetime(2026, 5, 2, 8, 0, tzinfo=UTC)


def prove_days(folder: Path, days: int, customers: int, seen: Callable[[datetime], datetime]) -> str:
    """Live through so many days, and hold what must hold on each; return the figures."""
    shop = Days.made(folder / "shop", LAST, customers, seen)
    began = time.monotonic()
    shop.live(days)
    assert over_a_cap(shop) == []
    assert in_quiet_hours(shop) == []
    assert after_an_order(shop) == []
    assert after_an_opt_out(shop) == []
    assert list(unexplained(shop)) == []
    assert len(left(shop)) == shop.figures["sent"] > 0
    assert shop.figures["ticks"] == days
    reasons = dict(
        query(shop.work.location, "SELECT state || ' ' || coalesce(substr(reason, 1, 20), ''), count(*) FROM messages GROUP BY 1 ORDER BY 1")
    )
    seconds = time.monotonic() - began
    return f"{customers:,} customers, {days} days: {dict(shop.figures)}; messages {reasons}; {seconds:.0f} s"


def test_some_days_of_the_demo_shop(tmp_path: Path) -> None:
    """With a nightly export: what happened on a day is known the next morning."""
    prove_days(tmp_path, 6, 200, midnight_before)


def test_some_days_with_exports_that_are_always_fresh(tmp_path: Path) -> None:
    prove_days(tmp_path, 2, 200, at_once)


@pytest.mark.prove
def test_half_a_year_of_the_demo_shop(tmp_path: Path) -> None:
    """R6: the figures are printed."""
    sys.stdout.write(f"\n{prove_days(tmp_path, 180, 1_000, midnight_before)}\n")
