"""How a CSV file is written: what a project may say of it, and what is settled where it says nothing."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from retention_cli.model.base import Model

ENCODINGS = {"cp1250": "cp1250", "cp1252": "cp1252", "iso8859-2": "latin2", "iso8859-1": "latin1", "utf-8": "utf-8", "utf-16": "utf-16"}
"""Python's name of an encoding to the one that is told; others that Python knows are read too, under its name."""

_NOT_TEXT = frozenset(
    {"base64", "bz2", "hex", "quopri", "rot13", "uu", "zlib", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
)


def _encoding(value: str) -> str:
    """Return the one name of an encoding."""
    try:
        name = codecs.lookup(value).name
    except (LookupError, ValueError):
        name = ""
    if not name or name in _NOT_TEXT:
        raise ValueError(f"{value!r} is no encoding; known are {', '.join(ENCODINGS.values())} and whatever else Python reads")
    return ENCODINGS.get(name, name)


def _one_character(value: str) -> str:
    if value == "none" or (len(value) == 1 and value.isascii() and value.isprintable() and not value.isalnum()):
        return value
    raise ValueError(f"{value!r} is no quote; write one mark such as ' or \", or none")


_ONE = {"type": "string", "minLength": 1, "maxLength": 4}
Encoding = Annotated[str, AfterValidator(_encoding), WithJsonSchema({"type": "string", "examples": [*ENCODINGS.values()]})]
Mark = Annotated[str, AfterValidator(_one_character), WithJsonSchema(_ONE)]


class CsvFormat(Model):
    """What is settled about a CSV file beyond its columns; None: not said, to be found out."""

    delimiter: Literal[",", ";", "\t", "|"] | None = Field(
        default=None, description="what stands between columns; left out: found at the first import"
    )
    encoding: Encoding | None = Field(default=None, description="how letters are written: utf-8, cp1250, latin2, utf-16")
    decimal: Literal[".", ","] | None = Field(default=None, description="what stands before a number's fraction")
    thousands: Literal[" ", ".", ",", "'"] | None = Field(default=None, description="what stands between a number's thousands")
    date_format: str | None = Field(
        default=None, min_length=1, description="how dates are written, in the letters of strptime: %d.%m.%Y; or unix, unix_ms"
    )
    quote: Mark | None = Field(default=None, description="what stands around a value that needs it; none: nothing")
    escape: Mark | None = Field(default=None, description="what stands before a quote inside quotes; left out: the quote itself")

    def over(self, other: CsvFormat) -> CsvFormat:
        """Return what is said here, and beneath it what `other` says."""
        mine = {name: value for name, value in self if value is not None}
        return other.model_copy(update=mine)
