"""One tick: frame → stages → delta. Everything that `plan` tells and `run` records comes out of here, so they agree.

The stages, each a set operation over everybody: evaluate the segments, find who may enter, gather who is asked, ask
everything in one plan, judge and walk, plan the messages, and collect the delta from the tables that this left behind.
Nothing is written but tables of the engine; nothing is read but the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_cli.audience.memberships import delta_blob, evaluate, load_before, whole_blob
from retention_cli.compile.items import items_query
from retention_cli.compile.sql import created
from retention_cli.engine.statements import statement
from retention_cli.journey.delta import collect
from retention_cli.journey.enrol import find_candidates
from retention_cli.journey.enrolling import Enrolling, Generations
from retention_cli.journey.goals import reached
from retention_cli.journey.plan import CampaignPlan, count
from retention_cli.journey.programs import ask, step_through, upload_entries, upload_programs
from retention_cli.journey.running import Cast, cast, switched_off
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.zones import load_zones
from retention_cli.model.trigger import Happened

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.ledger.delta import Delta


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick decided, and the same told by campaign."""

    delta: Delta
    campaigns: tuple[CampaignPlan, ...]


def plan_tick(frame: Frame, engine: DuckEngine) -> Tick:
    """Decide everything that is due as of the frame; the engine holds the snapshots as views."""
    members = cast(frame)
    generations = _evaluate(frame, engine)
    stage = Enrolling(frame, engine, generations, load_zones(frame, engine))
    baseline = find_candidates(stage, members.campaigns)
    revisions = _gather(frame, engine)
    asked = upload_programs(frame, engine, members, revisions)
    engine.execute(statement(QUERIES, "subjects"), {"next_journey": frame.past.position().next_journey})
    ask(frame, engine, asked, frame.mails)
    upload_entries(frame, engine)
    beyond = step_through(frame, engine, members)
    _add_items(frame, engine, members)
    _plan_messages(frame, engine)
    whole = whole_blob(engine)
    changes = delta_blob(engine, generations.now, generations.before)
    generation = (generations.id, frame.micros, dict(generations.now.segments), whole, changes)
    delta = replace(collect(frame, engine, members, generation, stage.done), goals=reached(frame, engine, members))
    return Tick(delta, count(frame, engine, members, baseline, beyond))


def _evaluate(frame: Frame, engine: DuckEngine) -> Generations:
    now = evaluate(frame.project, frame.schema, frame.moment, engine)
    before = load_before(engine, frame.past.last_generation())
    return Generations(now, before, frame.past.position().next_generation)


_MOVING = {
    "journey": "BIGINT",
    "campaign": "BIGINT",
    "revision": "BIGINT",
    "customer_id": "VARCHAR",
    "entered_at": "BIGINT",
    "trigger": "VARCHAR",
    "step": "VARCHAR",
    "is_due": "BOOLEAN",
    "is_open": "BOOLEAN",
}


_UNSENT = {"message": "BIGINT", "journey": "BIGINT", "campaign": "BIGINT", "state": "VARCHAR", "reason": "VARCHAR"}


def _gather(frame: Frame, engine: DuckEngine) -> set[int]:
    """Fill `moving` and `unsent` from the ledger; return the revisions that journeys stand on."""
    due = [(row[0], row[1], row[4], row[2], row[6], row[8], row[5], True, True) for row in frame.past.due_journeys(frame.micros)]
    waiting = frame.past.journeys_with_unsent()
    known = {row[0] for row in due}
    others = {row[0]: (row[0], row[2], row[4], row[3], row[5], row[6], None, False, row[8] == "open") for row in waiting if row[0] not in known}
    engine.table("moving", _MOVING, [*due, *others.values()])
    engine.table("unsent", _UNSENT, [(row[1], row[0], row[2], row[9], row[10]) for row in waiting])
    engine.table("off", {"campaign": "BIGINT"}, [(identity,) for identity in switched_off(frame)])
    return {int(str(row[2])) for row in (*due, *others.values())}


def _add_items(frame: Frame, engine: DuckEngine, members: Cast) -> None:
    """Give the journeys of an event the products that it is about, where a template tells them."""
    told = {template for (template, _), mail in frame.mails.items() if mail.needs.uses_items}
    for running in members.campaigns.values():
        trigger = running.campaign.trigger
        if not isinstance(trigger, Happened) or not told & {step.template for step in running.program.steps}:
            continue
        events = [table for event in trigger.query.events for table in frame.schema.tables_of(str(event))]
        query = items_query(frame.schema, events, running.id)
        if query is not None:
            engine.execute(created("found_items", query), query.values)
            engine.execute(statement(QUERIES, "add_items"), {})


def _plan_messages(frame: Frame, engine: DuckEngine) -> None:
    suppressed = frame.past.suppressed("email")
    engine.table("suppressed_addresses", {"address": "VARCHAR"}, [(address,) for address in suppressed.addresses])
    engine.table("suppressed_customers", {"customer_id": "VARCHAR"}, [(customer,) for customer in suppressed.customers])
    mails = [(template, kind, mail.bundle.hash) for (template, kind), mail in frame.mails.items()]
    engine.table("mails", {"template": "VARCHAR", "kind": "VARCHAR", "hash": "VARCHAR"}, mails)
    required = [(template, kind, field) for (template, kind), mail in frame.mails.items() for field in mail.required_fields]
    engine.table("mail_requires", {"template": "VARCHAR", "kind": "VARCHAR", "field": "VARCHAR"}, required)
    engine.execute(statement(QUERIES, "planned"), {"next_message": frame.past.position().next_message})
