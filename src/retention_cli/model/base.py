"""What all models share: frozen, strict about unknown words, and sparing with types.

A scalar of YAML arrives as text; the types here say how a field reads it, and how an editor's JSON Schema describes it
(an editor's YAML makes `5` a number and `true` a boolean, so both spellings are described).
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from retention_cli.model.duration import Duration
from retention_cli.model.word import Word, place_of

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]*$"
DURATION_PATTERN = r"^\s*\d+\s*([A-Za-z]+)\s*$"

_NAME = re.compile(NAME_PATTERN)
_MOST_DIGITS = 18
_FLAGS = {"true": True, "false": False}


class Model(BaseModel):
    """A noun of the language."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _check_name(value: Word) -> Word:
    if not _NAME.match(value):
        raise ValueError(f"{value!r} is no name; use letters without accents, digits, _ and -, beginning with a letter")
    return value


Name = Annotated[Word, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
"""What other files, tables and headers call a thing by."""


def _read_flag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in _FLAGS:
        raise ValueError(f"{value!r} is neither true nor false")
    return _FLAGS[value]


Flag = Annotated[bool, BeforeValidator(_read_flag), WithJsonSchema({"enum": [True, False, "true", "false"]})]
"""`true` or `false`, and no other spelling."""


def read_whole(value: Any) -> Any:
    """Read `12`; raise ValueError with a sentence where it is no whole number, zero or more."""
    if not isinstance(value, str):
        return value
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise ValueError(f"{value!r} is not a whole number, zero or more")
    return int(value)


Whole = Annotated[
    int,
    BeforeValidator(read_whole),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\d+$"}]}),
]
"""A whole number, zero or more."""


def read_number(value: Any) -> Decimal:
    """Return a number exactly as written; raise ValueError with a sentence where it is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{str(value)!r} is not a number")
    return found


Number = Annotated[
    Decimal,
    BeforeValidator(read_number),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}]}),
]
"""A number, exactly as written."""


class Described(Model):
    """What `description`, `owner` and `tags` say; allowed everywhere and shown."""

    name: Name = Field(description="how other files call it; left out: the file's name")
    description: str = Field(default="", description="what it is, in a sentence")
    owner: str = Field(default="", description="who answers for it")
    tags: tuple[str, ...] = Field(default=(), description="words to find it by")


def _read_duration(value: Any) -> Any:
    return replace(Duration.parse(value), place=place_of(value)) if isinstance(value, str) else value


Span = Annotated[
    Duration,
    BeforeValidator(_read_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30 minutes", "3 days", "1 year"]}),
]
"""A length of time: 30 seconds, 30 minutes, 12 hours, 3 days, 2 weeks, 3 months, 1 year."""


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[
    tuple[Word, ...], BeforeValidator(_listed), WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
]
"""One name, or a list of them."""
