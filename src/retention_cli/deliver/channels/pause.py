"""`Retry-After` (RFC 9110 §10.2.3) in seconds: as seconds or as a date; nonsense says nothing."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = 86_400.0


def seconds_in(value: str | None, now: datetime) -> float | None:
    """Return how long a server wants to be left alone, at most a day; None where it does not say."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST)
    try:
        left = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(left, LONGEST) if left > 0 else None
