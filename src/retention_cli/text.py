"""Small things about words: the nearest known name, plurals, and what may be shown on a terminal."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `word`, or None where nothing is near."""
    names = list(known)
    lowered = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], limit: int = 12) -> str:
    """Return a hint: the nearest known name, else the first few that are known."""
    names = sorted(set(known))
    if (near := nearest(word, names)) is not None:
        return f"did you mean {near!r}?"
    if not names:
        return ""
    more = ", …" if len(names) > limit else ""
    return "known: " + ", ".join(names[:limit]) + more


def plural(count: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2 rows`: a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def visible(value: object) -> str:
    """Return text safe for a terminal and one line of a log: control and direction characters are written out."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", str(value))
