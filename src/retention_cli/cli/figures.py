"""Numbers of an analysis as the cells of a wide table have them: the shop's locale, and short enough for 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.cli.local import MISSING

if TYPE_CHECKING:
    from decimal import Decimal

    from retention_cli.cli.local import Local

_STEPS = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_FEW = 10


def short(number: float | Decimal | None, local: Local) -> str:
    """Return a number in at most five signs or so: `0.5`, `12`, `1.2k`, `340M`; a dash for none."""
    if number is None:
        return MISSING
    value = float(number)
    for size, sign in _STEPS:
        if abs(value) >= size:
            return f"{_digits(value / size, local)}{sign}"
    return _digits(value, local)


def _digits(value: float, local: Local) -> str:
    return local.number(round(value, 1 if abs(value) < _FEW else 0))


def percent(part: float, local: Local) -> str:
    """Return 0.283 as `28%`, the way that the locale writes it; what is there but rounds to nothing is `<1%`."""
    return f"<{local.share(0.01, places=0)}" if 0 < part < 1 / 200 else local.share(part, places=0)
