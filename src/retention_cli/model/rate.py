"""How fast: so many in a time, as messages a second."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_SECONDS = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86_400}
RATE_PATTERN = r"^\s*([1-9][0-9]{0,8})\s*/\s*(s|second|min|minute|h|hour|day)\s*$"
_RATE = re.compile(RATE_PATTERN)


def read_rate(value: Any) -> Any:
    """Read `50/s`; raise ValueError with a sentence where it is no rate."""
    if not isinstance(value, str):
        return value
    found = _RATE.match(value)
    if found is None:
        raise ValueError(f"{value!r} is no rate; write it like 50/s, 600/minute, 5000/hour or 20000/day")
    return int(found[1]) / _SECONDS[found[2]]


Rate = Annotated[float, BeforeValidator(read_rate), WithJsonSchema({"type": "string", "pattern": RATE_PATTERN, "examples": ["50/s", "600/minute"]})]
"""Messages a second, written as so many in a second, minute, hour or day."""
