"""Cases: tests of segments, metrics and groups on a few made-up people, as tests/*.yml write them.

Rows stand as an import leaves them: under our column names, each value a text (or a list of texts) until it meets the
type of its column. Every value, id and name keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, InstanceOf, WithJsonSchema

from retention_cli.model.base import Model
from retention_cli.model.condition import InSegment
from retention_cli.model.question import Node
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.condition import Condition
    from retention_cli.model.question import Test

Value = Word | tuple[Word, ...]
"""One value of a row: a text, or the texts of a list."""


@dataclass(frozen=True, slots=True)
class Row(Node):
    """One made-up row of a source; a column that it lacks is missing."""

    values: Mapping[Word, Value]


@dataclass(frozen=True, slots=True)
class Who(Node):
    """Whom a condition holds for: `exactly` these, and besides, `has` some and `lacks` others."""

    condition: Condition
    exactly: tuple[Word, ...] | None = None
    has: tuple[Word, ...] = ()
    lacks: tuple[Word, ...] = ()

    @property
    def segment(self) -> Word | None:
        """The segment that is asked for, None for a condition of the test's own."""
        return self.condition.name if isinstance(self.condition, InSegment) and isinstance(self.condition.name, Word) else None

    @property
    def people(self) -> tuple[Word, ...]:
        """Everybody who is named."""
        return (*(self.exactly or ()), *self.has, *self.lacks)


@dataclass(frozen=True, slots=True)
class What(Node):
    """What a metric, group or field is for some people: each one's tests."""

    name: Word
    asked: Mapping[Word, tuple[Test, ...]]

    @property
    def people(self) -> tuple[Word, ...]:
        """Everybody who is named."""
        return tuple(self.asked)


Expectation = Who | What

GivenRow = Annotated[InstanceOf[Row], WithJsonSchema({"x-def": "row"})]
"""A model's field that holds a row; project/ reads it."""

Expected = Annotated[InstanceOf[Who] | InstanceOf[What], WithJsonSchema({"x-def": "expectation"})]
"""A model's field that holds an expectation; project/ reads it."""


def _check_time(value: Word) -> Word:
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"{value!r} is neither a date nor a time; write it like 2026-05-01 or 2026-05-01T09:00") from None
    return value


AsOf = Annotated[Word, AfterValidator(_check_time), WithJsonSchema({"type": "string", "examples": ["2026-05-01", "2026-05-01T09:00"]})]
"""A moment by the shop's clock, unless it has an offset; a date is its midnight."""


class Case(Model):
    """One test. A made-up customer has an address, and exists also where only another source names them."""

    test: Word = Field(min_length=1, description="what is tested, in a sentence; left out: the file's name")
    description: str = Field(default="", description="why, where the sentence does not say it")
    owner: str = Field(default="", description="who answers for it")
    tags: tuple[str, ...] = Field(default=(), description="words to find it by")
    as_of: AsOf = Field(description="the moment that the test looks from, by the shop's clock: 2026-05-01T09:00")
    given: dict[Word, tuple[GivenRow, ...]] = Field(description="made-up rows by source, under our column names; a source that is not named is empty")
    expect: tuple[Expected, ...] = Field(min_length=1, description="what should come out: one expectation or a list of them")
