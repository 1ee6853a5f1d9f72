"""Candidates by the clock: a day that a customer's field tells, and the times of a timetable for a whole audience.

What the wall clocks decide is worked out a zone (`timetables`) and joined to the customers who live there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE
from retention_cli.journey.timetables import days_due, occasions, once_due
from retention_cli.journey.zones import ZONE, zone_field, zone_of
from retention_cli.model.problem import NOWHERE
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.model.trigger import Zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.typed import Typed
    from retention_cli.journey.enrolling import Enrolling
    from retention_cli.journey.running import Running
    from retention_cli.journey.timetables import Occasion
    from retention_cli.model.trigger import Dated, Once, Scheduled

TIMES, DAYS = "times_due", "days_due"
_TIMES = {ZONE: "VARCHAR", "wall": "VARCHAR", "instant": "TIMESTAMP"}
_DAYS = {ZONE: "VARCHAR", "month": "BIGINT", "of_month": "BIGINT", "day": "DATE", "instant": "TIMESTAMP"}


def scheduled(stage: Enrolling, running: Running, trigger: Scheduled) -> int:
    """Add the audience for every time of the timetable that came since the last tick."""
    after = stage.since(running, trigger.late, backfill=False)
    due = {zone: occasions(trigger.schedule, info, after, stage.frame.as_of) for zone, info in _zones(stage, trigger.schedule.zone).items()}
    _add_times(stage, running, due, trigger.schedule.zone)
    return 0


def once(stage: Enrolling, running: Running, trigger: Once) -> int:
    """Add the audience at the one time. A campaign that is new may be a little late for it: it has no past that it could repeat."""
    after = stage.since(running, trigger.late, backfill=True)
    due = {zone: once_due(trigger.once, info, after, stage.frame.as_of) for zone, info in _zones(stage, trigger.zone).items()}
    _add_times(stage, running, due, trigger.zone)
    return 0


def _zones(stage: Enrolling, whose: Zone) -> Mapping[str, ZoneInfo]:
    shop = stage.frame.project.zone
    return stage.zones.by_name if whose is Zone.CUSTOMER else {shop.key: shop}


def _add_times(stage: Enrolling, running: Running, due: Mapping[str, list[Occasion]], whose: Zone) -> None:
    """Add the audience of the latest time that was not dealt with before.

    A time is dealt with once, whoever was in the audience then; of several that a machine slept through only the last counts.
    """
    times = [(zone, each) for zone, found in due.items() for each in found]
    keys = [("", f"{zone}|{each.wall.isoformat(timespec='minutes')}") for zone, each in times]
    done = set(stage.frame.past.judged(running.id, keys))
    latest = {zone: each for (zone, each), key in zip(times, keys, strict=True) if key not in done}
    rows = [(zone, each.wall.isoformat(timespec="minutes"), naive_utc(each.instant)) for zone, each in latest.items()]
    if not rows:
        return
    stage.engine.table(TIMES, _TIMES, rows)
    stage.done.extend((running.id, *key) for key in keys if key not in done)
    compiler = stage.compiler()
    is_in = sql.true() if running.campaign.audience is None else compiler.condition(running.campaign.audience)
    zone = _zone_of_customer(stage, compiler) if whose is Zone.CUSTOMER else exp.Literal.string(stage.frame.project.zone.key)
    facts = sql.call("json_object", exp.Literal.string("time"), sql.col("wall", TIMES))
    columns = [
        sql.col(CUSTOMER, CUSTOMERS),
        sql.aliased(sql.col("wall", TIMES), OCCURRENCE),
        sql.aliased(sql.col("instant", TIMES), HOLDS_AT),
        sql.aliased(exp.cast(facts, "varchar", dialect=sql.DIALECT), FACTS),
    ]
    on = exp.EQ(this=sql.col(ZONE, TIMES), expression=zone)
    select = compiler.scans.base().select(*columns, copy=False).join(sql.table(TIMES), on=on, copy=False).where(is_in, copy=False)
    stage.add(running, sql.finished(with_ctes(select, compiler.ctes()), compiler.values))


def _zone_of_customer(stage: Enrolling, compiler: Compiler) -> exp.Expr:
    name = zone_field(stage.frame)
    found = None if name is None else compiler.field(name, NOWHERE)
    return zone_of(exp.Null() if found is None else found.copied(), stage.frame.project.zone)


def dated(stage: Enrolling, running: Running, trigger: Dated) -> int:
    """Add whose day it is."""
    compiler = stage.compiler()
    found = compiler.field(str(trigger.date), trigger.date.place)
    if found is None:
        return 0
    after = stage.since(running, trigger.late, backfill=trigger.backfill)
    if found.type is ColumnType.TIME and trigger.every is None and trigger.at is None:
        stage.add(running, _at_its_time(stage, compiler, trigger, found, after))
    else:
        stage.add(running, _on_its_day(stage, compiler, trigger, found, after))
    return 0


def _at_its_time(stage: Enrolling, compiler: Compiler, trigger: Dated, found: Typed, after: datetime) -> sql.Query:
    """Return whose field tells an instant that came, moved by the offset in days of 24 hours and calendar months."""
    at: exp.Expr = found.copied()
    if trigger.offset is not None:
        span = trigger.offset.span
        length = sql.call("to_months", sql.number(span.months)) if span.is_calendar else sql.call("to_days", sql.number(span.elapsed.days))
        at = exp.Paren(this=exp.Add(this=at, expression=length) if trigger.offset.sign > 0 else exp.Sub(this=at, expression=length))
    due = [
        exp.GT(this=at, expression=compiler.values.bind(naive_utc(after), "due_after")),
        exp.LTE(this=at.copy(), expression=compiler.values.bind(naive_utc(stage.frame.as_of), "as_of")),
    ]
    columns = _columns(exp.cast(found.copied(), "varchar", dialect=sql.DIALECT), at.copy(), [exp.Literal.string("date"), found.told()])
    select = compiler.scans.base().select(*columns, copy=False).where(*due, copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def _on_its_day(stage: Enrolling, compiler: Compiler, trigger: Dated, found: Typed, after: datetime) -> sql.Query:
    """Return whose field tells a day that is due, or has its anniversary on one."""
    rows = [
        (zone, each.month, each.of_month, each.day, naive_utc(each.instant))
        for zone, info in _zones(stage, trigger.zone).items()
        for each in days_due(trigger, info, after, stage.frame.as_of)
    ]
    stage.engine.table(DAYS, _DAYS, rows)
    zone = _zone_of_customer(stage, compiler) if trigger.zone is Zone.CUSTOMER else exp.Literal.string(stage.frame.project.zone.key)
    day = _day_of(found, zone)
    on: list[exp.Expr] = [exp.EQ(this=sql.col(ZONE, DAYS), expression=zone.copy())]
    years = exp.Sub(this=sql.call("year", sql.col("day", DAYS)), expression=sql.call("year", day))
    if trigger.every is None:
        on.append(exp.EQ(this=sql.col("day", DAYS), expression=day.copy()))
    else:
        on.append(exp.EQ(this=sql.col("month", DAYS), expression=sql.call("month", day.copy())))
        on.append(exp.EQ(this=sql.col("of_month", DAYS), expression=sql.call("day", day.copy())))
        on.append(exp.GT(this=years, expression=sql.number(0)))
    text = exp.cast(sql.col("day", DAYS), "varchar", dialect=sql.DIALECT)
    facts = [exp.Literal.string("date"), text, exp.Literal.string("years"), years.copy()]
    select = compiler.scans.base().select(*_columns(text.copy(), sql.col("instant", DAYS), facts), copy=False)
    select = select.join(sql.table(DAYS), on=sql.both(on), copy=False)
    return sql.finished(with_ctes(select, compiler.ctes()), compiler.values)


def _day_of(found: Typed, zone: exp.Expr) -> exp.Expr:
    """Return the calendar day that a field tells; of an instant, the day on the customer's wall."""
    if found.type is not ColumnType.TIME:
        return exp.cast(found.copied(), "date", dialect=sql.DIALECT)
    utc = sql.call("timezone", exp.Literal.string("UTC"), found.copied())
    return exp.cast(sql.call("timezone", zone, utc), "date", dialect=sql.DIALECT)


def _columns(occurrence: exp.Expr, instant: exp.Expr, facts: Sequence[exp.Expr]) -> list[exp.Expr]:
    return [
        sql.col(CUSTOMER, CUSTOMERS),
        sql.aliased(occurrence, OCCURRENCE),
        sql.aliased(instant, HOLDS_AT),
        sql.aliased(exp.cast(sql.call("json_object", *facts), "varchar", dialect=sql.DIALECT), FACTS),
    ]
