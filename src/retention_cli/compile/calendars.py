"""Questions to times and dates: windows up to now, points, calendar periods, anniversaries.

A time is kept in UTC and asked by the shop's clock; a date is a calendar day. `within: 1 day` of a date is today, of a time
the last 24 hours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import periods, sql
from retention_cli.compile.periods import PERIODS
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op
from retention_cli.model.source import ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from retention_cli.compile.operators import Tests
    from retention_cli.compile.typed import Typed
    from retention_cli.model.duration import Duration
    from retention_cli.model.question import Test

_SHORTER_THAN_A_DAY = ("second", "minute", "hour")
_AS_A_YEAR = 366


def during(tests: Tests, value: Typed, test: Test, label: str) -> exp.Expr:
    """Return whether a time or date lies in a calendar period of the shop's zone."""
    days = periods.period(test.values[0], tests.moment)
    if days is None:
        hint = did_you_mean(test.values[0], PERIODS) or "write it like last_month, 2026-05 or 4 days ago"
        tests.report(Problem(test.place, "not-a-period", f"{test.values[0]!r} is not a calendar period", hint))
        return sql.false()
    first, end = (tests.moment.start_of(day) for day in days) if value.type is ColumnType.TIME else days
    return _between(tests, value, (exp.GTE, first), (exp.LT, end), label)


def anniversary(tests: Tests, value: Typed, test: Test, label: str) -> exp.Expr:
    """Return whether the yearly day of a time or date comes in the days that are asked for; the day itself is no anniversary."""
    if test.span is not None:
        first, end = tests.moment.today, test.span.days_after(tests.moment.today)
        if test.span.unit in _SHORTER_THAN_A_DAY:
            return _in_days(tests, test, test.span, label)
    else:
        point = periods.day(test.values[0], tests.moment)
        if point is None:
            tests.report(Problem(test.place, "not-a-time", f"{test.values[0]!r} is not a day", "write it like today, 2 days from now or 2026-05-01"))
            return sql.false()
        first, end = periods.period(point.isoformat(), tests.moment) or (point, point)
    day = tests.moment.local_day(value.copied(), tests.values) if value.type is ColumnType.TIME else value.copied()
    number = exp.Add(this=exp.Mul(this=sql.call("month", day), expression=sql.number(100)), expression=sql.call("day", day.copy()))
    wanted = [sql.number(each) for each in periods.anniversaries(first, end, leap=test.leap)]
    falls = sql.true() if (end - first).days >= _AS_A_YEAR else exp.In(this=number, expressions=list(wanted))
    before = exp.LT(this=day.copy(), expression=tests.values.bind(first, "today"))
    return sql.sure(sql.both([falls, before]) or sql.true())


def time(tests: Tests, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
    """Return what is asked of an instant."""
    moment = tests.moment
    if test.span is not None and op is Op.WITHIN:
        return _between(tests, value, (exp.GT, moment.ago(test.span)), (exp.LTE, moment.instant), label, "as_of")
    if test.span is not None and op is Op.OLDER_THAN:
        return _side(tests, value, exp.LTE, moment.ago(test.span), label)
    if test.span is not None:
        return _between(tests, value, (exp.GT, moment.instant), (exp.LTE, moment.ahead(test.span)), "as_of", label)
    edges = [_edges(tests, text, test, label) for text in test.values]
    found = [edge for edge in edges if edge is not None]
    if len(found) < len(edges):
        return sql.false()
    (start, end), (last_start, last_end) = found[0], found[-1]
    if op is Op.BEFORE:
        return _side(tests, value, exp.LT, start, label)
    if op is Op.AFTER:
        return _side(tests, value, exp.GT if start == end else exp.GTE, end, label)
    return _between(tests, value, (exp.GTE, start), (exp.LTE if last_start == last_end else exp.LT, last_end), label)


def _edges(tests: Tests, text: str, test: Test, label: str) -> tuple[datetime, datetime] | None:
    """Return the instants at which what was written begins and ends; a time is both, a day is its two midnights."""
    moment = tests.moment
    if (day := moment.read_date(text)) is not None:
        return moment.start_of(day), moment.end_of(day)
    if (instant := moment.read_time(text) or periods.instant(text, moment)) is not None:
        return instant, instant
    message = f"{text!r} is not a date or a time, and {label} is one"
    tests.report(Problem(test.place, "not-a-time", message, "write it like 2026-01-31, 2026-01-31T09:00 or 50 days ago"))
    return None


def date_(tests: Tests, value: Typed, op: Op, test: Test, label: str) -> exp.Expr:
    """Return what is asked of a calendar day."""
    if test.span is not None:
        return _days(tests, value, op, test, span=test.span, label=label)
    day = periods.day(test.values[0], tests.moment)
    if day is None:
        tests.report(
            Problem(test.place, "wrong-type", f"{test.values[0]!r} is not a date, and {label} is one", "write it like 2026-01-31 or 50 days ago")
        )
        return sql.false()
    return _side(tests, value, exp.LT if op is Op.BEFORE else exp.GT, day, label)


def _days(tests: Tests, value: Typed, op: Op, test: Test, *, span: Duration, label: str) -> exp.Expr:
    """Count calendar days: `within: 1 day` is today, `older_than: 1 day` is yesterday and before."""
    if span.unit in _SHORTER_THAN_A_DAY:
        return _in_days(tests, test, span, label)
    today, start = tests.moment.today, span.days_before(tests.moment.today)
    if op is Op.OLDER_THAN:
        return _side(tests, value, exp.LTE, start, label)
    low, high = (today, span.days_after(today)) if op is Op.IN_NEXT else (start, today)
    return _between(tests, value, (exp.GT, low), (exp.LTE, high), label)


def _in_days(tests: Tests, test: Test, span: Duration, label: str) -> exp.Expr:
    tests.report(Problem(test.place, "wrong-type", f"{label} is asked by the day, and {span} is counted in {span.unit}s", "count it in days"))
    return sql.false()


Edge = tuple[type[exp.Binary], "date | datetime"]


def _between(tests: Tests, value: Typed, low: Edge, high: Edge, *labels: str) -> exp.Expr:
    sides = [_side(tests, value, *low, labels[0]), _side(tests, value, *high, labels[-1])]
    return sql.both(sides) or sql.true()


def _side(tests: Tests, value: Typed, comparison: Callable[..., exp.Expr], edge: date | datetime, label: str) -> exp.Expr:
    return sql.sure(comparison(this=value.copied(), expression=tests.values.bind(edge, label)))
