"""A machine's clock that was set back or forward, and a machine that was off: T10, T11, T12."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.shell import retention
from support.tiny_shop import make_shop

LONG = """\
name: long
trigger: {did: add_to_cart}
goals: {back: {when: {did: order}, window: 5 days}}
steps:
  - {send: letter, id: one}
  - wait: 1 day
  - {send: letter, id: two}
  - wait: 1 day
  - {send: letter, id: three}
"""
CARTS = [(customer, "2026-05-01 10:00:00", "add_to_cart", "p1", f"k{customer}") for customer in ("a", "b")]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a shop with two people on their way: one letter each, the next is due on 2 May at 11:00."""
    made = make_shop(tmp_path / "shop", {"campaigns/long.yml": LONG}, web=CARTS)
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        assert retention(made, "run", "--as-of", as_of).code == 0
    return made


def letters(shop: Path) -> int:
    """Count what left."""
    return len(list((shop / "outbox").glob("*.eml")))


def waiting(shop: Path) -> dict[str, Any]:
    """Return how many stand at each step, and when the first of them is due."""
    steps = retention(shop, "campaign", "show", "long", "--format", "json").json["steps"]
    listed = retention(shop, "campaign", "list", "--format", "json").json[0]
    return {"due": listed["next_look"], **{step["step"]: step["people"] for step in steps if step["people"]}}


@pytest.mark.parametrize("as_of", ["2026-05-01T10:00", "2026-04-30T11:00", "1970-01-01T00:00"])
def test_t10_a_clock_that_was_set_back_is_refused_and_changes_nothing(shop: Path, as_of: str) -> None:
    """Exit 3, said with both times; nothing is sent again and no wait begins anew."""
    before = letters(shop), waiting(shop)
    refused = retention(shop, "run", "--as-of", as_of)
    assert refused.code == 3
    assert "error: the last run was as of 2026-05-01T09:00:00+00:00, which is later than" in refused.said
    assert (letters(shop), waiting(shop)) == before
    assert retention(shop, "run", "--as-of", "2026-05-02T11:00").code == 0
    assert letters(shop) == 4


def test_t10_a_few_minutes_are_no_clock_set_back(shop: Path) -> None:
    """Five minutes are what machines differ by; what was decided stays decided."""
    assert retention(shop, "run", "--as-of", "2026-05-01T10:55").code == 0
    assert letters(shop) == 2
    assert retention(shop, "run", "--as-of", "2026-05-01T10:49:59").code == 3


def test_t11_a_clock_a_year_ahead_is_said_and_is_no_burst(shop: Path) -> None:
    """Three letters would be due by then; each person gets one, and waits again. The clock put right is refused until it has caught up."""
    ran = retention(shop, "run", "--as-of", "2027-05-01T11:00")
    assert ran.code == 0
    assert "the last run was as of 2026-05-01T09:00:00+00:00, 365 days ago: catching up, each journey by one step up to its next wait" in ran.said
    assert (letters(shop), waiting(shop)) == (4, {"due": "2027-05-02T09:00:00+00:00", "wait-1-day-2": 2})
    assert retention(shop, "run", "--as-of", "2026-05-02T11:00").code == 3
    again = retention(shop, "run", "--as-of", "2027-05-01T11:00")
    assert (again.code, letters(shop), "catching up" in again.said) == (0, 4, False)


def test_t12_after_three_days_off_each_journey_goes_one_step(shop: Path) -> None:
    """A shorter silence is resumed alike, and is not worth a word."""
    ran = retention(shop, "run", "--as-of", "2026-05-04T11:00")
    assert (ran.code, letters(shop), "catching up" in ran.said) == (0, 4, False)
    assert waiting(shop) == {"due": "2026-05-05T09:00:00+00:00", "wait-1-day-2": 2}


def test_plan_says_the_silence_that_a_run_would_say(shop: Path) -> None:
    assert "catching up" in retention(shop, "plan", "--as-of", "2026-05-20T11:00").said
