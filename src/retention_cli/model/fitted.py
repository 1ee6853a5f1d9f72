"""What was fitted to a shop's repeat buying: parameters with their unit, whom they were fitted to, and how well they fit.

Parameters without their unit mean nothing (alpha in weeks is a seventh of alpha in days), so both travel together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

DAYS_A_WEEK = 7
UNITS = {1: "days", DAYS_A_WEEK: "weeks"}


@dataclass(frozen=True, slots=True)
class Buying:
    """BG/NBD (Fader, Hardie, Lee 2005): rate of buying ~ Gamma(r, alpha), chance to drop out after a purchase ~ Beta(a, b).

    alpha is in units of `unit_days`. `people` bought at least once, `repeaters` on more than one day.
    """

    r: float
    alpha: float
    a: float
    b: float
    people: int
    repeaters: int
    unit_days: int = DAYS_A_WEEK

    @property
    def unit(self) -> str:
        """The unit of alpha, in words."""
        return UNITS.get(self.unit_days, f"{self.unit_days} days")


@dataclass(frozen=True, slots=True)
class Spending:
    """Gamma-Gamma (Fader, Hardie 2013): a purchase of one customer ~ Gamma(p, nu), nu ~ Gamma(q, v). v is in `currency`."""

    p: float
    q: float
    v: float
    people: int
    currency: str

    @property
    def mean(self) -> float:
        """What a purchase of an average customer is worth: p·v / (q - 1)."""
        return self.p * self.v / (self.q - 1)


@dataclass(frozen=True, slots=True)
class FitCheck:
    """How many people bought again so often (`repeats`; the last line: so often or more), and how many the fit expects."""

    repeats: int
    actual: int
    expected: float


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why nothing could be fitted, as a sentence, and what to do."""

    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """All that was fitted to one snapshot of orders, as of the day of its newest order; `spending` may be missing, and says why."""

    orders: str
    until: date
    buying: Buying
    spending: Spending | Unfit
    checks: tuple[FitCheck, ...]
