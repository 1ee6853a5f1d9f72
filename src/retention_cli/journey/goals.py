"""Goals: what became of those who entered, counted from the entry and within the goal's window, alike for everybody.

A goal with `when` is reached at the first tick that sees it hold; a total is written once, when its window is over. Every
(journey, goal) that is still open is a subject of its own, because its window is its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.scans import GOALS
from retention_cli.compile.subjects import Questions, subjects_query
from retention_cli.engine.statements import statement
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.journey.tables import QUERIES
from retention_cli.model.condition import All, AnyOf, Condition, Did, NoneOf, Not, Since, Total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast
    from retention_cli.model.program import ProgramGoal

_YOUNG = {"journey": "BIGINT", "customer_id": "VARCHAR", "entered_at": "BIGINT", "revision": "BIGINT", "trigger": "VARCHAR"}
_GOALS = {"revision": "BIGINT", "goal": "VARCHAR", "question": "BIGINT", "months": "INTEGER", "seconds": "BIGINT", "is_total": "BOOLEAN"}
_SLACK = timedelta(days=1)


def reached(frame: Frame, engine: DuckEngine, members: Cast) -> list[tuple[Any, ...]]:
    """Return what was reached since the last tick: (journey, goal, reached_at, value)."""
    goals = [(revision, goal) for revision, program in members.programs.items() for goal in program.goals]
    if not goals or not _upload(frame, engine, goals):
        return []
    compiler = Compiler(frame.schema, frame.moment, frame.project, GOALS)
    numbered = list(enumerate((goal for _, goal in goals), 1))
    conditions = {f"goal_{number}": from_entry(goal.when) for number, goal in numbered if goal.when is not None}
    totals = {f"goal_{number}": _total_from_entry(goal.total) for number, goal in numbered if goal.total is not None}
    query = subjects_query(compiler, Questions(conditions, (), totals))
    engine.execute(sql.created("goals_answered", query), query.values)
    engine.execute(sql.created("goals_asked", _folded(len(goals), conditions, query.tree.named_selects)), {})
    return engine.run(statement(QUERIES, "goals_reached"), {"as_of": frame.micros})


def _upload(frame: Frame, engine: DuckEngine, goals: Sequence[tuple[int, ProgramGoal]]) -> bool:
    """Fill `goal_subjects` from the journeys whose windows were open at the last tick; tell whether there are any."""
    longest = max(frame.as_of - goal.window.before(frame.as_of, frame.project.zone) for _, goal in goals)
    last = frame.past.position().last_as_of
    since = to_micros((frame.as_of if last is None else from_micros(last)) - longest - _SLACK)
    young = [(row[0], *row[2:6]) for row in frame.past.open_goals(since)]
    engine.table("young_journeys", _YOUNG, young)
    engine.table("goals_done", {"journey": "BIGINT", "goal": "VARCHAR"}, list(frame.past.reached_goals(since)))
    rows = [
        (revision, goal.name, number, goal.window.months, int(goal.window.elapsed.total_seconds()), goal.total is not None)
        for number, (revision, goal) in enumerate(goals, 1)
    ]
    engine.table("program_goals", _GOALS, rows)
    engine.execute(statement(QUERIES, "goal_subjects"), {})
    return bool(young)


def from_entry(node: Condition) -> Condition:
    """Return a goal's condition counting from the entry: events that name no window of their own begin there."""
    match node:
        case All(parts=parts) | AnyOf(parts=parts) | NoneOf(parts=parts):
            return replace(node, parts=tuple(from_entry(part) for part in parts))
        case Not(part=part):
            return replace(node, part=from_entry(part))
        case Did(query=query) if query.since is None and query.within is None:
            return replace(node, query=replace(query, since=Since(entry=True)))
        case Total():
            return _total_from_entry(node)
        case _:
            return node


def _total_from_entry(node: Total) -> Total:
    if node.query.since is not None or node.query.within is not None:
        return node
    return replace(node, query=replace(node.query, since=Since(entry=True)))


def _folded(count: int, conditions: dict[str, Condition], columns: list[str]) -> sql.Query:
    """Fold the answers into two lists, whether it holds and how much it is, so that a row finds its own by number."""
    names = [f"goal_{number}" for number in range(1, count + 1)]
    holds = exp.Array(expressions=[sql.col(name) if name in conditions else sql.false() for name in names])
    amounts = exp.Array(expressions=[_amount(name) if name not in conditions and name in columns else exp.Null() for name in names])
    select = exp.Select().select(
        sql.col("subject"),
        sql.aliased(exp.cast(holds, "boolean[]", dialect=sql.DIALECT), "holds"),
        sql.aliased(exp.cast(amounts, "varchar[]", dialect=sql.DIALECT), "amounts"),
        copy=False,
    )
    return sql.Query(select.from_(sql.table("goals_answered"), copy=False), {})


def _amount(name: str) -> exp.Expr:
    return exp.cast(sql.col(name), "varchar", dialect=sql.DIALECT)
