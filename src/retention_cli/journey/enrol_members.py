"""Candidates by memberships: who came into a segment, went out of it, or moved between the divisions of a group.

What is compared are two generations. Who is in when a campaign first runs, or when the segment first means this, did not come
in now: a baseline. Who is no customer any more leaves nothing: there is nobody to write to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.memberships import NOW, joined, was_in
from retention_cli.compile import sql
from retention_cli.compile.lasting import division_of
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.audience.memberships import Generation
    from retention_cli.journey.enrolling import Enrolling, Generations
    from retention_cli.journey.running import Running
    from retention_cli.model.trigger import Enters, Leaves, Moves

SEGMENT = "segment"


def entered(stage: Enrolling, running: Running, trigger: Enters) -> int:
    """Add who came into the segment since the generation before; return how many are its baseline."""
    segment, generations = str(trigger.enters), stage.generations
    if generations is None:
        return 0
    if not trigger.backfill and (running.is_new or not _is_comparable(generations, [segment])):
        return stage.count(_nobody_but(_is_in(segment)))
    is_known = not running.is_new and segment in generations.before.segments
    came = sql.both([_is_in(segment), sql.negated(was_in(generations.before, segment))]) if is_known else _is_in(segment)
    stage.add(running, _found(stage, came, _told({SEGMENT: segment})))
    return 0


def left(stage: Enrolling, running: Running, trigger: Leaves) -> int:
    """Add who went out of the segment since the generation before."""
    segment, generations = str(trigger.leaves), stage.generations
    if generations is not None and not running.is_new and _is_comparable(generations, [segment]):
        gone = sql.both([was_in(generations.before, segment), sql.negated(_is_in(segment))])
        stage.add(running, _found(stage, gone, _told({SEGMENT: segment})))
    return 0


def moved(stage: Enrolling, running: Running, trigger: Moves) -> int:
    """Add who came to a division `to` from one of `from`, or from any other; return how many are its baseline."""
    group, generations = str(trigger.moves.group), stage.generations
    if generations is None:
        return 0
    to = [division_of(group, str(name)) for name in trigger.moves.to]
    everyone = [name for name in generations.now.segments if name.startswith(f"{group}/")]
    is_baseline = running.is_new or not _is_comparable(generations, everyone)
    if is_baseline and not trigger.backfill:
        return stage.count(_nobody_but(sql.either(_is_in(name) for name in to)))
    origins = [division_of(group, str(name)) for name in trigger.moves.from_]
    for name in to:
        came: exp.Expr | None = _is_in(name) if is_baseline else _came(generations.before, name, origins)
        facts = [exp.Literal.string("from"), exp.Null() if is_baseline else _before(generations.before, everyone), exp.Literal.string("to")]
        stage.add(running, _found(stage, came, _object("group", group, *facts, exp.Literal.string(name.partition("/")[2]))))
    return 0


def _came(before: Generation, name: str, origins: Sequence[str]) -> exp.Expr | None:
    from_there = sql.either(was_in(before, origin) for origin in origins) if origins else sql.negated(was_in(before, name))
    return sql.both([_is_in(name), from_there, sql.negated(was_in(before, name))])


def _before(before: Generation, divisions: Sequence[str]) -> exp.Expr:
    """Return the division that a customer was in, null for who was in none."""
    cases = [exp.If(this=was_in(before, name), true=exp.Literal.string(name.partition("/")[2])) for name in divisions]
    return exp.Case(ifs=cases)


def _is_comparable(generations: Generations, names: Sequence[str]) -> bool:
    """Whether the generation before knew the names, and meant the same by them."""
    now, before = generations.now.segments, generations.before.segments
    return all(name in before and before[name] == now[name] for name in names)


def _is_in(name: str) -> exp.Expr:
    return sql.sure(sql.col(name, NOW))


def _nobody_but(condition: exp.Expr) -> sql.Query:
    return sql.Query(exp.Select().select(sql.col(CUSTOMER, NOW), copy=False).from_(sql.table(NOW), copy=False).where(condition, copy=False), {})


def _found(stage: Enrolling, condition: exp.Expr | None, facts: exp.Expr) -> sql.Query:
    values = sql.Values()
    columns = [
        sql.col(CUSTOMER, NOW),
        sql.aliased(values.bind(str(stage.frame.past.position().next_generation), "generation"), OCCURRENCE),
        sql.aliased(values.bind(naive_utc(stage.frame.as_of), "as_of"), HOLDS_AT),
        sql.aliased(exp.cast(facts, "varchar", dialect=sql.DIALECT), FACTS),
    ]
    return sql.finished(joined("left").select(*columns, copy=False).where(condition or sql.true(), copy=False), values)


def _told(facts: dict[str, str]) -> exp.Expr:
    return sql.call("json_object", *(exp.Literal.string(part) for pair in facts.items() for part in pair))


def _object(key: str, value: str, *parts: exp.Expr) -> exp.Expr:
    return sql.call("json_object", exp.Literal.string(key), exp.Literal.string(value), *parts)
