"""Conditions: what must hold of a customer (or, inside `where:`, of an event), as a small tree of frozen nodes.

    condition  = {FIELD: tests, …}                     all of them
               | [condition, …]                        all of them
               | {all|any|none: [condition, …]} | {not: condition}
               | {did|did_not: events, where:, times:, distinct:, nth:, regularly:, WINDOW, followed_by:, not_followed_by:, same:,
                  max_data_age:}
               | {has: FACT, where:, times:}
               | {total_of|count_of|average_of|…: {did:, field:, …, value: tests}}
               | {segment: NAME, for:} | {everyone: true} | {field: NAME, is: …}
               | {sample: {share:, name:}} | {listed: FILE} | {consent: {channel:, topic:}} | {sql: "…"}
    WINDOW     = within: | older_than: | since: | during:
    events     = NAME | {source: NAME} | {starts_with: TEXT} | [events, …]
    tests      = scalar | [scalar, …] | present | missing | {operator: value, …, for:, leap:, ignore_case:}
    value      = scalar | [scalar, …] | {percentile: n, of:, factor:} | {metric: NAME, factor:, if_missing:} | {learned: NAME, factor:}

Values stay text until the compiler knows the type of the field they meet. Every node knows its place, and `path` says
where it hangs (`where[1].any[0]`), so that explain and errors speak of the same spot. Nodes compare by meaning:
place and path are left out of equality.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import core_schema

from retention_cli.model.question import Node

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic import GetCoreSchemaHandler

    from retention_cli.model.duration import Duration
    from retention_cli.model.question import Test


class Fold(StrEnum):
    """How `total_of` and its kin fold the matching events into one number."""

    TOTAL = "total_of"
    COUNT = "count_of"
    AVERAGE = "average_of"
    MEDIAN = "median_of"
    SMALLEST = "smallest_of"
    LARGEST = "largest_of"
    FIRST = "first_of"
    LATEST = "latest_of"


@dataclass(frozen=True, slots=True)
class Everyone(Node):
    """Holds for everybody; must be said, an empty condition is an error."""


@dataclass(frozen=True, slots=True)
class All(Node):
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf(Node):
    """No part holds: the negation of `any`, so it includes the missing."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class FieldTest(Node):
    """All `tests` hold of a field, metric or group of the customer (or of a column of the event, inside `where:`).

    With `lasting` they have held for so long, from one snapshot to the next.
    """

    field: str
    tests: tuple[Test, ...]
    lasting: Duration | None = None


@dataclass(frozen=True, slots=True)
class InSegment(Node):
    """The customer is in another segment, and has been for so long where `lasting` says so."""

    name: str
    lasting: Duration | None = None


@dataclass(frozen=True, slots=True)
class Sample(Node):
    """A lasting share of all customers, by a hash of `name` and the customer's id."""

    share: Decimal
    name: str


@dataclass(frozen=True, slots=True)
class Listed(Node):
    """The customer's id stands in a file of the project."""

    file: str


@dataclass(frozen=True, slots=True)
class Selected(Node):
    """The customer's id is what a file of SQL selects; `text` is what stands in it."""

    file: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Consented(Node):
    """The customer consented to a channel, and to a topic where one is named."""

    channel: str
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """A boolean expression over fields and metrics, in SQL."""

    text: str


@dataclass(frozen=True, slots=True)
class Since(Node):
    """The start of a window: a date or time as written, or the entry into the campaign."""

    text: str = ""
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Follow(Node):
    """A later event that must (or must not) come: strictly later, within the span, with the same value in column `same`.

    It may itself have to be followed, or not, by others.
    """

    events: tuple[EventName, ...]
    where: Condition | None = None
    within: Duration | None = None
    same: str | None = None
    followed_by: tuple[Follow, ...] = ()
    not_followed_by: tuple[Follow, ...] = ()


@dataclass(frozen=True, slots=True)
class EventsLike(Node):
    """Events that are not named one by one: all of a source, or all whose names begin alike."""

    source: str = ""
    starts_with: str = ""

    def __str__(self) -> str:
        return f"any of {self.source}" if self.source else f"{self.starts_with}…"


EventName = str | EventsLike


@dataclass(frozen=True, slots=True)
class EventQuery(Node):
    """Which events count: any of `events`, with `where` over their columns, in the window, followed by others or not.

    `nth` (a number, or `last`) picks one event of a customer after `where` and before the window. `distinct` names a column
    whose different values are counted rather than events. `facts` are rows without a time.
    """

    events: tuple[EventName, ...]
    where: Condition | None = None
    within: Duration | None = None
    older_than: Duration | None = None
    since: Since | None = None
    during: str | None = None
    followed_by: tuple[Follow, ...] = ()
    not_followed_by: tuple[Follow, ...] = ()
    same: str | None = None
    nth: str | None = None
    distinct: str | None = None
    facts: bool = False

    @property
    def is_sequence(self) -> bool:
        """Whether what comes later matters."""
        return bool(self.followed_by or self.not_followed_by)


@dataclass(frozen=True, slots=True)
class Regularly(Node):
    """In `at_least` of the last `of` stretches of this length the event happened."""

    every: Duration
    at_least: int
    of: int


@dataclass(frozen=True, slots=True)
class Did(Node):
    """The customer has done it so many times (`times` empty: at least once); `negated` is `did_not`.

    `max_data_age`, in an exit: with older facts nobody can know, and messages wait. It does not change whom the condition holds for.
    """

    query: EventQuery
    times: tuple[Test, ...] = ()
    negated: bool = False
    regularly: Regularly | None = None
    max_data_age: Duration | None = None


@dataclass(frozen=True, slots=True)
class Total(Node):
    """A fold over the matching events; `tests` ask of its value (empty where it defines a metric)."""

    fold: Fold
    query: EventQuery
    field: str | None = None
    tests: tuple[Test, ...] = ()


Condition = Everyone | All | AnyOf | NoneOf | Not | FieldTest | InSegment | Did | Total | Sample | Listed | Selected | Consented | Expression

CONDITION_TYPES = (Everyone, All, AnyOf, NoneOf, Not, FieldTest, InSegment, Did, Total, Sample, Listed, Selected, Consented, Expression)


def children(node: Condition) -> tuple[Condition, ...]:
    """Return the conditions directly inside a logical node, none for a leaf."""
    match node:
        case All(parts=parts) | AnyOf(parts=parts) | NoneOf(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
        case _:
            return ()


def walk(node: Condition) -> list[Condition]:
    """Return the node and everything below it, parents first."""
    return [node, *(inner for child in children(node) for inner in walk(child))]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Tells pydantic that a field holds nodes made elsewhere, so that it builds no schema of the nodes themselves."""

    kinds: type[Any] | tuple[type[Any], ...]
    definition: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        as_text = core_schema.plain_serializer_function_ser_schema(repr, return_schema=core_schema.str_schema())
        return core_schema.no_info_plain_validator_function(self._check, serialization=as_text)

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        return {"x-def": self.definition}

    def _check(self, value: Any) -> Any:
        if isinstance(value, self.kinds):
            return value
        raise ValueError("a condition must be parsed before it enters a model")


ConditionField = Annotated[Condition, Parsed(CONDITION_TYPES, "condition")]
"""A model's field that holds a condition; project/ parses it, because only the place in the file tells what it may ask."""

RowConditionField = Annotated[Condition, Parsed(CONDITION_TYPES, "row_condition")]
"""A model's field that holds a condition over the columns of a row, with nothing that asks of a customer."""

TotalField = Annotated[Total, Parsed(Total, "total")]
"""A model's field that holds a fold over events (a goal)."""

QueryField = Annotated[EventQuery, Parsed(EventQuery, "query")]
"""A model's field that holds an event query (a campaign's trigger)."""
