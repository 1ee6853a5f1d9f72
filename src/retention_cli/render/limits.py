"""What a template may use up: steps and characters, counted, so that the same template stops at the same place every time.

A time limit would make a retry differ from the first try, and signals do not reach threads; so each rendering has a
budget, spent by loops, calls, operators, joins and output. A bomb (`'a' * 10**8`, nested loops, doubling) ends with
`TooMuch` before it is built. One rendering's budget lives in its Jinja context, so that threads do not share one.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING

from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Undefined

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT = 1_000_000
"""Characters that one part of a message may have, and any value on the way to it."""
MAX_ITEMS = 10_000
MAX_RANGE = 1_000
MAX_BITS = 256
BUDGET = 100_000
"""Steps of one rendering; a step is a turn of a loop, an operator, or 100 characters."""
CALL = 1_000
"""What a call costs, in characters."""
_CHARACTERS_A_STEP = 100
_PRINTABLE = (int, float, Decimal, date, time, Undefined)


class TooMuch(SecurityError):
    """The template asked for more than a message may cost."""


class Budget(Context):
    """A Jinja context that knows what is left to spend."""

    left = BUDGET

    def spend(self, characters: int = 0) -> None:
        """Take one step, and one for each hundred characters; raise TooMuch where nothing is left."""
        if characters > MAX_TEXT:
            raise TooMuch("a text would be longer than a message may be")
        self.left -= 1 + characters // _CHARACTERS_A_STEP
        if self.left < 0:
            raise TooMuch("the template takes too many steps")


def printed(context: Budget, value: object) -> object:
    """Return what `{{ value }}` writes: text and numbers; nothing for a missing value; raise for a list or mapping."""
    if isinstance(value, str):
        context.spend(len(value))
        return value
    if value is None:
        return ""
    if isinstance(value, _PRINTABLE):
        return value
    raise SecurityError("only text, numbers and dates can be written out, not a list or a mapping")


def as_text(context: Budget, value: object) -> str:
    """Return a printable value as text (marked safe where it was)."""
    found = printed(context, value)
    return found if isinstance(found, str) else str(found)


def _times(left: object, right: object) -> int:
    """Return how long `left * right` would be, in characters or items; 0 for plain numbers that stay small."""
    if isinstance(left, int) and isinstance(right, int):
        return _small(left.bit_length() + right.bit_length())
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str) and isinstance(other, int):
            return len(one) * max(other, 0)
        if isinstance(one, (list, tuple)) and isinstance(other, int):
            return _few(len(one) * max(other, 0))
    return 0


def _power(left: object, right: object) -> int:
    bits = left.bit_length() if isinstance(left, int) else 64
    return _small(bits * abs(int(right))) if isinstance(right, (int, float, Decimal)) else 0


def _plus(left: object, right: object) -> int:
    if isinstance(left, str) and isinstance(right, str):
        return len(left) + len(right)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return _few(len(left) + len(right))
    return 0


def _modulo(left: object, _: object) -> int:
    if isinstance(left, str):
        raise SecurityError("text cannot be formatted with %; write {{ }} or ~")
    return 0


def _small(bits: int) -> int:
    if bits > MAX_BITS:
        raise TooMuch("a number would be longer than anyone can read")
    return 0


def _few(items: int) -> int:
    if items > MAX_ITEMS:
        raise TooMuch("a list would have too many items")
    return items


COST: dict[str, Callable[[object, object], int]] = {"*": _times, "**": _power, "+": _plus, "%": _modulo}
"""The operators that can make much of little, and the size of what each would make."""
