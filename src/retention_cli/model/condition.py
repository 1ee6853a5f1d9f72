"""Conditions: what must hold of a customer (or, inside `where:`, of an event), as a small tree of frozen nodes.

    condition  = {FIELD: tests, …}                     all of them
               | [condition, …]                        all of them
               | {all|any|none: [condition, …]} | {not: condition}
               | {did|did_not: events, where:, times:, within:, older_than:, since:, not_followed_by:}
               | {total_of|count_of|average_of|…: {did:, field:, …, value: tests}}
               | {segment: NAME} | {everyone: true} | {field: NAME, is: …}
    tests      = scalar | [scalar, …] | present | missing | {operator: value, …}

Values stay text until the compiler knows the type of the field they meet. Every node knows its place, and `path` says
where it hangs (`where[1].any[0]`), so that explain and errors speak of the same spot. Nodes compare by meaning:
place and path are left out of equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import core_schema

from retention_cli.model.problem import NOWHERE, Place

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

    from retention_cli.model.duration import Duration


class Op(StrEnum):
    """What a test may ask of a value; the order is the order of docs/reference."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    PRESENT = "present"
    MISSING = "missing"
    WITHIN = "within"
    OLDER_THAN = "older_than"
    IN_NEXT = "in_next"
    BEFORE = "before"
    AFTER = "after"


NEGATIONS = {Op.IS_NOT: Op.IS, Op.NOT_IN: Op.IN, Op.HAS_NONE: Op.HAS_ANY, Op.MISSING: Op.PRESENT}


class Fold(StrEnum):
    """How `total_of` and its kin fold the matching events into one number."""

    TOTAL = "total_of"
    COUNT = "count_of"
    AVERAGE = "average_of"
    MEDIAN = "median_of"
    SMALLEST = "smallest_of"
    LARGEST = "largest_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every part of a condition has: its place in the file and its path in the tree."""

    place: Place = field(default=NOWHERE, compare=False, repr=False)
    path: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Test(Node):
    """One question to one value. `values` are as written; `span` is set for within, older_than and in_next."""

    op: Op
    values: tuple[str, ...] = ()
    span: Duration | None = None
    ignore_case: bool = False


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
    """All `tests` hold of a field, metric or group of the customer (or of a column of the event, inside `where:`)."""

    field: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class InSegment(Node):
    """The customer is in another segment."""

    name: str


@dataclass(frozen=True, slots=True)
class Since(Node):
    """The start of a window: a date or time as written, or the entry into the campaign."""

    text: str = ""
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Follow(Node):
    """A later event that must not come: strictly later, within the span, with the same value in column `same`."""

    events: tuple[str, ...]
    where: Condition | None = None
    within: Duration | None = None
    same: str | None = None


@dataclass(frozen=True, slots=True)
class EventQuery(Node):
    """Which events count: any of `events`, with `where` over their columns, in the window, not followed by others."""

    events: tuple[str, ...]
    where: Condition | None = None
    within: Duration | None = None
    older_than: Duration | None = None
    since: Since | None = None
    not_followed_by: tuple[Follow, ...] = ()
    same: str | None = None


@dataclass(frozen=True, slots=True)
class Did(Node):
    """The customer has done it so many times (`times` empty: at least once); `negated` is `did_not`."""

    query: EventQuery
    times: tuple[Test, ...] = ()
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Total(Node):
    """A fold over the matching events; `tests` ask of its value (empty where it defines a metric)."""

    fold: Fold
    query: EventQuery
    field: str | None = None
    tests: tuple[Test, ...] = ()


Condition = Everyone | All | AnyOf | NoneOf | Not | FieldTest | InSegment | Did | Total

CONDITION_TYPES = (Everyone, All, AnyOf, NoneOf, Not, FieldTest, InSegment, Did, Total)


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
class _Parsed:
    """Tells pydantic that a field holds nodes made elsewhere, so that it builds no schema of the nodes themselves."""

    kinds: type[Node] | tuple[type[Node], ...]
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


ConditionField = Annotated[Condition, _Parsed(CONDITION_TYPES, "condition")]
"""A model's field that holds a condition; project/ parses it, because only the place in the file tells what it may ask."""

RowConditionField = Annotated[Condition, _Parsed(CONDITION_TYPES, "row_condition")]
"""A model's field that holds a condition over the columns of a row, with nothing that asks of a customer."""

TotalField = Annotated[Total, _Parsed(Total, "total")]
"""A model's field that holds a fold over events (a metric's definition)."""

QueryField = Annotated[EventQuery, _Parsed(EventQuery, "query")]
"""A model's field that holds an event query (a campaign's trigger)."""
