"""Who uses a segment: other segments, and campaigns by trigger, audience, exit, goal or branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.program import compile_program
from retention_cli.model.condition import InSegment, walk
from retention_cli.model.trigger import segment_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project


def uses_of(project: Project, name: str) -> tuple[str, ...]:
    """Return `segment X` and `campaign Y` for each that names the segment."""
    segments = [f"segment {other}" for other, segment in sorted(project.segments.items()) if _names([segment.where], name)]
    campaigns = [f"campaign {other}" for other, campaign in sorted(project.campaigns.items()) if _campaign_names(campaign, name)]
    return (*segments, *campaigns)


def _campaign_names(campaign: Campaign, name: str) -> bool:
    if segment_of(campaign.trigger) == name:
        return True
    program = compile_program(campaign)
    conditions = [step.condition for step in program.steps] + [each.condition for each in program.exits] + [goal.when for goal in program.goals]
    return _names([condition for condition in (campaign.audience, *conditions) if condition is not None], name)


def _names(conditions: Iterable[Condition], name: str) -> bool:
    return any(isinstance(node, InSegment) and str(node.name) == name for condition in conditions for node in walk(condition))
