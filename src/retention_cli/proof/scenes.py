"""What a simulation tells: one scene a decision, in the order in which they were made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.model.problem import NOWHERE

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.model.problem import Place
    from retention_cli.proof.verdict import Reason


class What(StrEnum):
    """Kinds of scenes."""

    HAPPENED = "happened"
    LOOKED = "looked"
    ENTERED = "entered"
    TURNED_AWAY = "turned_away"
    ASKED = "asked"
    PASSED = "passed"
    PLANNED = "planned"
    SENT = "sent"
    STOPPED = "stopped"
    WAITS = "waits"
    ENDED = "ended"
    GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happened or was decided at an instant.

    `text` tells it; `step`, `template`, `channel` and `reason` are its parts, where it has them: of an exit `reason` is its name,
    of a goal what it came to. `until` is how long it waits. `reasons` are the parts of a condition on which it rests.
    """

    at: datetime
    what: What
    text: str
    campaign: str = ""
    customer: str = ""
    journey: int = 0
    step: str = ""
    template: str = ""
    channel: str = ""
    reason: str = ""
    until: datetime | None = None
    place: Place = NOWHERE
    reasons: tuple[Reason, ...] = ()


class Point(NamedTuple):
    """One thing that a campaign may come to: a step, a way of a branch, an exit, its entry; what coverage counts."""

    campaign: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Story:
    """All scenes of a simulation, and the points that it came by."""

    scenes: tuple[Scene, ...]
    points: frozenset[Point]

    def of(self, campaign: str, customer: str) -> Story:
        """Return the scenes of one customer in one campaign, with what happened to them."""
        kept = tuple(scene for scene in self.scenes if scene.customer == customer and scene.campaign in ("", campaign))
        return Story(kept, self.points)
