"""Who stays where they are though they could move: beyond a limit on what one tick plans, or in a campaign that is held.

The next tick takes them up. Whoever is under way keeps their step, which is due still. Whoever enters has entered, and waits
at `START`, a place before the first step of every program; so nobody is lost because the moment that brought them has passed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.model.program import Step, StepOp

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast
    from retention_cli.model.program import Program

START = "(start)"
"""Where somebody waits who has entered and not begun; no step can have this id."""


def with_start(program: Program) -> Program:
    """Return a program with its place before the first step: who waited there goes on like after any wait."""
    return replace(program, steps=(*program.steps, Step(START, StepOp.WAIT, program.first)))


def keep_within(frame: Frame, engine: DuckEngine, members: Cast) -> dict[int, int]:
    """Take out of the walk whose messages the limit has no room for, the lower priority first; return how many people by campaign.

    Whoever is in a campaign that too many would leave at once moves as little, and is not counted.
    """
    counts = _beyond(frame, engine, members)
    engine.execute(statement(QUERIES, "beyond_held"), {})
    engine.execute(statement(QUERIES, "beyond_walk"), {})
    return counts


def _beyond(frame: Frame, engine: DuckEngine, members: Cast) -> dict[int, int]:
    if frame.limit is None:
        engine.table("beyond", {"subject": "BIGINT", "campaign": "BIGINT", "is_new": "BOOLEAN"}, [])
        return {}
    ordered = sorted(members.campaigns.values(), key=lambda running: (-running.campaign.priority, running.name))
    engine.table("campaign_order", {"campaign": "BIGINT", "place": "BIGINT"}, [(running.id, place) for place, running in enumerate(ordered)])
    engine.execute(statement(QUERIES, "beyond"), {"limit": frame.limit})
    return {int(str(campaign)): int(str(people)) for campaign, people in engine.run(statement(QUERIES, "beyond_counts"), {})}


def let_start(frame: Frame, engine: DuckEngine) -> None:
    """Let those arrive at the start who enter and do not move; whoever is under way arrives nowhere and stays at a step that is due."""
    engine.execute(statement(QUERIES, "beyond_start"), {"start": START, "as_of": frame.micros})
