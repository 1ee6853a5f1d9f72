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
from retention_cli.errors import ProjectInvalid
from retention_cli.journey.delta import collect
from retention_cli.journey.effects import upload_updates
from retention_cli.journey.enrol import find_candidates
from retention_cli.journey.enrolling import Enrolling, Generations, is_fresh
from retention_cli.journey.goals import reached
from retention_cli.journey.migration import migrations
from retention_cli.journey.plan import CampaignPlan, count
from retention_cli.journey.policing import judge, load_policies, prepare
from retention_cli.journey.programs import Asked, ask, in_play, upload_entries, upload_programs
from retention_cli.journey.recall import recall
from retention_cli.journey.running import Cast, cast
from retention_cli.journey.steps import upload_steps
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.unsent import load_unsent
from retention_cli.journey.walk import step_through
from retention_cli.journey.zones import load_zones
from retention_cli.model.trigger import Happened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

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
    programs = in_play(members, _gather(frame, engine, members, moving))
    asked = Asked()
    upload_programs(frame, engine, members, programs, asked)
    uploaded = upload_steps(frame, engine, programs, zones, asked)
    upload_updates(frame, engine, programs)
    engine.execute(statement(QUERIES, "subjects"), {"next_journey": frame.past.position().next_journey})
    policies = load_policies(frame, engine, members, asked)
    ask(frame, engine, asked, uploaded, policies)
    upload_entries(frame, engine)
    recall(frame, engine, members, programs, uploaded, zones)
    prepare(frame, engine, policies)
    beyond = step_through(frame, engine, members)
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
    "occurrence": "VARCHAR",
    "due_at": "BIGINT",
    "until_at": "BIGINT",
    "deadline_at": "BIGINT",
}


_UNSURE = {"message": "BIGINT", "journey": "BIGINT", "step": "VARCHAR"}


def _migrations(frame: Frame, members: Cast) -> list[Migration]:
    found, problems = migrations(frame.past, members.campaigns.values())
    if problems:
        raise ProjectInvalid(problems)
    return found


def _gather(frame: Frame, engine: DuckEngine, members: Cast, moving: Sequence[Migration]) -> set[int]:
    """Fill `moving` and `unsent` from the ledger; return the revisions that journeys stand on."""
    to = {(each.campaign, each.revision, each.step): (each.new_revision, each.new_step) for each in moving}
    newest = {each.campaign: each.new_revision for each in moving}
    due = [
        (row[0], row[1], stand[0], row[2], row[6], row[8], stand[1], True, True, row[3], row[7], row[9], row[10])
        for row in frame.past.due_journeys(frame.micros)
        if (stand := to.get((row[1], row[4], row[5]), (row[4], row[5])))
    ]
    waiting, unsure = frame.past.journeys_with_unsent(), list(_to_resend(frame, members))
    known = {row[0] for row in due}
    others = {
        row[0]: (row[0], row[2], newest.get(row[2], row[4]), row[3], row[5], row[6], None, False, row[8] == "open", None, None, None, row[11])
        for row in (*waiting, *unsure)
        if row[0] not in known
    }
    engine.table("moving", _MOVING, [*due, *others.values()])
    load_unsent(frame, engine, waiting)
    engine.table("unsure", _UNSURE, [(row[1], row[0], row[7]) for row in unsure])
    return {int(str(row[2])) for row in (*due, *others.values())}


def _to_resend(frame: Frame, members: Cast) -> Iterator[tuple[Any, ...]]:
    """Yield messages of unknown fate that their step lets leave once more, with their journeys."""
    for row in frame.past.unknown_once():
        program = members.of_revision(row[4])
        step = program.step(row[7]) if program is not None else None
        if step is not None and step.on_unknown is not None:
            yield row


def _add_items(frame: Frame, engine: DuckEngine, members: Cast) -> None:
    """Give the journeys of an event the products that it is about, where a template tells them."""
    told = {template for (template, *_), mail in frame.mails.items() if mail.needs.uses_items}
    for running in members.campaigns.values():
        trigger = running.campaign.trigger
        if not isinstance(trigger, Happened) or not told & _sent(running.program):
            continue
        events = [table for event in trigger.query.events for table in frame.schema.tables_of(str(event))]
        query = items_query(frame.schema, events, running.id)
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
    engine.execute(statement(QUERIES, "planned"), {"next_message": frame.past.position().next_message})
