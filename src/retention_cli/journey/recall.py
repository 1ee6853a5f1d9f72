"""What a tick looks up of those who may move: reactions, refusals, deadlines, and the newest facts of what is waited for.

Each is asked once for everybody, and only where a program in play has a use for it.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.triggers import OCCURRENCE, recalled_query
from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.model.program import StepOp
from retention_cli.model.trigger import Happened
from retention_cli.model.wall import day_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast
    from retention_cli.journey.steps import Uploaded
    from retention_cli.journey.zones import Zones
    from retention_cli.model.program import Program

_MESSAGES = {"subject": "BIGINT", "step": "VARCHAR"}
_DEADLINES = {"revision": "BIGINT", "months": "INTEGER", "seconds": "BIGINT", "has_time": "BOOLEAN", "is_elapsed": "BOOLEAN"}
_DAYS = {"revision": "BIGINT", "zone": "VARCHAR", "day": "DATE", "ends_at": "TIMESTAMP"}
_VALUES = {"subject": "BIGINT", "name": "VARCHAR", "value": "VARCHAR"}
_ELAPSED = ("second", "minute", "hour")


def recall(frame: Frame, engine: DuckEngine, cast: Cast, programs: Mapping[int, Program], uploaded: Uploaded, zones: Zones) -> None:  # noqa: PLR0917 - a tick's parts
    """Fill `reacted`, `refused`, `deadlines` and `awaited` for the subjects of the tick."""
    steps = [step for program in programs.values() for step in program.steps]
    _messages(frame, engine)
    _deadlines(engine, programs, zones)
    _date_values(engine, uploaded.date_fields)
    engine.table("recalled", _VALUES, [])
    if any(step.date is not None and step.date.of_trigger for step in steps):
        _newest_facts(frame, engine, cast, programs)
    engine.execute(statement(QUERIES, "awaited"), {"as_of": frame.micros})


def _messages(frame: Frame, engine: DuckEngine) -> None:
    asked = [(int(str(journey)), str(step)) for journey, step in engine.run(statement(QUERIES, "reactions_of"), {})]
    engine.table("reacted", _MESSAGES, sorted(frame.past.reacted(asked, frame.micros)) if asked else [])
    asked = [(int(str(journey)), str(step)) for journey, step in engine.run(statement(QUERIES, "refusals_of"), {})]
    engine.table("refused", _MESSAGES, list(frame.past.refused(asked)) if asked else [])


def _deadlines(engine: DuckEngine, programs: Mapping[int, Program], zones: Zones) -> None:
    """Settle when those who enter end; a time of a day is worked out a zone and day."""
    known = {revision: program.deadline for revision, program in programs.items() if program.deadline is not None}
    rows = [
        (revision, each.after.months, int(each.after.elapsed.total_seconds()), each.at is not None, each.after.unit in _ELAPSED)
        for revision, each in known.items()
    ]
    engine.table("program_deadlines", _DEADLINES, rows)
    days: list[tuple[object, ...]] = []
    for revision, zone, day in engine.run(statement(QUERIES, "entry_days"), {}) if rows else []:
        each = known[int(str(revision))]
        last = each.after.days_after(day) if each.after.unit not in _ELAPSED else day + timedelta(days=each.after.elapsed.days)
        days.append((revision, zone, day, naive_utc(day_at(last, time.fromisoformat(each.at or "00:00"), zones.by_name[str(zone)]))))
    engine.table("deadline_days", _DAYS, days)
    engine.execute(statement(QUERIES, "deadlines"), {})


def _date_values(engine: DuckEngine, names: Iterable[str]) -> None:
    """Fill `date_values` from the fields that were asked for; a field that customers do not have has no values."""
    engine.table("date_values", _VALUES, [])
    columns = engine.columns("SELECT * FROM answered")
    for name in sorted(names):
        if f"field_{name}" in columns:
            value = exp.cast(sql.col(f"field_{name}"), "varchar", dialect=sql.DIALECT)
            select = exp.Select().select(sql.col("subject"), exp.Literal.string(name), value, copy=False).from_(sql.table("answered"), copy=False)
            engine.execute(sql.inserted("date_values", sql.Query(select, {})), {})


def _newest_facts(frame: Frame, engine: DuckEngine, cast: Cast, programs: Mapping[int, Program]) -> None:
    """Fill `recalled` with what the events that began journeys say now, where their rows can be found again."""
    waits = {
        (running.id, step.date.field)
        for running in cast.campaigns.values()
        for program in (running.program, *programs.values())
        for step in program.steps
        if step.op is StepOp.WAIT and step.date is not None and step.date.of_trigger
    }
    for campaign, name in sorted(waits):
        trigger = cast.campaigns[campaign].campaign.trigger
        query = recalled_query(Compiler(frame.schema, frame.moment, frame.project), trigger.query, name) if isinstance(trigger, Happened) else None
        if query is None:
            continue
        rows = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("told")))
        same = sql.both([exp.EQ(this=sql.col(column, "subjects"), expression=sql.col(column, "told")) for column in (CUSTOMER, OCCURRENCE)])
        here = exp.EQ(this=sql.col("campaign", "subjects"), expression=sql.number(campaign))
        columns = [sql.col("subject", "subjects"), exp.Literal.string(name), exp.Max(this=sql.col("value", "told"))]
        select = exp.Select().select(*columns, copy=False).from_(sql.table("subjects"), copy=False).join(rows, on=same, copy=False)
        select = select.where(here, copy=False).group_by(sql.col("subject", "subjects"), copy=False)
        engine.execute(sql.inserted("recalled", sql.Query(select, query.values)), query.values)
