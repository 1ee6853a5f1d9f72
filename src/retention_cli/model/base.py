"""What all models share: frozen, and strict about unknown words."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from retention_cli.model.duration import Duration
from retention_cli.model.word import Word

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]*$"


class Model(BaseModel):
    """A noun of the language."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Described(Model):
    """What `description`, `owner` and `tags` say; allowed everywhere and shown."""

    name: Word
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


def _read_duration(value: Any) -> Any:
    return Duration.parse(value) if isinstance(value, str) else value


Span = Annotated[
    Duration,
    BeforeValidator(_read_duration),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d+\s*([a-z]+)\s*$", "examples": ["30 minutes", "3 days", "1 year"]}),
    Field(description="a length of time: 30 seconds, 30 minutes, 12 hours, 3 days, 2 weeks, 3 months, 1 year"),
]
