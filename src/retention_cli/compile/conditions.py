"""Conditions about a customer, as SQL: the tree of `model.condition`, node by node.

One `Compiler` serves a whole plan: its scans are shared by every condition given to it. Every expression it returns is
two-valued. Mistakes are collected in `problems`; the expression that stands in for one is FALSE. Thresholds over all
customers come from its `population`: the compiler itself where every customer is a subject, else one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from retention_cli.compile import members, sql
from retention_cli.compile.counts import Counts
from retention_cli.compile.events import Events
from retention_cli.compile.expressions import expression
from retention_cli.compile.fields import Fields
from retention_cli.compile.folds import fold
from retention_cli.compile.lasting import field_has_lasted, member_has_lasted
from retention_cli.compile.operators import Tests, Typed
from retention_cli.compile.scans import EVERY_CUSTOMER, Scans, Subject
from retention_cli.compile.thresholds import ThresholdsOf
from retention_cli.model.condition import (
    All,
    AnyOf,
    Condition,
    Consented,
    Did,
    Everyone,
    Expression,
    FieldTest,
    InSegment,
    Listed,
    NoneOf,
    Not,
    Sample,
    Selected,
    Total,
)
from retention_cli.model.problem import Place, Problem
from retention_cli.model.question import Op, Test
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

    from retention_cli.compile.definitions import Definitions
    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.model.condition import EventQuery

_NAMED = (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN)
_AT_LEAST_ONCE = (Test(op=Op.AT_LEAST, values=("1",)),)


@dataclass
class Compiler:
    """Compiles conditions about subjects; `tests`, `scans` and `events` share one set of values."""

    schema: Schema
    moment: Moment
    names: Definitions
    subject: Subject = EVERY_CUSTOMER
    values: sql.Values = field(default_factory=sql.Values)
    problems: list[Problem] = field(default_factory=list)
    prefix: str = ""
    _population: Compiler | None = None
    _inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tests = Tests(self.moment, self.values, self.report)
        self.scans = Scans(self.schema, self.moment, self.values, self.subject, self.prefix)
        self.events = Events(self.scans, self.tests)
        self.fields = Fields(self)
        self.counts = Counts(self.events)

    @property
    def population(self) -> Compiler:
        """The compiler over all customers, in the same plan."""
        if self.subject is EVERY_CUSTOMER:
            return self
        if self._population is None:
            self._population = Compiler(self.schema, self.moment, self.names, EVERY_CUSTOMER, self.values, self.problems, "everybody_")
        return self._population

    def ctes(self) -> list[tuple[str, exp.Query]]:
        """Return every CTE of the plan, those over all customers first."""
        others = [] if self._population is None else self._population.ctes()
        return [*others, *self.scans.ctes()]

    def report(self, problem: Problem) -> None:
        """Note a mistake, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def inside(self, name: str, place: Place) -> bool:
        """Begin with a name's own definition; False, and a problem, where it is being defined already. End it with `outside`."""
        if name in self._inside:
            circle = " → ".join([*self._inside[self._inside.index(name) :], name])
            self.report(Problem(place, "definition-circle", f"{name!r} is defined by itself: {circle}", "take one of the references out"))
            return False
        self._inside.append(name)
        return True

    def outside(self) -> None:
        """End with the definition begun last."""
        self._inside.pop()

    def condition(self, node: Condition) -> exp.Expr:  # noqa: C901, PLR0912 - one line a kind of condition
        """Return a two-valued expression for a condition."""
        match node:
            case Everyone():
                return sql.true()
            case All(parts=parts):
                return sql.both([self.condition(part) for part in parts]) or sql.true()
            case AnyOf(parts=parts):
                return sql.either(self.condition(part) for part in parts)
            case NoneOf(parts=parts):
                return sql.negated(sql.either(self.condition(part) for part in parts))
            case Not(part=part):
                return sql.negated(self.condition(part))
            case InSegment(lasting=span):
                now = self.in_segment(node.name, node.place)
                return now if span is None else sql.both([now, member_has_lasted(self, node)]) or sql.true()
            case FieldTest(lasting=span) if span is not None:
                return sql.both([self._leaf(node), field_has_lasted(self, node)]) or sql.true()
            case FieldTest() | Did() | Total():
                return self._leaf(node)
            case Sample():
                return members.sampled(node, self.values)
            case Listed() | Selected():
                return members.in_file(node)
            case Consented():
                return members.consented(self, node)
            case Expression():
                return expression(self, node)
            case _:
                assert_never(node)

    def _leaf(self, node: FieldTest | Did | Total) -> exp.Expr:
        value, tests = self.measured(node)
        if value is None:
            return sql.false()
        label = node.field if isinstance(node, FieldTest) else "times" if isinstance(node, Did) else str(node.fold)
        holds = self.tests.all_hold(value, tests, label, ThresholdsOf(self, node, value.type))
        return sql.negated(holds) if isinstance(node, Did) and node.negated else holds

    def measured(self, node: FieldTest | Did | Total) -> tuple[Typed | None, tuple[Test, ...]]:
        """Return the value that a leaf looks at, and what it asks of it; explain shows the value."""
        match node:
            case FieldTest(field=name, tests=tests):
                self._check_divisions(str(name), tests)
                return self.field(name, node.place), tests
            case Did(query=query, regularly=regularly) if regularly is not None:
                return self.counts.stretches(query, regularly), (Test(op=Op.AT_LEAST, values=(str(regularly.at_least),)),)
            case Did(query=query, times=times):
                return self.count(query), times or _AT_LEAST_ONCE
            case Total(tests=tests):
                return self.total(node), tests

    def _check_divisions(self, name: str, tests: tuple[Test, ...]) -> None:
        """Report divisions that a group does not have, and questions that nobody asks: nobody would ever be in one."""
        divisions = self.fields.divisions(name)
        for test in tests:
            if divisions and test.op in _NAMED and not test.ignore_case:
                for value in test.values:
                    if value not in divisions:
                        place = getattr(value, "place", test.place)
                        where = "there is no question" if self.fields.is_asked(name) else f"the group {name!r} has no division"
                        message = f"{where} {str(value)!r}"
                        self.report(Problem(place, "never-holds", message, did_you_mean(value, divisions)))

    def in_segment(self, name: str, place: Place) -> exp.Expr:
        """Return the condition of another segment, in place."""
        segment = self.names.segments.get(str(name))
        if segment is None:
            self.report(Problem(place, "unknown-segment", f"there is no segment {str(name)!r}", did_you_mean(str(name), self.names.segments)))
            return sql.false()
        if not self.inside(f"segment {name}", place):
            return sql.false()
        found = self.condition(segment.where)
        self.outside()
        return sql.bracketed(found)

    def field(self, name: str, place: Place) -> Typed | None:
        """Return a customer's metric, field or group."""
        return self.fields.find(name, place)

    def count(self, query: EventQuery) -> Typed | None:
        """Return how often the events happened; 0 for who did nothing at all."""
        return self.counts.count(query)

    def total(self, node: Total) -> Typed | None:
        """Return a fold over events: totals and counts of nothing are 0, every other fold of nothing is missing."""
        return fold(self.events, self.counts, node)


def known_fields(compiler: Compiler) -> Iterator[str]:
    """Yield every name that a condition may ask of a customer."""
    yield from compiler.fields.known()
