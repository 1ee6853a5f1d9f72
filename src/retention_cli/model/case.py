"""Cases: tests of segments, metrics, groups and campaigns on a few made-up people, as tests/*.yml write them.

Rows stand as an import leaves them: under our column names, each value a text (or a list of texts) until it meets the
type of its column. Every value, id and name keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Happening(Node):
    """One thing that happens while a campaign runs: a customer does something, or a row becomes other than before.

    `did` is the event, whose row has `values`; `source` names the source where several know the event. `changes` are columns
    from `at` on: of the customer, or of the row with the key `row` of the source `of`, which is nobody's.
    """

    at: Word
    customer: Word = field(default_factory=lambda: Word(""))
    did: Word | None = None
    source: Word | None = None
    values: Mapping[Word, Value] = field(default_factory=dict)
    changes: Mapping[Word, Value] = field(default_factory=dict)
    of: Word | None = None
    row: Word | None = None


@dataclass(frozen=True, slots=True)
class Sending(Node):
    """One message that should leave: its template and, where the test says so, when and by which channel."""

    template: Word
    at: Word | None = None
    channel: Word | None = None


@dataclass(frozen=True, slots=True)
class Course(Node):
    """How a campaign goes for one customer, up to `until`; None where the test does not say.

    `enters` counts journeys, `sends` are exactly these messages in order, `ends` is the reason of the last journey's end (empty:
    it is under way). Goals are `true`, `false` or a number.
    """

    campaign: Word
    customer: Word
    until: Word
    enters: int | None = None
    at_least: bool = False
    sends: tuple[Sending, ...] | None = None
    ends: Word | None = None
    goals: Mapping[Word, Word] = field(default_factory=dict)

    @property
    def people(self) -> tuple[Word, ...]:
        """Everybody who is named."""
        return (self.customer,)


Expectation = Who | What | Course

GivenRow = Annotated[InstanceOf[Row], WithJsonSchema({"x-def": "row"})]
"""A model's field that holds a row; project/ reads it."""

Happened = Annotated[InstanceOf[Happening], WithJsonSchema({"x-def": "happening"})]
"""A model's field that holds something that happens; project/ reads it."""

Expected = Annotated[InstanceOf[Who] | InstanceOf[What] | InstanceOf[Course], WithJsonSchema({"x-def": "expectation"})]
"""A model's field that holds an expectation; project/ reads it."""


def is_moment(text: str) -> bool:
    """Whether a text is a date or a time, as tests write moments."""
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _check_time(value: Word) -> Word:
    if not is_moment(value):
        raise ValueError(f"{value!r} is neither a date nor a time; write it like 2026-05-01 or 2026-05-01T09:00")
    return value


AsOf = Annotated[Word, AfterValidator(_check_time), WithJsonSchema({"type": "string", "examples": ["2026-05-01", "2026-05-01T09:00"]})]
"""A moment by the shop's clock, unless it has an offset; a date is its midnight."""


class Case(Model):
    """One test. A made-up customer has an address, and exists also where only another source names them.

    Without a campaign in `expect`, `as_of` is there.
    """

    test: Word = Field(min_length=1, description="what is tested, in a sentence; left out: the file's name")
    description: str = Field(default="", description="why, where the sentence does not say it")
    owner: str = Field(default="", description="who answers for it")
    tags: tuple[str, ...] = Field(default=(), description="words to find it by")
    as_of: AsOf | None = Field(
        default=None,
        description="the moment that the test looks from, by the shop's clock: 2026-05-01T09:00; of campaigns: when they first run, "
        "left out: a day before the first thing that happens",
    )
    given: dict[Word, tuple[GivenRow, ...]] = Field(
        default={}, description="made-up rows by source, under our column names; a source that is not named is empty"
    )
    when: tuple[Happened, ...] = Field(default=(), description="what happens while campaigns run, in any order")
    policies: tuple[Word, ...] = Field(default=(), description="which of the shop's policies hold in this test: [caps]; left out: none but consent")
    expect: tuple[Expected, ...] = Field(min_length=1, description="what should come out: one expectation or a list of them")

    @property
    def courses(self) -> tuple[Course, ...]:
        """What is expected of campaigns."""
        return tuple(each for each in self.expect if isinstance(each, Course))
