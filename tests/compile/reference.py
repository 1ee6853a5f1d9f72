"""What a condition means, said once more: plain Python over rows in memory, customer by customer, slow and obvious.

Only what the random conditions of test_reference.py use: fields and columns that are whole numbers or text, all logic,
events with `where`, windows, periods, numbers, counts, stretches and nested followers, and folds. Times are whole minutes
before or after as_of (0), which is noon of NOON's day by a clock that does not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from retention_cli.model.condition import All, AnyOf, Did, Everyone, FieldTest, Fold, NoneOf, Not, Total
from retention_cli.model.question import NEGATIONS, Op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from retention_cli.model.condition import Condition, EventQuery, Follow, Regularly
    from retention_cli.model.duration import Duration
    from retention_cli.model.question import Test as Question

NOON = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - a clock on the wall
PERIODS = {
    "today": (date(2026, 5, 1), date(2026, 5, 2)),
    "yesterday": (date(2026, 4, 30), date(2026, 5, 1)),
    "2 days ago": (date(2026, 4, 29), date(2026, 4, 30)),
    "this_week": (date(2026, 4, 27), date(2026, 5, 4)),
    "last_month": (date(2026, 4, 1), date(2026, 5, 1)),
    "2026-05": (date(2026, 5, 1), date(2026, 6, 1)),
}
"""Periods, from their first day to the one after their last."""


@dataclass(frozen=True)
class Happening:
    """An event: its name, its minute, its columns, and whether it stands in the export of the app."""

    event: str
    minute: int
    columns: dict[str, Any]
    in_app: bool = False


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
        case Did(query=query, regularly=regularly, negated=negated) if regularly is not None:
            return (_stretches(person, query, regularly) >= regularly.at_least) is not negated
        case Did(query=query, times=times, negated=negated):
            count = _count(person, query)
            return (all(_holds(count, test) for test in times) if times else count > 0) is not negated
        case Total(fold=fold, query=query, field=name, tests=tests):
            return all(_holds(_folded(fold, name, person, query), test) for test in tests)
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


def _count(person: Person, query: EventQuery) -> int:
    counted = _counted(person, query)
    if query.distinct is None:
        return len(counted)
    return len({each.columns[query.distinct] for each in counted} - {None})


def _counted(person: Person, query: EventQuery, value: str | None = None) -> list[Happening]:
    """Return the events that count: first what they are, then their number, then the window and what follows."""
    found = [each for each in person.events if each.minute <= 0 and _is_meant(each, query)]
    if query.nth is not None:
        found = _numbered(found, query, value)
    return [each for each in found if _lies_in_window(each, query) and _is_fulfilled(person, each, query)]


def _is_meant(each: Happening, asked: EventQuery | Follow) -> bool:
    return each.event in asked.events and (asked.where is None or fits(Person(each.columns), asked.where))


def _numbered(found: list[Happening], query: EventQuery, value: str | None) -> list[Happening]:
    """Return the nth; of several at one moment the one whose shared column, and then value, comes first."""
    told = [name for name in (next(_shared(query), None), value) if name is not None]
    last = query.nth == "last"
    ranked = sorted(found, key=lambda each: (-each.minute if last else each.minute, *(_last_if_missing(each.columns[name]) for name in told)))
    number = 1 if last else int(query.nth or 0)
    return ranked[number - 1 : number]


def _shared(asked: EventQuery | Follow) -> Iterator[str]:
    for follow in (*asked.not_followed_by, *asked.followed_by):
        if follow.same is not None:
            yield follow.same
        yield from _shared(follow)


def _last_if_missing(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)


def _lies_in_window(each: Happening, query: EventQuery) -> bool:
    first, end = PERIODS[query.during] if query.during is not None else (date.min, date.max)
    return (
        (query.within is None or each.minute > -_minutes(query.within))
        and (query.older_than is None or each.minute <= -_minutes(query.older_than))
        and first <= (NOON + timedelta(minutes=each.minute)).date() < end
    )


def _is_fulfilled(person: Person, anchor: Happening, asked: EventQuery | Follow) -> bool:
    """Whether everything came that must, and nothing that must not until its time was over."""
    stayed_away = all(
        (follow.within is None or anchor.minute + _minutes(follow.within) <= 0) and not any(_followers(person, anchor, follow))
        for follow in asked.not_followed_by
    )
    return stayed_away and all(any(True for _ in _followers(person, anchor, follow)) for follow in asked.followed_by)


def _followers(person: Person, anchor: Happening, follow: Follow) -> Iterator[Happening]:
    for other in person.events:
        if (
            anchor.minute < other.minute <= 0
            and _is_meant(other, follow)
            and (follow.within is None or other.minute <= anchor.minute + _minutes(follow.within))
            and (follow.same is None or (anchor.columns[follow.same] is not None and anchor.columns[follow.same] == other.columns[follow.same]))
            and _is_fulfilled(person, other, follow)
        ):
            yield other


def _minutes(span: Duration) -> int:
    return int(span.elapsed.total_seconds()) // 60


def _stretches(person: Person, query: EventQuery, regularly: Regularly) -> int:
    """Return in how many of the last stretches something happened; each leaves out its start."""
    length = _minutes(regularly.every)
    return sum(
        any(-length * (n + 1) < each.minute <= -length * n for each in person.events if each.minute <= 0 and _is_meant(each, query))
        for n in range(regularly.of)
    )


def _folded(fold: Fold, name: str | None, person: Person, query: EventQuery) -> Any:
    if fold is Fold.COUNT:
        return _count(person, query)
    counted = [each for each in _counted(person, query, name) if each.columns[name or ""] is not None]
    there: Sequence[Any] = [each.columns[name or ""] for each in counted]
    match fold:
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
        case Fold.FIRST:
            return min((each.minute, each.columns[name or ""]) for each in counted)[1]
        case Fold.LATEST:
            return max((each.minute, each.columns[name or ""]) for each in counted)[1]
