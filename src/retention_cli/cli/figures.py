"""Numbers of an analysis as a table shows them: short enough for 80 columns, and plain enough for every terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

MISSING = "\u2013"
_STEPS = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_FEW, _SOME = 10, 100
_ENDLESS = 1_000_000


def short(number: float | Decimal | None) -> str:
    """Return a number in at most five signs or so: `0.5`, `12`, `1.2k`, `340M`; a dash for none."""
    if number is None:
        return MISSING
    value = float(number)
    for size, sign in _STEPS:
        if abs(value) >= size:
            return f"{_digits(value / size)}{sign}"
    return _digits(value)


def _digits(value: float) -> str:
    text = f"{value:.1f}" if abs(value) < _FEW else f"{value:.0f}"
    return text.removesuffix(".0")


def share(part: float) -> str:
    """Return 0.283 as `28%`; what is there but rounds to nothing is `<1%`."""
    return "<1%" if 0 < part < 1 / 200 else f"{part:.0%}"


def width() -> int:
    """Return the columns of the terminal; of a pipe, as many as one likes."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _ENDLESS
