"""Questions that the shop asks its customers by mail, in the order in which it asks them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from retention_cli.model.base import Flag, Model, Name
from retention_cli.model.word import Word


class Answer(Model):
    """An answer to choose: the `value` that the field takes, and the `label` that people read."""

    value: Word
    label: Word


_ANSWERS = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ],
}

Answers = Annotated[tuple[Answer, ...], WithJsonSchema(_ANSWERS)]
"""Written `{cycling: Kolo, running: Běh}`, or `[2, 4, 8]` where people read the values themselves."""


class Question(Model):
    """`{ask: hobby, field: hobbies, answers: {cycling: Kolo, running: Běh}, several: true}`."""

    ask: Name = Field(description="what the question is called: hobby")
    field: Word = Field(description="the customers' field that it is about")
    answers: Answers = Field(min_length=1, description="the values to choose from, each with what people read: {cycling: Kolo}, or a list of values")
    several: Flag = Field(default=False, description="whether more than one may be chosen; the field is then a list")
