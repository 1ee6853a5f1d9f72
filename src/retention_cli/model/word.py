"""A scalar of a project file: text that remembers where it was written.

YAML scalars have no type of their own here (`NO`, `02134` and `1.10` stay text); the field they meet decides. Names that
point at other things (`enters: vip`, `send: cart-1`) stay `Word` in the models, so that a check made much later can
still say file, line and column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic_core import core_schema

from retention_cli.model.problem import NOWHERE, Place

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


class Word(str):
    """Text with a place; equal to, and hashed like, the same plain text."""

    __slots__ = ("place", "quoted")
    place: Place
    quoted: bool

    def __new__(cls, text: str, place: Place = NOWHERE, *, quoted: bool = False) -> Self:
        """Return `text` that was written at `place`; `quoted` tells `"NO"` from `NO`."""
        word = super().__new__(cls, text)
        word.place = place
        word.quoted = quoted
        return word

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Accept any text and keep a `Word` as it is."""
        text = core_schema.is_instance_schema(str)
        return core_schema.no_info_after_validator_function(cls._keep, text, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe it as plain text."""
        return {"type": "string"}

    @classmethod
    def _keep(cls, value: str) -> Word:
        return value if isinstance(value, Word) else cls(value)


def place_of(value: object) -> Place:
    """Return where a value was written, as far as it knows."""
    found = getattr(value, "place", NOWHERE)
    return found if isinstance(found, Place) else NOWHERE
