"""What a test names: segments, campaigns and sources of the project, and people of its own.

Which columns a source has is not known here. A test that leans on what is unknown or unsound is taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.case import Who
from retention_cli.model.mail import OWN_EVENTS
from retention_cli.model.policy import Policies
from retention_cli.model.source import CUSTOMERS
from retention_cli.project.checks import note_unknown_segment, segments_in
from retention_cli.project.checks_effects import calls_of
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.case import Case, Course
    from retention_cli.model.project import Settings
    from retention_cli.model.segment import Segment
    from retention_cli.model.template import Template
    from retention_cli.project.cases import Read
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named

CUSTOMER = "customer_id"
ALWAYS = "consent"
"""The policy that holds in every test; the others a test has to ask for."""


def sound_cases(
    cases: Iterable[Read],
    segments: Named[Segment],
    campaigns: Named[Campaign],
    templates: Named[Template],
    *,
    settings: Settings | None,
    notes: Notes,
) -> tuple[Case, ...]:
    """Note what tests name in vain, and return the sound ones."""
    kept = []
    for case, sound in cases:
        before = notes.errors
        asked = segments_in([each.condition for each in case.expect if isinstance(each, Who)])
        for node in asked:
            if node.name:
                note_unknown_segment(node.name, node.place, segments, notes)
        if settings is not None:
            _check_sources(case, {CUSTOMERS, OWN_EVENTS, *map(str, settings.sources)}, notes)
        _check_policies(case, notes)
        if sound or not case.courses:  # what happens and cannot be read may name them
            _check_people(case, notes)
        for course in case.courses:
            _check_course(course, campaigns, templates, notes)
        leans_on_sound = all(node.name in segments.sound for node in asked) and all(each.campaign in campaigns.sound for each in case.courses)
        if sound and notes.errors == before and leans_on_sound:
            kept.append(case)
    return tuple(kept)


def _check_sources(case: Case, known: set[str], notes: Notes) -> None:
    named = [each.source for each in case.when if each.source is not None]
    for source in (*case.given, *named):
        if source not in known:
            notes.error(source.place, Code.UNKNOWN_SOURCE, f"there is no source {str(source)!r}", did_you_mean(source, known))


def _check_policies(case: Case, notes: Notes) -> None:
    known = [name for name in Policies.model_fields if name != ALWAYS]
    for policy in case.policies:
        if policy not in known:
            message = f"there is no policy {str(policy)!r} that a test could ask for"
            notes.error(policy.place, Code.WRONG_VALUE, message, "consent always holds" if policy == ALWAYS else did_you_mean(policy, known))


def _check_course(course: Course, campaigns: Named[Campaign], templates: Named[Template], notes: Notes) -> None:
    """Note a campaign, its goals and templates that are not there."""
    name = str(course.campaign)
    if name and name not in campaigns.declared:
        hint = did_you_mean(name, campaigns.declared) or "write it: campaigns/NAME.yml"
        notes.error(course.campaign.place, Code.UNKNOWN_CAMPAIGN, f"there is no campaign {name!r}", hint)
    for sending in course.sends or ():
        known = {*templates.declared, *calls_of(campaigns.sound.values())}
        if sending.template not in known:
            hint = did_you_mean(sending.template, known)
            notes.error(sending.template.place, Code.UNKNOWN_TEMPLATE, f"there is no template {str(sending.template)!r}", hint)
    goals = campaigns.sound[name].goals if name in campaigns.sound else course.goals
    for goal in course.goals:
        if goal not in goals:
            notes.error(goal.place, Code.WRONG_VALUE, f"the campaign {name!r} has no goal {str(goal)!r}", did_you_mean(goal, goals))


def _check_people(case: Case, notes: Notes) -> None:
    """Note people who are expected but not given: whoever is misspelt would be missing, or absent, for no reason."""
    known = {str(row.values[key]) for rows in case.given.values() for row in rows for key in row.values if key == CUSTOMER}
    known |= {str(each.customer) for each in case.when}
    where = "'given' or 'when'" if case.when else "'given'"
    for expectation in case.expect:
        for who in expectation.people:
            if who and who not in known:
                hint = did_you_mean(who, known) or "give a row with this customer_id"
                notes.error(who.place, Code.UNKNOWN_CUSTOMER, f"nobody in {where} is the customer {str(who)!r}", hint)
