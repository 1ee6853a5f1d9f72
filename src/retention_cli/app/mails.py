"""Templates at work: compiled for the campaigns that send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.app.template_checks import sends
from retention_cli.journey.frame import Mail
from retention_cli.model.program import load_program
from retention_cli.render.bundle import mail_settings
from retention_cli.render.compiled import compile_template
from retention_cli.render.needs import needs

if TYPE_CHECKING:
    from retention_cli.app.workspace import Workspace
    from retention_cli.journey.frame import Past
    from retention_cli.model.campaign import Kind
    from retention_cli.model.template import Template


def mails_of(work: Workspace, past: Past | None = None) -> dict[tuple[str, str], Mail]:
    """Compile every template that a campaign sends, now or in a revision that somebody may stand on, once for each kind."""
    wanted = {(template, campaign.kind) for campaign in work.project.campaigns.values() for template in sends(campaign.steps)}
    if past is not None:
        wanted |= _of_revisions(work, past)
    known = work.project.templates
    return {(template, str(kind)): _mail(work, known[template], kind) for template, kind in sorted(wanted) if template in known}


def _of_revisions(work: Workspace, past: Past) -> set[tuple[str, Kind]]:
    """Return what earlier revisions send: their journeys finish as they began."""
    names = {seen.id: name for name, seen in past.campaigns().items()}
    found: set[tuple[str, Kind]] = set()
    for row in past.revisions():
        campaign = work.project.campaigns.get(names.get(row.campaign, ""))
        if campaign is not None:
            found |= {(step.template, campaign.kind) for step in load_program(row.program).steps if step.template is not None}
    return found


def _mail(work: Workspace, template: Template, kind: Kind) -> Mail:
    settings = mail_settings(work.project.settings, kind, work.target)
    return Mail(compile_template(template, settings), needs(template), tuple(str(name) for name in template.front.requires))
