"""One tick: frame → stages → delta. Everything that `plan` tells and `run` records comes out of here, so they agree.

The stages, each a set operation over everybody: evaluate the segments, find who may enter, gather who is asked, ask
everything in one plan, judge and walk, plan the messages, and collect the delta from the tables that this left behind.
Nothing is written but tables of the engine; nothing is read but the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_cli.audience.memberships import delta_blob, evaluate, load_before, whole_blob
from retention_cli.compile.items import items_query, trigger_events
from retention_cli.compile.sql import created
from retention_cli.engine.statements import statement
from retention_cli.errors import ProjectInvalid
from retention_cli.journey.crowd import gather, question
from retention_cli.journey.delta import collect
from retention_cli.journey.enrol import find_candidates
from retention_cli.journey.enrolling import Enrolling, Generations, is_fresh
from retention_cli.journey.goals import reached
from retention_cli.journey.migration import migrations
from retention_cli.journey.plan import CampaignPlan, count
from retention_cli.journey.policing import judge
from retention_cli.journey.recommending import recommend
from retention_cli.journey.running import Cast, cast
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.walk import step_through
from retention_cli.journey.zones import load_zones

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.migration import Migration
    from retention_cli.journey.vouchers import PoolPlan
    from retention_cli.ledger.delta import Delta, GenerationDelta
    from retention_cli.model.program import Program


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick decided, and the same told by campaign and by pool of vouchers."""

    delta: Delta
    campaigns: tuple[CampaignPlan, ...]
    vouchers: tuple[PoolPlan, ...] = ()


def plan_tick(frame: Frame, engine: DuckEngine) -> Tick:
    """Decide everything that is due as of the frame; the engine holds the snapshots as views."""
    members = cast(frame)
    moving, zones = _migrations(frame, members), load_zones(frame, engine)
    generations = _evaluate(frame, engine, members)
    stage = Enrolling(frame, engine, generations, zones)
    baseline = find_candidates(stage, members.campaigns)
    programs = question(frame, engine, members, gather(frame, engine, members, moving), zones)
    beyond = step_through(frame, engine, members, programs)
    _add_items(frame, engine, members)
    _plan_messages(frame, engine)
    pools = judge(frame, engine, zones)
    delta = collect(frame, engine, members, None if generations is None else _kept(frame, engine, generations), stage.done)
    delta = replace(delta, migrations=[(each.campaign, each.revision, each.step, each.new_revision, each.new_step) for each in moving])
    if generations is not None:
        delta = replace(delta, goals=reached(frame, engine, members))
    return Tick(delta, count(frame, engine, members, baseline, beyond), pools)


def _evaluate(frame: Frame, engine: DuckEngine, members: Cast) -> Generations | None:
    """Evaluate segments and groups; None where they were evaluated lately, on the same facts and by the same meanings."""
    if not any(running.is_new for running in members.campaigns.values()) and is_fresh(frame):
        return None
    now = evaluate(frame.project, frame.schema, frame.moment, engine)
    before = load_before(engine, frame.past.last_generation())
    return Generations(now, before, frame.past.position().next_generation)


def _kept(frame: Frame, engine: DuckEngine, generations: Generations) -> GenerationDelta:
    """Return the memberships as the ledger keeps them."""
    changes = delta_blob(engine, generations.now, generations.before)
    return (generations.id, frame.micros, dict(generations.now.segments), whole_blob(engine), changes)


def _migrations(frame: Frame, members: Cast) -> list[Migration]:
    found, problems = migrations(frame.past, members.campaigns.values())
    if problems:
        raise ProjectInvalid(problems)
    return found


def _add_items(frame: Frame, engine: DuckEngine, members: Cast) -> None:
    """Give the journeys of an event the products that it is about, where a template tells them."""
    told = {template for (template, *_), mail in frame.mails.items() if mail.needs.uses_items}
    for running in members.campaigns.values():
        query = (
            items_query(frame.schema, trigger_events(frame.schema, running.campaign.trigger), running.id) if told & _sent(running.program) else None
        )
        if query is not None:
            engine.execute(created("found_items", query), query.values)
            engine.execute(statement(QUERIES, "add_items"), {})


def _sent(program: Program) -> set[str]:
    return {template for step in program.steps for template, _ in step.wordings}


def _plan_messages(frame: Frame, engine: DuckEngine) -> None:
    text = "VARCHAR"
    mails = [(template, kind, subject or "", mail.bundle.hash) for (template, kind, subject), mail in frame.mails.items()]
    engine.table("mail_hashes", {"template": text, "kind": text, "subject_line": text, "hash": text}, mails)
    required = [(template, kind, subject or "", field) for (template, kind, subject), mail in frame.mails.items() for field in mail.required_fields]
    engine.table("mail_requires", {"template": text, "kind": text, "subject_line": text, "field": text}, required)
    next_message = {"next_message": frame.past.position().next_message}
    engine.execute(statement(QUERIES, "planned"), next_message)
    recommend(frame, engine)
    engine.execute(statement(QUERIES, "calls"), {**next_message, "as_of": frame.micros})
