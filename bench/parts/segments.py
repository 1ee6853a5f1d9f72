"""Segments: all eight in one plan, as the tool compiles them, against one query written by hand and against a query a segment.

All three run on one engine over the same snapshots, and what they find must be the same people. Times are of running
and fetching; what compiling adds is told apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from kit.measure import Figure, alternate, timed
from kit.place import AS_OF, BENCH

from retention_cli.app.facts import look
from retention_cli.app.workspace import open_project
from retention_cli.compile.segments import segments_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kit.place import Place

    from retention_cli.app.facts import View
    from retention_cli.compile.sql import Query
    from retention_cli.engine.duck import DuckEngine

GOAL_BY_HAND = 1.5
GOAL_APART = 2.0
GOAL_ON = "completejourney"


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield the figures of both real projects."""
    for name in AS_OF:
        yield from _project(place, name, rounds)


def _project(place: Place, name: str, rounds: int) -> Iterator[Figure]:
    work = open_project(place.project(name))
    view = look(work, datetime.fromisoformat(AS_OF[name]).replace(tzinfo=work.project.zone))
    names = sorted(work.project.segments)
    whole, apart, by_hand = _compiled(view, names), [_compiled(view, [each]) for each in names], _by_hand(view, name)
    with view.engine() as engine:
        _demand_same_people(engine, names, whole, apart, by_hand)
        times = alternate(
            rounds,
            {
                "plan": lambda: timed(lambda: engine.run(whole.sql, whole.values)),
                "hand": lambda: timed(lambda: engine.run(by_hand)),
                "apart": lambda: timed(lambda: [engine.run(query.sql, query.values) for query in apart]),
                "compiling": lambda: timed(lambda: _compiled(view, names).sql),
            },
        )
    plan, hand, alone = times["plan"], times["hand"], times["apart"]
    what = f"{name}, {len(names)} segments"
    yield Figure("segments", what, str(plan), f"by hand {hand}", plan.median / hand.median, GOAL_BY_HAND)
    goal = GOAL_APART if name == GOAL_ON else None
    yield Figure("segments", what, str(plan), f"a query a segment {alone}", alone.median / plan.median, goal, at_least=True, unit="x faster")
    yield Figure("segments", f"{name}, compiling them", str(times["compiling"]))


def _compiled(view: View, names: list[str]) -> Query:
    return segments_query(view.compiler(), {name: view.work.project.segments[name].where for name in names})


def _by_hand(view: View, name: str) -> str:
    sql = (BENCH / "baseline" / f"{name}.sql").read_text(encoding="utf-8")
    for source, snapshot in view.facts.imported.snapshots.snapshots.items():
        sql = sql.replace(f"'{{{source}}}'", f"'{snapshot.path}'")
    return sql


def _demand_same_people(engine: DuckEngine, names: list[str], whole: Query, apart: list[Query], by_hand: str) -> None:
    """Raise where the three ways do not find the same members."""
    columns = list(engine.columns(by_hand))
    written = {name: {row[0] for row in engine.run(by_hand) if row[columns.index(name)]} for name in names}
    planned = {name: {row[0] for row in engine.run(whole.sql, whole.values) if row[place]} for place, name in enumerate(names, start=1)}
    alone = {name: {row[0] for row in engine.run(query.sql, query.values) if row[1]} for name, query in zip(names, apart, strict=True)}
    if not written == planned == alone or not all(written.values()):
        raise AssertionError("the plan, the query by hand and the queries a segment do not find the same people")
