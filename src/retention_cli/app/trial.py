"""A campaign's messages tried out on one person: shown, or sent to an address of one's own. No ledger knows of it.

What is sent goes by the target's real channel and the real dispatch, over a ledger that lives as long as the command. Neither
caps nor consent nor quiet hours are asked: whoever tries a message out wants to see it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.app.keys import signing_keys
from retention_cli.app.letters import finish, key_of, packed, post_of
from retention_cli.app.mails import mails_of
from retention_cli.app.message import Occasion, context_of, look_up
from retention_cli.app.occasions import occasion_of
from retention_cli.app.sending import CHANNEL, tally
from retention_cli.compile.program import compile_program
from retention_cli.deliver.channels.registry import channel_for
from retention_cli.deliver.dispatch import Plan, dispatch
from retention_cli.errors import UsageError
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.delta import Delta
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Outbox
from retention_cli.ledger.rows import Claim
from retention_cli.model.program import StepOp
from retention_cli.model.step import letters, templates_of
from retention_cli.render.contexts import pack
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from retention_cli.app.facts import View
    from retention_cli.app.hooks import Hooks
    from retention_cli.app.letters import Post
    from retention_cli.clock import Clock
    from retention_cli.deliver.mail import Mail as Outgoing
    from retention_cli.journey.frame import Mail
    from retention_cli.model.program import Step
    from retention_cli.render.compose import Finished


NOBODY = "(a trial)"
"""Whose links a trial carries: who clicks them opts no real customer out."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message of a campaign for one person: `step` has sent it, in the wording `variant` where there are several."""

    step: str
    variant: str
    mail: Mail
    context: str
    customer: str
    address: str

    @property
    def told(self) -> str:
        """The step, with its variant."""
        return f"{self.step} ({self.variant})" if self.variant else self.step


def drafts(view: View, campaign: str, customer: str | None, trigger: str | None) -> list[Draft]:
    """Return every message that a campaign sends, in each wording, for a customer (None: the first one with an address)."""
    known = view.work.project.campaigns
    if campaign not in known:
        raise UsageError(f"there is no campaign {campaign!r}", did_you_mean(campaign, known))
    named = {str(name) for letter in letters(known[campaign].steps) for name in templates_of(letter)}
    kind, mails = str(known[campaign].kind), mails_of(view.work, only=named)
    if trigger is None:
        customer, trigger = occasion_of(view, known[campaign].trigger, customer)
    found = []
    for step in compile_program(known[campaign]).steps:
        for variant, template, subject, given in _wordings(step):
            mail = mails[template, kind, subject]
            person = look_up(view, mail, customer, trigger)
            context = context_of(view, mail, person, Occasion(kind, trigger, given, step.voucher is not None))
            found.append(Draft(step.id, variant, mail, context, person.id, person.address))
    return found


def _wordings(step: Step) -> Iterator[tuple[str, str, str | None, Mapping[str, str]]]:
    """Yield (variant, template, subject, words under `with`) of a step that sends."""
    if step.op is not StepOp.SEND or step.template is None:
        return
    if not step.ways:
        yield "", step.template, step.subject, dict(step.with_)
    for way in step.ways:
        yield way.name, way.template or step.template, way.subject or step.subject, {**dict(step.with_), **dict(way.with_)}


def shown(view: View, campaign: str, drafted: Sequence[Draft], say: Callable[[str], None]) -> Iterator[tuple[Draft, Finished]]:
    """Yield each message as its reader would get it."""
    post = post_of(view.work, signing_keys(view.work, view.work.location, say))
    for number, draft in enumerate(drafted, 1):
        claim = _claim(campaign, draft, number, draft.address, to_micros(view.as_of))
        yield draft, finish(post, claim, key_of(claim), draft.context, draft.mail.letter)


def _claim(campaign: str, draft: Draft, number: int, address: str, at: int) -> Claim:
    return Claim(number, 1, campaign, NOBODY, "trial", draft.told, CHANNEL, address, draft.mail.bundle.hash, 1, number - 1, 0, at, None, None)


def send_test(view: View, campaign: str, drafted: Sequence[Draft], to: str, clock: Clock, hooks: Hooks) -> dict[str, int]:  # noqa: PLR0917 - what a trial stands on
    """Send every message to one address; return how many had which outcome."""
    work = view.work
    settings = work.target.deliver.get("email")
    if settings is None:
        raise UsageError(f"the target {work.target_name} has no channel for {CHANNEL}", f"write it under targets: {work.target_name}: deliver:")
    post, now = post_of(work, signing_keys(work, work.location, hooks.say)), to_micros(clock.now())
    with tempfile.TemporaryDirectory(prefix="retention-trial-") as folder:
        location, witness = Location(path=Path(folder) / "ledger.db"), Path(folder) / "witness"
        with open_ledger(location, witness_dir=witness) as ledger:
            run = ledger.begin_run(as_of=now, target=work.target_name, started_at=now, host="trial", pid=0)
            ledger.record(run, _planned(campaign, drafted, to, now))
        plan = Plan(CHANNEL, settings.connections, work.target.max_age.elapsed)
        compose = _Composing(post, campaign, drafted, to, now)
        with Outbox(location, "trial", witness_dir=witness) as outbox:
            outcomes = dispatch(outbox, channel_for(settings, work.root), compose, clock, plan, stop=hooks.stop, halted=hooks.halted)
    return tally(outcomes.counts)


@dataclass(frozen=True, slots=True)
class _Composing:
    """Makes the bytes of a claimed trial; the context and the template are at hand."""

    post: Post
    campaign: str
    drafted: Sequence[Draft]
    to: str
    at: int

    def __call__(self, claim: Claim, _chunk: bytes, _template: str) -> Outgoing:
        draft = self.drafted[claim.context_index]
        finished = finish(self.post, claim, key_of(claim), draft.context, draft.mail.letter)
        return packed(self.post, key_of(claim), finished)


def _planned(campaign: str, drafted: Sequence[Draft], to: str, at: int) -> Delta:
    """Return a ledger's rows of a campaign that plans these messages for one address."""
    tail = (at, None, None, None, "transactional", None, None)
    return Delta(
        campaigns_new=[(1, campaign, at)],
        revisions_new=[(1, 1, "trial", "{}")],
        journeys_new=[(1, 1, NOBODY, "trial", 1, at, "ended", None, None, "trial", None, "", None, None)],
        messages_new=[
            (number, 1, draft.told, 1, NOBODY, CHANNEL, to, draft.mail.bundle.hash, 1, number - 1, *tail) for number, draft in enumerate(drafted, 1)
        ],
        contexts=[(1, len(drafted), pack([draft.context for draft in drafted]))],
        templates=list({draft.mail.bundle.hash: (draft.mail.bundle.hash, draft.mail.bundle.dump()) for draft in drafted}.values()),
    )
