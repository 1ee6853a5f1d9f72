"""Small pictures of numbers in a line of text: a bar, and a line of bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EIGHTHS = " \u258f\u258e\u258d\u258c\u258b\u258a\u2589\u2588"
_HEIGHTS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def bar(part: float, whole: float, width: int) -> str:
    """Return a bar of `part` in `whole` over so many columns, to an eighth; what is there at all is seen."""
    eighths = round(max(0.0, min(part / whole, 1.0)) * width * 8) if whole > 0 else 0
    eighths = max(eighths, 1) if part > 0 and whole > 0 else eighths
    return "\u2588" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def sparkline(values: Sequence[int | None]) -> str:
    """Return a sign a value, from the least to the most of them; a gap where nothing is known, a middle line where all are alike."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(" " if value is None else _height(value, low, high) for value in values)


def _height(value: int, low: int, high: int) -> str:
    return _HEIGHTS[3] if low == high else _HEIGHTS[round((value - low) / (high - low) * (len(_HEIGHTS) - 1))]
