"""A tick told by campaign: counts of people, by reason, from the same tables that the delta is made of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a tick does in one campaign. `baseline` fitted already when it first ran; `waiting` is what is open afterwards.

    `beyond_limit` are people whose messages the limit leaves for the next tick; `held_exits` would leave at once, which are too
    many: nothing of the campaign moves. `update` are customers of whom something is written down, `start` those who enter another
    campaign at the next tick, by that one.
    """

    campaign: str
    revision: str
    enter: int = 0
    hold_out: int = 0
    exit: Mapping[str, int] = field(default_factory=dict)
    send: int = 0
    held_back: Mapping[str, int] = field(default_factory=dict)
    turned_away: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    baseline: int = 0
    beyond_limit: int = 0
    held_exits: int = 0
    update: int = 0
    start: Mapping[str, int] = field(default_factory=dict)


def count(frame: Frame, engine: DuckEngine, members: Cast, baseline: Mapping[int, int], beyond: Mapping[int, int]) -> tuple[CampaignPlan, ...]:
    """Count what the tables of a tick say, a row a campaign, by priority."""
    counts: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for campaign, what, reason, number in engine.run(statement(QUERIES, "counts"), {}):
        counts[int(campaign), str(what)][str(reason)] = int(number)
    open_before = {name: journeys for name, (journeys, _) in frame.opened.items()}
    ordered = sorted(members.campaigns.values(), key=lambda running: (-running.campaign.priority, running.name))
    plans = []
    for running in ordered:
        found = {what: reasons for (campaign, what), reasons in counts.items() if campaign == running.id}
        left = sum(found.get("left", {}).values())
        plans.append(
            CampaignPlan(
                campaign=running.name,
                revision=running.program.fingerprint,
                enter=sum(found.get("enter", {}).values()),
                hold_out=sum(found.get("hold_out", {}).values()),
                exit=found.get("exit", {}),
                send=sum(found.get("send", {}).values()),
                held_back=found.get("held_back", {}),
                turned_away=found.get("turned_away", {}),
                waiting=open_before.get(running.name, 0) + sum(found.get("stayed", {}).values()) - left,
                baseline=baseline.get(running.id, 0),
                beyond_limit=beyond.get(running.id, 0),
                held_exits=sum(found.get("held_exits", {}).values()),
                update=sum(found.get("update", {}).values()),
                start=found.get("start", {}),
            )
        )
    return tuple(plans)
