"""How far from a date something lies, ahead of it or behind: `3 days`, `-7 days`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from retention_cli.model.duration import Duration

_PATTERN = r"^\s*-?\s*\d+\s*([A-Za-z]+)\s*$"


@dataclass(frozen=True, slots=True)
class Shift:
    """A length of time after a date; `back`: before it."""

    span: Duration
    back: bool = False

    def __str__(self) -> str:
        return f"-{self.span}" if self.back else str(self.span)


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return Shift(Duration.parse(text.removeprefix("-").strip()), back=text.startswith("-"))


Offset = Annotated[
    Shift,
    BeforeValidator(_read),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["3 days", "-7 days"]}),
]
"""A length of time after a date, or before it with a minus: 3 days, -7 days."""
