"""What a condition means, said once more: plain Python over rows in memory, customer by customer, slow and obvious.

Only what the random conditions of test_reference.py use: fields and columns that are whole numbers or text, all logic,
events with `where`, windows, counts and followers, and folds. Times are whole minutes before or after as_of (0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from retention_cli.model.condition import All, AnyOf, Did, Everyone, FieldTest, Fold, Follow, NoneOf, Not, Total
from retention_cli.model.question import NEGATIONS, Op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retention_cli.model.condition import Condition, EventQuery
    from retention_cli.model.duration import Duration
    from retention_cli.model.question import Test as Question


@dataclass(frozen=True)
class Happening:
    """An event: its name, its minute, and its columns."""

    event: str
    minute: int
    columns: dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A customer's fields and events."""

    fields: dict[str, Any]
    events: list[Happening] = field(default_factory=list)


_ASKS: dict[Op, Callable[[Any, list[Any]], bool]] = {
    Op.IS: lambda value, asked: value == asked[0],
    Op.IN: lambda value, asked: value in asked,
    Op.AT_LEAST: lambda value, asked: value >= asked[0],
    Op.AT_MOST: lambda value, asked: value <= asked[0],
    Op.MORE_THAN: lambda value, asked: value > asked[0],
    Op.LESS_THAN: lambda value, asked: value < asked[0],
    Op.BETWEEN: lambda value, asked: asked[0] <= value <= asked[1],
    Op.CONTAINS: lambda value, asked: asked[0] in value,
}


def fits(person: Person, node: Condition) -> bool:
    """Whether a customer fits a condition."""
    match node:
        case Everyone():
            return True
        case All(parts=parts):
            return all(fits(person, part) for part in parts)
        case AnyOf(parts=parts):
            return any(fits(person, part) for part in parts)
        case NoneOf(parts=parts):
            return not any(fits(person, part) for part in parts)
        case Not(part=part):
            return not fits(person, part)
        case FieldTest(field=name, tests=tests):
            return all(_holds(person.fields[name], test) for test in tests)
        case Did(query=query, times=times, negated=negated):
            count = len(_counted(person, query))
            return (all(_holds(count, test) for test in times) if times else count > 0) is not negated
        case Total(fold=fold, query=query, field=name, tests=tests):
            values = [each.columns[name or ""] for each in _counted(person, query)] if fold is not Fold.COUNT else []
            return all(_holds(_folded(fold, values, person, query), test) for test in tests)
        case _:
            raise AssertionError(node)


def _holds(value: Any, test: Question) -> bool:
    if test.op in NEGATIONS:
        return not _positive(value, NEGATIONS[test.op], test)
    return _positive(value, test.op, test)


def _positive(value: Any, op: Op, test: Question) -> bool:
    if op is Op.PRESENT:
        return value not in (None, "")
    if value is None:
        return False
    return _ASKS[op](value, [type(value)(text) for text in test.values])


def _counted(person: Person, query: EventQuery) -> list[Happening]:
    return [each for each in person.events if _counts(person, each, query)]


def _counts(person: Person, each: Happening, query: EventQuery) -> bool:
    inside = (
        each.event in query.events
        and each.minute <= 0
        and (query.within is None or each.minute > -_minutes(query.within))
        and (query.older_than is None or each.minute <= -_minutes(query.older_than))
        and (query.where is None or fits(Person(each.columns), query.where))
    )
    return inside and all(_stays_alone(person, each, follow) for follow in query.not_followed_by)


def _stays_alone(person: Person, anchor: Happening, follow: Follow) -> bool:
    end = anchor.minute if follow.within is None else anchor.minute + _minutes(follow.within)
    return end <= 0 and not any(
        other.event in follow.events
        and anchor.minute < other.minute <= 0
        and (follow.within is None or other.minute <= end)
        and (follow.where is None or fits(Person(other.columns), follow.where))
        and (follow.same is None or (anchor.columns[follow.same] is not None and anchor.columns[follow.same] == other.columns[follow.same]))
        for other in person.events
    )


def _minutes(span: Duration) -> int:
    return int(span.elapsed.total_seconds()) // 60


def _folded(fold: Fold, values: Sequence[Any], person: Person, query: EventQuery) -> Any:
    there = [value for value in values if value is not None]
    match fold:
        case Fold.COUNT:
            return len(_counted(person, query))
        case Fold.TOTAL:
            return sum(there)
        case _ if not there:
            return None
        case Fold.AVERAGE:
            return sum(there) / len(there)
        case Fold.MEDIAN:
            return median(there) * 1.0
        case Fold.SMALLEST:
            return min(there)
        case Fold.LARGEST:
            return max(there)
