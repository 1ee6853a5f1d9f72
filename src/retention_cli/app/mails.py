"""Templates at work: compiled for the campaigns that send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.journey.frame import Mail
from retention_cli.model.effects import CALL, Call, called
from retention_cli.model.program import load_program
from retention_cli.model.step import all_steps, letters, wordings
from retention_cli.render.bundle import mail_settings
from retention_cli.render.calls import CallBundle
from retention_cli.render.compiled import compile_template
from retention_cli.render.needs import Needs, needs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from retention_cli.app.workspace import Workspace
    from retention_cli.journey.frame import MailKey, Past
    from retention_cli.model.campaign import Campaign, Kind
    from retention_cli.model.template import Template


CALLED = f"{CALL}:"
"""What calls stand under begins so; no template can be called so."""

Wanted = tuple[str, "Kind", str | None]
"""A template, the kind of the campaign that sends it, and the subject in place of the template's."""


def mails_of(work: Workspace, past: Past | None = None, only: Collection[str] | None = None) -> dict[MailKey, Mail]:
    """Compile every template that a campaign sends (or `only` those named), now or in a revision that somebody may stand on.

    Once for each kind and subject.
    """
    wanted = {each for campaign in work.project.campaigns.values() for each in _of_campaign(campaign)}
    if past is not None:
        wanted |= _of_revisions(work, past)
    known = work.project.templates
    calls = {(template, str(kind), fields): _call(template, fields) for template, kind, fields in wanted if template.startswith(CALLED)}
    return calls | {
        (template, str(kind), subject): _mail(work, known[template].with_subject(subject), kind)
        for template, kind, subject in sorted(wanted, key=lambda each: (each[0], each[1], each[2] or ""))
        if template in known and (only is None or template in only)
    }


def _of_campaign(campaign: Campaign) -> Iterator[Wanted]:
    for letter in letters(campaign.steps):
        for wording in wordings(letter):
            yield str(wording.template), campaign.kind, None if wording.subject is None else str(wording.subject)

    for step in all_steps(campaign.steps):
        if isinstance(step, Call):
            yield called(str(step.call)), campaign.kind, ",".join(map(str, step.fields)) or None


def _call(name: str, fields: str | None) -> Mail:
    told = tuple(fields.split(",")) if fields else ()
    return Mail(CallBundle(name.removeprefix(CALLED), told), Needs(customer=frozenset(told)))


def _of_revisions(work: Workspace, past: Past) -> set[Wanted]:
    """Return what earlier revisions send: their journeys finish as they began."""
    names = {seen.id: name for name, seen in past.campaigns().items()}
    found: set[Wanted] = set()
    for row in past.revisions():
        campaign = work.project.campaigns.get(names.get(row.campaign, ""))
        if campaign is not None:
            steps = load_program(row.program).steps
            found |= {(template, campaign.kind, subject) for step in steps for template, subject in step.wordings}
    return found


def _mail(work: Workspace, template: Template, kind: Kind) -> Mail:
    settings = mail_settings(work.project.settings, kind, work.target)
    return Mail(compile_template(template, settings), needs(template), tuple(str(name) for name in template.front.requires))
