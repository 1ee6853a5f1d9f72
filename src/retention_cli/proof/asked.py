"""What a test asks, as conditions: one for an expectation of people, one a person for an expectation of values.

A time is hardly ever written to its second, so where a value is a time, `2026-05-01` means that whole day and
`2026-05-01T09:00` that instant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_cli.audience.words import in_words
from retention_cli.model.case import What, Who
from retention_cli.model.condition import FieldTest
from retention_cli.model.question import Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.model.case import Case, Expectation
    from retention_cli.model.condition import Condition
    from retention_cli.model.question import Test
    from retention_cli.model.word import Word


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition of a test; `who` is the person whose value it asks for, None where it asks for people; `words` tell it."""

    expectation: Expectation
    condition: Condition
    words: str
    who: Word | None = None


def asked(case: Case, kind: Callable[[Word], ColumnType | None]) -> list[Asked]:
    """Return every condition of a test, in order. `kind` tells a field's type."""
    found: list[Asked] = []
    for expectation in case.expect:
        if isinstance(expectation, Who):
            words = f"segment {expectation.segment}" if expectation.segment is not None else in_words(expectation.condition)
            found.append(Asked(expectation, expectation.condition, words))
        elif isinstance(expectation, What):
            found += _of_people(expectation, kind(expectation.name))
    return found


def _of_people(expectation: What, kind: ColumnType | None) -> list[Asked]:
    return [Asked(expectation, _test(expectation, tests, kind), in_words(_test(expectation, tests)), who) for who, tests in expectation.asked.items()]


def _test(expectation: What, tests: tuple[Test, ...], kind: ColumnType | None = None) -> FieldTest:
    name = expectation.name
    return FieldTest(field=name, tests=tuple(map(_during, tests)) if kind is ColumnType.TIME else tests, place=name.place, path=str(expectation.path))


def _during(test: Test) -> Test:
    return replace(test, op=Op.BETWEEN, values=(*test.values, *test.values)) if test.op is Op.IS else test
