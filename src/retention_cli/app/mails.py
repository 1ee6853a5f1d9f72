"""Templates at work: checked, compiled, and joined with a person's context into what a channel sends."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from retention_cli.compile.rows import RowScope
from retention_cli.deliver.mail import Mail as Sendable
from retention_cli.errors import RenderFailed
from retention_cli.journey.frame import Mail, from_micros
from retention_cli.model.campaign import Happened, If, Send
from retention_cli.model.identity import message_key
from retention_cli.model.metric import BUILT_IN
from retention_cli.render.bundle import Bundle, mail_settings
from retention_cli.render.check import Known, check
from retention_cli.render.compiled import compile_template
from retention_cli.render.compose import Finished, compose
from retention_cli.render.contexts import decode, unpack
from retention_cli.render.envelope import Envelope, From
from retention_cli.render.needs import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from retention_cli.app.workspace import Workspace
    from retention_cli.compile.schema import Schema
    from retention_cli.ledger.rows import Claim
    from retention_cli.model.campaign import Campaign, Step
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.model.template import Template
    from retention_cli.render.links import SigningKeys


def sends(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the templates that steps send, also inside branches."""
    for step in steps:
        match step:
            case Send():
                yield str(step.send)
            case If():
                yield from sends((*step.then, *step.else_))
            case _:
                pass


def mails_of(work: Workspace) -> dict[tuple[str, str], Mail]:
    """Compile every template that a campaign sends, once for each kind of campaign."""
    wanted = {(template, str(campaign.kind)): campaign for campaign in work.project.campaigns.values() for template in sends(campaign.steps)}
    return {
        key: _mail(work, work.project.templates[key[0]], campaign) for key, campaign in sorted(wanted.items()) if key[0] in work.project.templates
    }


def _mail(work: Workspace, template: Template, campaign: Campaign) -> Mail:
    settings = mail_settings(work.project.settings, campaign.kind, work.target)
    return Mail(compile_template(template, settings), needs(template), tuple(str(name) for name in template.front.requires))


def check_templates(project: Project, schema: Schema) -> list[Problem]:
    """Return the mistakes of every template, each against the facts that the campaigns which send it can give."""
    customer = {*schema.customer_fields, *project.metrics, *BUILT_IN}
    problems: list[Problem] = []
    for name, template in sorted(project.templates.items()):
        users = [campaign for campaign in project.campaigns.values() if name in set(sends(campaign.steps))]
        known = Known(customer if schema.is_known("customers") else _anything(template), _facts(schema, users), locale=project.settings.locale)
        problems += check(template, known)
    return problems


def _anything(template: Template) -> set[str]:
    """Return what the template reads: where nothing is known of customers, nothing can be wrong about them."""
    try:
        return set(needs(template).customer)
    except RenderFailed:
        return set()


def _facts(schema: Schema, users: Sequence[Campaign]) -> set[str] | None:
    """Return the facts that every campaign which sends a template can give; None where they are not known."""
    found: set[str] | None = None
    for campaign in users:
        facts: set[str] = set()
        if isinstance(campaign.trigger, Happened):
            tables = [table for event in campaign.trigger.query.events for table in schema.tables_of(str(event))]
            if not tables or not all(schema.is_known(table.source) for table in tables):
                return None
            facts = set.intersection(*(set(RowScope(schema, table.source).names()) for table in tables))
        found = facts if found is None else found & facts
    return found


def composer(work: Workspace, keys: SigningKeys) -> Callable[[Claim, bytes, str], Sendable]:
    """Return the function that makes a claimed message's bytes, the same at every attempt."""

    def compose_claim(claim: Claim, chunk: bytes, template: str) -> Sendable:
        finished = finish(work, keys, claim, _contexts(chunk)[claim.context_index], _bundle(template))
        return Sendable(key_of(claim), finished.raw, finished.sender, finished.recipient, finished.body_sha)

    return compose_claim


def key_of(claim: Claim) -> str:
    """Return the public key of a claimed message."""
    return message_key(claim.campaign, claim.customer, claim.occurrence, claim.step)


def finish(work: Workspace, keys: SigningKeys, claim: Claim, context: str, bundle: Bundle) -> Finished:
    """Make one message of a claim, its frozen context and its template."""
    facts = decode(context)
    campaign = facts.get("campaign")
    kind = campaign.get("kind") if isinstance(campaign, dict) else None
    sender = work.project.settings.sender
    envelope = Envelope(
        sender=From(str(sender.email), sender.name, sender.reply_to) if sender else From("retention@localhost.localdomain"),
        to=claim.address,
        customer=claim.customer,
        key=key_of(claim),
        date=from_micros(claim.planned_at),
        campaign=claim.campaign,
        kind=str(kind or "performance"),
        keys=keys,
        public_url=work.target.public_url,
        unsubscribe=sender.unsubscribe if sender else None,
    )
    return compose(bundle, facts, envelope)


@lru_cache(maxsize=32)
def _contexts(chunk: bytes) -> list[str]:
    return unpack(chunk)


@lru_cache(maxsize=256)
def _bundle(template: str) -> Bundle:
    return Bundle.load(template)
