"""`retention message preview`: a template for one customer, as the person would get it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_cli.app.keys import signing_keys
from retention_cli.app.letters import finish, key_of, post_of
from retention_cli.app.mails import mails_of
from retention_cli.app.occasions import occasion_of
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.subjects import Questions
from retention_cli.errors import UsageError
from retention_cli.journey.frame import to_micros
from retention_cli.journey.programs import answer, fields_of, flags_of
from retention_cli.journey.recommending import choose
from retention_cli.ledger.rows import Claim
from retention_cli.model.kept_field import TAGS
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.step import Send, letters, templates_of
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from retention_cli.app.facts import View
    from retention_cli.journey.frame import Mail
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.project import Project
    from retention_cli.model.step import Letter
    from retention_cli.render.compose import Finished

_SUBJECT = 1
SOME_CODE = "VOUCHER-CODE"
"""What previews and trials show in place of a code: none is handed out for them."""


def preview(view: View, template: str, customer: str | None, trigger: str | None, say: Callable[[str], None]) -> Finished:
    """Make the message that a template gives for a customer (None: the first one with an address).

    `trigger` is the event's JSON for templates that speak of one (None: the last that would have begun a campaign which sends it).
    """
    found = prepare(view, template, customer, trigger)
    return made(view, found, found.context, say)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message before it is made: its template compiled, for a kind of campaign, its reader, and the context that a tick would freeze."""

    template: str
    kind: str
    mail: Mail
    person: Person
    context: str


def prepare(view: View, template: str, customer: str | None, trigger: str | None) -> Prepared:
    """Look up what a message of a template needs, as `preview` does."""
    kind, mail = _mail(view, template)
    if trigger is None and (mail.needs.trigger or mail.needs.uses_items):
        customer, trigger = occasion_of(view, senders(view.work.project)[template][0].trigger, customer)
    person = look_up(view, mail, customer, trigger)
    has_voucher = any(letter.voucher is not None for letter in _letters(view, template))
    return Prepared(template, kind, mail, person, context_of(view, mail, person, Occasion(kind, trigger, _given(view, template), has_voucher)))


def made(view: View, prepared: Prepared, context: str, say: Callable[[str], None]) -> Finished:
    """Make a prepared message, of its own context or of another one."""
    claim = _claim(view, prepared.template, prepared.person.id, prepared.person.address)
    return finish(post_of(view.work, signing_keys(view.work, view.work.location, say)), claim, key_of(claim), context, prepared.mail.letter)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as a template sees one: `facts` is the JSON of the fields that it reads."""

    id: str
    address: str
    facts: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is about besides its reader: the campaign's kind, the event's JSON, the words under `with`, and whether it has a code."""

    kind: str
    trigger: str | None
    given: Mapping[str, str]
    has_voucher: bool = False


def look_up(view: View, mail: Mail, customer: str | None, trigger: str | None) -> Person:
    """Return what a template reads of a customer (None: the first one with an address); raise UsageError where there is none of that id."""
    with view.engine() as engine:
        person = customer if customer is not None else _somebody(view)
        columns = {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR"}
        engine.table("subjects", columns, [(_SUBJECT, person, None, trigger)])
        contacts = view.work.project.settings.contacts
        project = view.work.project
        known = {*view.facts.schema.customer_fields, *project.metrics, *BUILT_IN, *project.kept_fields, *project.groups, TAGS}
        fields = sorted({*fields_of(mail), contacts.email, contacts.locale, "customer_id"} & known)
        answer(engine, view.compiler(JOURNEYS), Questions({}, fields, flags=flags_of([mail])), contacts)
        rows = engine.run("SELECT address, customer FROM asked")
    if not rows:
        raise UsageError(f"there is no customer {person!r}", "ids are text: 00123 is not 123")
    return Person(person, str(rows[0][0] or ""), str(rows[0][1]))


def context_of(view: View, mail: Mail, person: Person, occasion: Occasion) -> str:
    """Return the context of a message, as a tick would freeze it."""
    coded = {"voucher": SOME_CODE} if occasion.has_voucher else {}
    chosen = {"recommended": _recommended(view, mail, person, occasion)} if mail.needs.recommends else {}
    more = json.dumps({"with": dict(occasion.given), "deadline": view.as_of.isoformat(), **coded, **chosen}, ensure_ascii=False)
    return f'{{"campaign":{{"kind":"{occasion.kind}"}},"customer":{person.facts},"trigger":{occasion.trigger or "null"},{more[1:]}'


def _recommended(view: View, mail: Mail, person: Person, occasion: Occasion) -> dict[str, Any]:
    """Return the products that a template recommends to a person, by what it asks for."""
    text, whole = "VARCHAR", {"message": "BIGINT", "subject": "BIGINT", "customer_id": "VARCHAR", "step": "VARCHAR"}
    with view.engine() as engine:
        engine.table("planned", {**whole, "hash": text, "refused_for": text}, [(1, 1, person.id, "", mail.bundle.hash, None)])
        engine.table("subjects", {"subject": "BIGINT", "trigger": text}, [(1, occasion.trigger)])
        engine.table("departing", {"subject": "BIGINT", "step": text, "with_text": text}, [(1, "", json.dumps(dict(occasion.given)))])
        is_told = choose(view.facts.schema, engine, {mail.bundle.hash: mail.needs.recommends}, to_micros(view.as_of))
        rows = engine.run("SELECT told FROM recommended") if is_told else []
    return dict(json.loads(f"{{{rows[0][0]}}}")) if rows else {}


def _given(view: View, template: str) -> dict[str, str]:
    """Return what the first step that sends a template, in its first wording, puts under `with`."""
    for letter in (letter for campaign in view.work.project.campaigns.values() for letter in letters(campaign.steps)):
        varied = [(variant.template or letter.send, variant.with_) for variant in letter.variants.values()] if isinstance(letter, Send) else []
        for name, words in varied or [(letter.send, {})]:
            if name == template:
                return {str(key): str(value) for key, value in {**letter.with_, **words}.items()}
    return {}


def senders(project: Project) -> dict[str, list[Campaign]]:
    """Return which campaigns send each template."""
    found: dict[str, list[Campaign]] = {}
    for campaign in project.campaigns.values():
        for name in {str(name) for letter in letters(campaign.steps) for name in templates_of(letter)}:
            found.setdefault(name, []).append(campaign)
    return found


def wanted(templates: Collection[str], sent: Collection[str]) -> list[str]:
    """Return the templates that are named, all that are sent where none is; raise UsageError for one that no campaign sends."""
    for name in templates:
        if name not in sent:
            raise UsageError(f"no campaign sends a template {name!r}", did_you_mean(name, sent))
    return list(templates) or sorted(sent)


def _letters(view: View, template: str) -> Iterator[Letter]:
    """Yield the messages that may be made of a template."""
    for letter in (letter for campaign in view.work.project.campaigns.values() for letter in letters(campaign.steps)):
        if template in set(templates_of(letter)):
            yield letter


def _mail(view: View, template: str) -> tuple[str, Mail]:
    wanted([template], senders(view.work.project))
    found = {name: (kind, mail) for (name, kind, _), mail in reversed(mails_of(view.work, only=[template]).items())}
    return found[template]


def _somebody(view: View) -> str:
    from retention_cli.app.segments import anybody  # noqa: PLC0415 - only here

    return anybody(view)


def _claim(view: View, template: str, customer: str, address: str) -> Claim:
    now = to_micros(view.as_of)
    return Claim(0, 0, "preview", customer, "preview", template, "email", address, "", 0, 0, 0, now, None, None)
