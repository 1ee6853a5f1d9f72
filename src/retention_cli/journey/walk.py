"""Everybody's way in one tick: who enters, who is out, who moves, how lots fall, where each arrives and what leaves.

Each stage is one statement over everybody, and reads the tables that the stages before it left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.holds import load_holds
from retention_cli.journey.limit import keep_within, let_start
from retention_cli.journey.tables import QUERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast
    from retention_cli.model.program import Program

_ASSIGNED = {"experiment": "VARCHAR", "customer_id": "VARCHAR", "path": "VARCHAR"}
_TIMED = frozenset({"exits_found", "movers", "walk", "departing", "arrivals"})
"""Stages that ask what time it is."""


def step_through(frame: Frame, engine: DuckEngine, cast: Cast, programs: Mapping[int, Program]) -> dict[int, int]:
    """Judge the candidates, find the exits, draw lots, and walk everybody who moves; return whom a limit holds up, by campaign."""
    find_verdicts_and_exits(frame, engine, programs)
    _stages(frame, engine, "movers")
    pairs = [(str(name), str(customer)) for name, customer in engine.run(statement(QUERIES, "experiments_of"), {})]
    engine.table("assigned", _ASSIGNED, list(frame.past.assignments(pairs)) if pairs else [])
    _stages(frame, engine, "drawn", "walk")
    beyond = keep_within(frame, engine, cast)
    _stages(frame, engine, "departing", "arrivals")
    let_start(frame, engine)
    return beyond


def find_verdicts_and_exits(frame: Frame, engine: DuckEngine, programs: Mapping[int, Program]) -> None:
    """Fill `verdicts`, `exits`, `exit_surges` and `held_subjects`: who enters, who leaves, where too many would, and whose messages wait."""
    _stages(frame, engine, "verdicts", "exits_found", "exit_surges", "exits")
    load_holds(frame, engine, programs)


def _stages(frame: Frame, engine: DuckEngine, *names: str) -> None:
    for name in names:
        engine.execute(statement(QUERIES, name), {"as_of": frame.micros} if name in _TIMED else {})
