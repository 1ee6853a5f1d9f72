"""One test of one value, as SQL, two-valued.

A comparison with a missing value is false; a negation negates the positive, so it includes the missing. What an operator
cannot ask of a type is a problem with the right words beside it. Thresholds that are found rather than written (a share, a
percentile, another metric) are asked of whoever knows all customers; a row's columns have nobody to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from retention_cli.compile import calendars, literals, patterns, sql
from retention_cli.compile.fitting import misfit
from retention_cli.compile.typed import Typed
from retention_cli.model.problem import Problem
from retention_cli.model.question import NEGATIONS, Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.moment import Moment
    from retention_cli.model.question import Test

__all__ = ["Tests", "Thresholds", "Typed"]

_COMPARE: dict[Op, type[exp.Binary]] = {Op.AT_LEAST: exp.GTE, Op.AT_MOST: exp.LTE, Op.MORE_THAN: exp.GT, Op.LESS_THAN: exp.LT, Op.IS: exp.EQ}
_SEARCH = {Op.CONTAINS: "contains", Op.STARTS_WITH: "starts_with", Op.ENDS_WITH: "ends_with", Op.MATCHES: "regexp_matches"}
_RANKS: dict[Op, type[exp.Binary]] = {Op.TOP: exp.GTE, Op.BOTTOM: exp.LTE}
_POINTS = (Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.BEFORE, Op.AFTER)
_ANNIVERSARIES = (Op.ANNIVERSARY_IN, Op.ANNIVERSARY_ON)


class Thresholds(Protocol):
    """Finds the threshold of one test of one value: its yardstick, or the edge of its share. None where it was reported."""

    def __call__(self, test: Test, label: str) -> exp.Expr | None:
        """Return an expression to compare the value with."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Turns tests into SQL, and mistakes into problems."""

    moment: Moment
    values: sql.Values
    report: Callable[[Problem], None]

    def all_hold(self, value: Typed, tests: tuple[Test, ...], label: str, thresholds: Thresholds | None = None) -> exp.Expr:
        """Return a two-valued expression: every test holds of the value."""
        return sql.both([self.holds(value, test, label, thresholds) for test in tests]) or sql.true()

    def holds(self, value: Typed, test: Test, label: str, thresholds: Thresholds | None = None) -> exp.Expr:
        """Return a two-valued expression for one test."""
        if (problem := misfit(value.type, test, label)) is not None:
            self.report(problem)
            return sql.false()
        if test.against is not None or test.op in _RANKS:
            return self._found(value, test, label, thresholds)
        positive = NEGATIONS.get(test.op)
        if positive is not None:
            return sql.negated(self._positive(value, positive, test, label))
        return self._positive(value, test.op, test, label)

    def _found(self, value: Typed, test: Test, label: str, thresholds: Thresholds | None) -> exp.Expr:
        if thresholds is None:
            message = "a threshold over all customers cannot be asked for here"
            self.report(Problem(test.place, "not-here", message, "here a value stands that is written: {at_least: 100}"))
            return sql.false()
        if test.op in _RANKS and not Decimal(test.values[0]):
            return sql.false()  # no share of them is nobody
        edge = thresholds(test, label)
        comparison = _RANKS.get(test.op) or _COMPARE[test.op]
        return sql.false() if edge is None else sql.sure(comparison(this=value.copied(), expression=edge))

    def _positive(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        if op is Op.PRESENT:
            return _present(value)
        if value.type is ColumnType.LIST:
            return self._list(value, op, test, label)
        if op in _SEARCH:
            return self._search(value, op, test, label)
        if op is Op.UNDER:
            return self._under(value, test, label)
        if value.type in (ColumnType.TIME, ColumnType.DATE) and (asked := self._calendar(value, op, test, label)) is not None:
            return asked
        return self._compare(value, op, test, label)

    def _calendar(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr | None:
        if op is Op.DURING:
            return calendars.during(self, value, test, label)
        if op in _ANNIVERSARIES:
            return calendars.anniversary(self, value, test, label)
        if value.type is ColumnType.TIME:
            return calendars.time(self, value, op, test, label)
        return calendars.date_(self, value, op, test, label) if op in _POINTS else None

    def _compare(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        read = [self.read(text, value.type, test, label) for text in test.values]
        if any(item is None for item in read):
            return sql.false()
        subject = _caseless(value.copied(), test)
        bound = [_caseless(self.values.bind(item, label), test) for item in read]
        if op is Op.IN or (len(bound) != 1 and op is Op.IS):
            return value.decided(exp.In(this=subject, expressions=bound))
        if op is Op.BETWEEN:
            return value.decided(exp.Between(this=subject, low=bound[0], high=bound[1]))
        return value.decided(_COMPARE[op](this=subject, expression=bound[0]))

    def _search(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        if op is Op.MATCHES:
            return sql.either([self._match(value, text, test, label) for text in test.values])
        subject = _caseless(value.copied(), test)
        wanted = [_caseless(self.values.bind(text, label), test) for text in test.values]
        return sql.either([sql.sure(sql.call(_SEARCH[op], subject.copy(), text)) for text in wanted])

    def _match(self, value: Typed, text: str, test: Test, label: str) -> exp.Expr:
        reason = patterns.fault(text)
        if reason is not None:
            message = f"{text!r} is not a pattern that can be matched: {reason}"
            self.report(Problem(test.place, "bad-pattern", message, "patterns are RE2: https://github.com/google/re2/wiki/Syntax"))
            return sql.false()
        options = [exp.Literal.string("i")] if test.ignore_case else []
        return sql.sure(sql.call(_SEARCH[Op.MATCHES], value.copied(), self.values.bind(text, label), *options))

    def _under(self, value: Typed, test: Test, label: str) -> exp.Expr:
        """Look for whole nodes of a tree, wherever in the path they stand: `a > b` and `a/b` are the same path."""
        path = _replaced(_replaced(value.copied(), patterns.PATH_ENDS, ""), patterns.PATH_SPLIT, "/")
        slash = exp.Literal.string("/")
        whole = exp.DPipe(this=exp.DPipe(this=slash, expression=path), expression=slash.copy())
        nodes = [self.values.bind(f"/{patterns.as_path(text)}/", label) for text in test.values]
        return sql.sure(sql.bracketed(sql.either(sql.call("contains", whole.copy(), node) for node in nodes)))

    def _list(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        wanted = exp.Array(expressions=[self.values.bind(text, label) for text in test.values])
        return sql.sure(sql.call("list_has_all" if op is Op.HAS_ALL else "list_has_any", value.copied(), wanted))

    def read(self, text: str, kind: ColumnType, test: Test, label: str) -> sql.Value:
        """Return the value that a text stands for; one that is of another type is reported and None."""
        found = literals.read(text, kind, self.moment)
        if found is None:
            noun = literals.NOUNS[kind]
            message = f"{text!r} is not {noun}, and {label} is {'that' if kind is ColumnType.BOOLEAN else 'one'}"
            self.report(Problem(test.place, "wrong-type", message, literals.HINTS.get(kind, "")))
        return found


def _replaced(text: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return sql.call("regexp_replace", text, *map(exp.Literal.string, (pattern, by, "g")))


def _present(value: Typed) -> exp.Expr:
    """Neither null nor empty text nor an empty list."""
    there = sql.present(value.copied())
    if value.type is ColumnType.TEXT:
        return sql.sure(exp.NEQ(this=value.copied(), expression=exp.Literal.string("")))
    if value.type is ColumnType.LIST:
        return sql.sure(exp.GT(this=sql.call("len", value.copied()), expression=sql.number(0)))
    return there


def _caseless(text: exp.Expr, test: Test) -> exp.Expr:
    """Fold case on both sides by the engine's own rule, so that they cannot differ."""
    return exp.Lower(this=text) if test.ignore_case else text
