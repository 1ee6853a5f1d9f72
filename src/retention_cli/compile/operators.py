"""One test of one value, as SQL: a table of operators by type of value, each two-valued.

A comparison with a missing value is false; a negation negates the positive, so it includes the missing. What an operator
cannot ask of a type is a problem with the right words beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import literals, patterns, sql
from retention_cli.model.condition import NEGATIONS, Op, Test
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from retention_cli.compile.moment import Moment
    from retention_cli.model.duration import Duration

_EQUALITY = {Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN, Op.PRESENT, Op.MISSING}
_ORDER = {Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.BETWEEN}
_TEXT = {Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, Op.MATCHES}
_CLOCK = {Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.BEFORE, Op.AFTER, Op.BETWEEN}
_LIST = {Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE, Op.PRESENT, Op.MISSING}

FITTING: dict[ColumnType, set[Op]] = {
    ColumnType.TEXT: _EQUALITY | _TEXT,
    ColumnType.INTEGER: _EQUALITY | _ORDER,
    ColumnType.DECIMAL: _EQUALITY | _ORDER,
    ColumnType.BOOLEAN: _EQUALITY,
    ColumnType.DATE: _EQUALITY | _CLOCK | _ORDER,
    ColumnType.TIME: {Op.PRESENT, Op.MISSING} | _CLOCK,
    ColumnType.LIST: _LIST,
}
"""Which questions each type of value can answer."""

_COUNTERPARTS: dict[Op, tuple[Op, ...]] = {
    Op.IS: (Op.HAS_ANY, Op.BETWEEN),
    Op.IN: (Op.HAS_ANY,),
    Op.IS_NOT: (Op.HAS_NONE,),
    Op.NOT_IN: (Op.HAS_NONE,),
    Op.CONTAINS: (Op.HAS_ANY,),
    Op.HAS_ANY: (Op.IN,),
    Op.HAS_NONE: (Op.NOT_IN,),
    Op.AT_LEAST: (Op.AFTER,),
    Op.MORE_THAN: (Op.AFTER,),
    Op.AT_MOST: (Op.BEFORE,),
    Op.LESS_THAN: (Op.BEFORE,),
}
"""What somebody meant who asks a question of the wrong type; the first that fits is offered."""

_COMPARE: dict[Op, type[exp.Binary]] = {Op.AT_LEAST: exp.GTE, Op.AT_MOST: exp.LTE, Op.MORE_THAN: exp.GT, Op.LESS_THAN: exp.LT, Op.IS: exp.EQ}
_SHORTER_THAN_A_DAY = ("second", "minute", "hour")
_SEARCH = {Op.CONTAINS: "contains", Op.STARTS_WITH: "starts_with", Op.ENDS_WITH: "ends_with", Op.MATCHES: "regexp_matches"}


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with the type of what it gives."""

    expression: exp.Expr
    type: ColumnType
    never_null: bool = False

    def decided(self, comparison: exp.Expr) -> exp.Expr:
        """Make a comparison of this value two-valued; what can never be missing needs nothing."""
        return comparison if self.never_null else sql.sure(comparison)

    def told(self) -> exp.Expr:
        """Return the value as templates are told it: a time as RFC 3339 text in UTC, all else as it is."""
        if self.type is not ColumnType.TIME:
            return self.copied()
        return sql.call("strftime", self.copied(), exp.Literal.string("%Y-%m-%dT%H:%M:%SZ"))

    def copied(self) -> exp.Expr:
        """A fresh copy: a node hangs in one tree only."""
        return self.expression.copy()


@dataclass(frozen=True, slots=True)
class Tests:
    """Turns tests into SQL, and mistakes into problems."""

    moment: Moment
    values: sql.Values
    report: Callable[[Problem], None]

    def all_hold(self, value: Typed, tests: tuple[Test, ...], label: str) -> exp.Expr:
        """Return a two-valued expression: every test holds of the value."""
        return sql.both([self.holds(value, test, label) for test in tests]) or sql.true()

    def holds(self, value: Typed, test: Test, label: str) -> exp.Expr:
        """Return a two-valued expression for one test."""
        if test.op not in FITTING[value.type]:
            self._misfit(value, test, label)
            return sql.false()
        positive = NEGATIONS.get(test.op)
        if positive is not None:
            return sql.negated(self._positive(value, positive, test, label))
        return self._positive(value, test.op, test, label)

    def _positive(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        if op is Op.PRESENT:
            return _present(value)
        if value.type is ColumnType.LIST:
            return self._list(value, op, test, label)
        if op in _SEARCH:
            return self._search(value, op, test, label)
        if value.type is ColumnType.TIME:
            return self._time(value, op, test, label)
        if op in (Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.BEFORE, Op.AFTER):
            return self._date(value, op, test, label)
        return self._compare(value, op, test, label)

    def _compare(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        read = [self._read(text, value.type, test, label) for text in test.values]
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

    def _list(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        wanted = exp.Array(expressions=[self.values.bind(text, label) for text in test.values])
        return sql.sure(sql.call("list_has_all" if op is Op.HAS_ALL else "list_has_any", value.copied(), wanted))

    def _time(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        moment = self.moment
        if test.span is not None and op is Op.WITHIN:
            return self._window(value, moment.ago(test.span), moment.instant, label)
        if test.span is not None and op is Op.OLDER_THAN:
            return self._side(value, exp.LTE, moment.ago(test.span), label)
        if test.span is not None and op is Op.IN_NEXT:
            past = self._side(value, exp.GT, moment.instant, "as_of")
            return sql.both([past, self._side(value, exp.LTE, moment.ahead(test.span), label)]) or sql.true()
        edges = [self._edges(text, test, label) for text in test.values]
        if any(edge is None for edge in edges):
            return sql.false()
        first, last = edges[0], edges[-1]
        assert first is not None  # noqa: S101 - just checked above, for the type checker
        assert last is not None  # noqa: S101 - as above
        if op is Op.BEFORE:
            return self._side(value, exp.LT, first[0], label)
        if op is Op.AFTER:
            return self._side(value, exp.GTE if first[1] != first[0] else exp.GT, first[1], label)
        return (
            sql.both([self._side(value, exp.GTE, first[0], label), self._side(value, exp.LT if last[1] != last[0] else exp.LTE, last[1], label)])
            or sql.true()
        )

    def _edges(self, text: str, test: Test, label: str) -> tuple[datetime, datetime] | None:
        """Return the instants at which what was written begins and ends; a time is both, a day is its two midnights."""
        if (day := self.moment.read_date(text)) is not None:
            return self.moment.start_of(day), self.moment.end_of(day)
        if (instant := self.moment.read_time(text)) is not None:
            return instant, instant
        self.report(
            Problem(test.place, "not-a-time", f"{text!r} is not a date or a time, and {label} is one", "write it like 2026-01-31 or 2026-01-31T09:00")
        )
        return None

    def _window(self, value: Typed, start: datetime, end: datetime, label: str) -> exp.Expr:
        since = self._side(value, exp.GT, start, label)
        return sql.both([since, self._side(value, exp.LTE, end, "as_of")]) or sql.true()

    def _side(self, value: Typed, comparison: type[exp.Binary], edge: date | datetime, label: str) -> exp.Expr:
        return sql.sure(comparison(this=value.copied(), expression=self.values.bind(edge, label)))

    def _date(self, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
        if test.span is not None:
            return self._days(value, op, test, test.span, label)
        day = self._read(test.values[0], ColumnType.DATE, test, label)
        if day is None:
            return sql.false()
        comparison = exp.LT if op is Op.BEFORE else exp.GT
        return sql.sure(comparison(this=value.copied(), expression=self.values.bind(day, label)))

    def _days(self, value: Typed, op: Op, test: Test, span: Duration, label: str) -> exp.Expr:
        """Count calendar days: `within: 1 day` is today, `older_than: 1 day` is yesterday and before."""
        if span.unit in _SHORTER_THAN_A_DAY:
            self.report(Problem(test.place, "wrong-type", f"{label} is a date, and {span} is counted in {span.unit}s", "count it in days"))
            return sql.false()
        today, start = self.moment.today, span.days_before(self.moment.today)
        if op is Op.OLDER_THAN:
            return self._side(value, exp.LTE, start, label)
        low, high = (today, span.days_after(today)) if op is Op.IN_NEXT else (start, today)
        return sql.both([self._side(value, exp.GT, low, label), self._side(value, exp.LTE, high, label)]) or sql.true()

    def _read(self, text: str, kind: ColumnType, test: Test, label: str) -> sql.Value:
        found = literals.read(text, kind, self.moment)
        if found is None:
            noun = literals.NOUNS[kind]
            message = f"{text!r} is not {noun}, and {label} is {'that' if kind is ColumnType.BOOLEAN else 'one'}"
            self.report(Problem(test.place, "wrong-type", message, literals.HINTS.get(kind, "")))
        return found

    def _misfit(self, value: Typed, test: Test, label: str) -> None:
        fitting = [op for op in Op if op in FITTING[value.type]]
        near = next((op for op in _COUNTERPARTS.get(test.op, ()) if op in fitting), None)
        message = f"{label} is {literals.NOUNS[value.type]}; {test.op} cannot be asked of it"
        self.report(
            Problem(test.place, "operator-misfit", message, f"did you mean {near.value!r}?" if near else f"it can be asked: {', '.join(fitting)}")
        )


def _present(value: Typed) -> exp.Expr:
    """Neither null nor empty text nor an empty list."""
    there = negated_null(value.copied())
    if value.type is ColumnType.TEXT:
        return sql.sure(exp.NEQ(this=value.copied(), expression=exp.Literal.string("")))
    if value.type is ColumnType.LIST:
        return sql.sure(exp.GT(this=sql.call("len", value.copied()), expression=sql.number(0)))
    return there


def negated_null(expression: exp.Expr) -> exp.Expr:
    """Return `expression IS NOT NULL`."""
    return sql.negated(exp.Is(this=expression, expression=exp.Null()))


def _caseless(text: exp.Expr, test: Test) -> exp.Expr:
    """Fold case on both sides by the engine's own rule, so that they cannot differ."""
    return exp.Lower(this=text) if test.ignore_case else text
