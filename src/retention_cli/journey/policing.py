"""Policies in a tick: what is asked for them, and what they make of the messages, new ones and those that have not left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.addresses import find_addresses
from retention_cli.journey.caps import allot, limit_fields, load_caps
from retention_cli.journey.consent import ask_consent, note_changes
from retention_cli.journey.hours import schedule
from retention_cli.journey.listed import load_suppressed
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.unsent import judge_unsent, settle_unsent
from retention_cli.journey.vouchers import deal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.consent import ConsentQuestions
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.programs import Asked
    from retention_cli.journey.running import Cast
    from retention_cli.journey.vouchers import PoolPlan
    from retention_cli.journey.zones import Zones
    from retention_cli.model.condition import Total

_TRAITS = {"campaign": "BIGINT", "kind": "VARCHAR", "topic": "VARCHAR", "priority": "BIGINT"}


@dataclass(frozen=True, slots=True)
class Policing:
    """What policies need to know of every customer: fields, and the totals that tell of changes of consent."""

    consent: ConsentQuestions
    fields: frozenset[str]

    @property
    def changes(self) -> Mapping[str, Total]:
        """What tells when consent was changed last, by name."""
        return self.consent.changes


def load_policies(frame: Frame, engine: DuckEngine, members: Cast, asked: Asked) -> Policing:
    """Fill `campaign_traits`, `consent_questions` and `policy_caps`, giving their questions numbers among the others."""
    engine.table("campaign_traits", _TRAITS, _traits(frame, members))
    load_caps(frame, engine, asked)
    channels = {channel for program in members.programs.values() for step in program.steps for channel in step.ways_out}
    topics = {topic if topic is None else str(topic) for (topic,) in engine.run(statement(QUERIES, "topics"), {})}
    pairs = [(channel, topic) for channel in channels for topic in topics]
    return Policing(ask_consent(frame, engine, asked, pairs), frozenset(limit_fields(frame)))


def _traits(frame: Frame, members: Cast) -> list[tuple[object, ...]]:
    """Return what every campaign that the ledger or this tick knows is, as the project says now; nothing of one that is gone."""
    ids = {seen.name: seen.id for seen in frame.past.campaigns().values()} | {running.name: running.id for running in members.campaigns.values()}
    known = [(ids[name], campaign) for name, campaign in frame.project.campaigns.items() if name in ids]
    return [(id_, str(each.kind), None if each.topic is None else str(each.topic), each.priority) for id_, each in known]


def prepare(frame: Frame, engine: DuckEngine, policies: Policing) -> None:
    """Fill the tables by which messages are planned: addresses, who is suppressed, and what tells of consent."""
    find_addresses(engine)
    load_suppressed(frame, engine)
    note_changes(engine, policies.consent)


def judge(frame: Frame, engine: DuckEngine, zones: Zones) -> tuple[PoolPlan, ...]:
    """Find for every message when it may leave, whether its caps let it, and its voucher; settle what becomes of those of earlier ticks.

    Returns what every pool of vouchers is asked for.
    """
    judge_unsent(frame, engine)
    schedule(frame, engine, zones)
    allot(frame, engine, zones)
    engine.execute(statement(QUERIES, "capped"), {})
    pools = deal(frame, engine)
    settle_unsent(engine)
    return pools
