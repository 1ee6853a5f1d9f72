"""When so long has passed since a customer's last event of a kind: `elapsed` triggers.

Only the latest event counts, of each customer and each value of `per`: a newer one starts the clock again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import AT, HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE, extras_of
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType
from retention_cli.model.trigger import Rhythm

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.events import Rows
    from retention_cli.compile.triggers import Due
    from retention_cli.model.duration import Duration
    from retention_cli.model.trigger import Lapse

PER, DAYS, RHYTHM = "per", "days", "rhythm"
_DAY = 86_400


def elapsed_query(compiler: Compiler, lapse: Lapse, due: Due) -> sql.Query:
    """Return (customer_id, occurrence, at, holds_at, facts): whose time became due in (due.after, as_of]."""
    metric = _metric(compiler, lapse)
    parts: list[exp.Query] = [_latest(compiler, rows, lapse, metric) for rows in compiler.events.rows(lapse.since)]
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    latest = exp.Subquery(this=whole, alias=exp.TableAlias(this=sql.name("latest")))
    columns = [sql.col(name, "latest") for name in (CUSTOMER, OCCURRENCE, AT)]
    holds = sql.aliased(_moved(lapse), HOLDS_AT)
    inner = exp.Select().select(*columns, holds, sql.col(FACTS, "latest"), copy=False).from_(latest, copy=False)
    inner.set("qualify", exp.Qualify(this=_is_first([sql.col(CUSTOMER, "latest"), sql.col(PER, "latest")], "latest")))
    found = exp.Subquery(this=inner, alias=exp.TableAlias(this=sql.name("elapsed")))
    select = exp.Select().select("*", copy=False).from_(found, copy=False)
    window = [
        exp.GT(this=sql.col(HOLDS_AT, "elapsed"), expression=compiler.values.bind(due.after, "due_after")),
        exp.LTE(this=sql.col(HOLDS_AT, "elapsed"), expression=compiler.values.bind(compiler.moment.instant, "as_of")),
    ]
    return sql.finished(with_ctes(select.where(*window, copy=False), compiler.ctes()), compiler.values)


def _metric(compiler: Compiler, lapse: Lapse) -> str | None:
    """Give the customers' own rhythm a table of its own; return what it is called, None where the rhythm is none of theirs."""
    if not isinstance(lapse.for_, Rhythm) or lapse.for_.metric is None:
        return None
    found = compiler.field(str(lapse.for_.metric), lapse.for_.metric.place)
    value: exp.Expr = exp.Null() if found is None else found.copied()
    if found is not None and found.type not in {ColumnType.INTEGER, ColumnType.DECIMAL}:
        _report(compiler, str(lapse.for_.metric), lapse)
    base = compiler.scans.base().select(sql.col(CUSTOMER, "customers"), sql.aliased(value, DAYS), copy=False)
    return compiler.scans.own(RHYTHM, base, attach=False)


def _report(compiler: Compiler, name: str, lapse: Lapse) -> None:
    place = getattr(name, "place", lapse.since.place)
    compiler.report(Problem(place, "wrong-type", f"{name!r} is not a number of days", "name a field or a metric that is a number"))


def _latest(compiler: Compiler, rows: Rows, lapse: Lapse, metric: str | None) -> exp.Select:
    """Select the latest event of each customer and value of `per` in one table."""
    source = rows.event.source
    extras = extras_of(compiler, rows.event)
    scope = compiler.events.scope(source, compiler.events.tables(lapse.since), None, _columns(lapse))
    per = exp.Literal.string("") if lapse.per is None else _text(compiler.events.column(scope, lapse.per, lapse.per.place))
    time = sql.col(compiler.schema.time(source) or "", source)
    columns = [sql.col(CUSTOMER, source), sql.aliased(extras.columns[OCCURRENCE], OCCURRENCE), sql.aliased(time, AT)]
    columns += [sql.aliased(per, PER), sql.aliased(_days(compiler, lapse, scope, metric), DAYS), sql.aliased(extras.columns[FACTS], FACTS)]
    select = compiler.scans.from_events(source, rows.joined | extras.joined | frozenset(scope.joined))
    if metric is not None:
        on = exp.EQ(this=sql.col(CUSTOMER, metric), expression=sql.col(CUSTOMER, source))
        select = select.join(sql.table(metric), on=on, join_type="left", copy=False)
    select.set("expressions", columns)
    order = [time.copy(), extras.columns[OCCURRENCE].copy()]
    select.set("qualify", exp.Qualify(this=_ranked([sql.col(CUSTOMER, source), per.copy()], order)))
    return select if rows.filter is None else select.where(rows.filter, copy=False)


def _columns(lapse: Lapse) -> list[str]:
    field = lapse.for_.field if isinstance(lapse.for_, Rhythm) else None
    return [str(name) for name in (lapse.per, field) if name is not None]


def _days(compiler: Compiler, lapse: Lapse, scope: object, metric: str | None) -> exp.Expr:
    """Return how many days the clock runs, null where a length of time says it."""
    if metric is not None:
        return exp.cast(sql.col(DAYS, metric), "double", dialect=sql.DIALECT)
    if not isinstance(lapse.for_, Rhythm) or lapse.for_.field is None:
        return exp.cast(exp.Null(), "double", dialect=sql.DIALECT)
    found = compiler.events.typed(scope, lapse.for_.field, lapse.for_.field.place)  # type: ignore[arg-type]  # the scope of this table
    if found is not None and found.type not in {ColumnType.INTEGER, ColumnType.DECIMAL}:
        _report(compiler, lapse.for_.field, lapse)
        return exp.cast(exp.Null(), "double", dialect=sql.DIALECT)
    return exp.cast(exp.Null() if found is None else found.copied(), "double", dialect=sql.DIALECT)


def _moved(lapse: Lapse) -> exp.Expr:
    """Return the instant at which the time has passed: a day of a rhythm is 24 hours, months go by the calendar."""
    at: exp.Expr = sql.col(AT, "latest")
    if not isinstance(lapse.for_, Rhythm):
        return _plus(at, lapse.for_, 1)
    seconds = exp.Mul(this=sql.col(DAYS, "latest"), expression=sql.number(lapse.for_.factor * _DAY))
    at = exp.Add(this=at, expression=sql.call("to_seconds", exp.cast(exp.Round(this=exp.Paren(this=seconds)), "bigint", dialect=sql.DIALECT)))
    return at if lapse.for_.plus is None else _plus(at, lapse.for_.plus.span, lapse.for_.plus.sign)


def _plus(at: exp.Expr, span: Duration, sign: int) -> exp.Expr:
    """Return the instant so long after (sign 1) or before (-1)."""
    seconds = int(span.elapsed.total_seconds())
    length = sql.call("to_months", sql.number(span.months)) if span.is_calendar else sql.call("to_seconds", sql.number(seconds))
    return exp.Add(this=at, expression=length) if sign > 0 else exp.Sub(this=at, expression=length)


def _text(expression: exp.Expr | None) -> exp.Expr:
    return exp.cast(exp.Null() if expression is None else expression, "varchar", dialect=sql.DIALECT)


def _is_first(partition: list[exp.Expr], table: str) -> exp.Expr:
    return _ranked(partition, [sql.col(AT, table), sql.col(OCCURRENCE, table)])


def _ranked(partition: list[exp.Expr], order: list[exp.Expr]) -> exp.Expr:
    """Return whether a row is the latest of its partition."""
    ordered = [exp.Ordered(this=each, desc=True, nulls_first=False) for each in order]
    ranked = exp.Window(this=sql.call("row_number"), partition_by=partition, order=exp.Order(expressions=ordered))
    return exp.EQ(this=ranked, expression=sql.number(1))
