"""All rules over a project, less what its campaigns allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.rules.aims import exits_at_entry, exits_on_opens, goals_at_entry, goals_too_short, no_order_exit
from retention_cli.compile.rules.branches import decided_ifs, empty_shares
from retention_cli.compile.rules.capped import too_tight
from retention_cli.compile.rules.course import ways
from retention_cli.compile.rules.pairs import same_day
from retention_cli.compile.rules.rhythm import below_export, below_tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.proofs import TypeOf
    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project


def advise(project: Project, schema: Schema, type_of: TypeOf) -> list[Problem]:
    """Return what the rules say of a project; a rule that a campaign names under `allow` says nothing of it."""
    found = [(campaign, problem) for campaign in project.campaigns.values() if campaign.enabled for problem in _of(project, schema, campaign)]
    found += same_day(project, type_of)
    return [problem for campaign, problem in found if problem.code not in campaign.allow]


def _of(project: Project, schema: Schema, campaign: Campaign) -> Iterator[Problem]:
    """Yield what the rules say of one campaign."""
    yield from decided_ifs(campaign)
    yield from empty_shares(campaign)
    yield from below_tick(project, campaign)
    yield from below_export(project, schema, campaign)
    yield from too_tight(project, campaign)
    yield from goals_at_entry(project, campaign)
    yield from goals_too_short(campaign)
    yield from exits_on_opens(campaign)
    yield from exits_at_entry(project, campaign)
    yield from no_order_exit(schema, campaign, ways(campaign.steps))
