"""The campaigns of a tick with their identities: ids of the ledger, programs of this and of earlier revisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.compile.program import compile_program
from retention_cli.journey.frame import from_micros
from retention_cli.model.program import load_program
from retention_cli.model.trigger import Elapsed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.journey.frame import Frame
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.program import Program


@dataclass(frozen=True, slots=True)
class Running:
    """One campaign in this tick. `is_new`: it was never run before, so who fits already is its baseline."""

    campaign: Campaign
    id: int
    revision: int
    program: Program
    is_new: bool
    is_new_revision: bool
    first_as_of: datetime

    @property
    def name(self) -> str:
        """The campaign's name."""
        return str(self.campaign.name)

    @property
    def per(self) -> str | None:
        """The fact of the trigger that its journeys are counted apart by; None: one a customer."""
        again, trigger = self.campaign.again, self.campaign.trigger
        if again is not None and again.once_per is not None:
            return str(again.once_per)
        per = trigger.elapsed.per if isinstance(trigger, Elapsed) else getattr(trigger, "per", None)
        return None if per is None else str(per)


@dataclass(frozen=True)
class Cast:
    """All campaigns that may move in this tick, and every program that a journey may stand on, by revision."""

    campaigns: Mapping[int, Running]
    programs: Mapping[int, Program]

    def of_revision(self, revision: int) -> Program | None:
        """Return the program of a revision, None where the ledger no longer knows it."""
        return self.programs.get(revision)


def cast(frame: Frame) -> Cast:
    """Give every enabled campaign its ids; new campaigns and revisions take the next free ones."""
    position, seen = frame.past.position(), frame.past.campaigns()
    known = {(row.campaign, row.fingerprint): row.id for row in frame.past.revisions()}
    programs = {row.id: load_program(row.program) for row in frame.past.revisions()}
    next_campaign, next_revision = position.next_campaign, position.next_revision
    campaigns: dict[int, Running] = {}
    for name, campaign in sorted(frame.project.campaigns.items()):
        if not campaign.enabled or (frame.only is not None and name not in frame.only):
            continue
        before, program = seen.get(name), compile_program(campaign)
        identity = before.id if before else next_campaign
        revision = known.get((identity, program.fingerprint), next_revision)
        running = Running(
            campaign,
            identity,
            revision,
            program,
            before is None,
            revision == next_revision,
            from_micros(before.first_as_of) if before else frame.as_of,
        )
        next_campaign += before is None
        next_revision += running.is_new_revision
        campaigns[identity], programs[revision] = running, program
    return Cast(campaigns, programs)


def switched_off(frame: Frame) -> list[int]:
    """Return the campaigns that ran before and are disabled or gone: nothing of theirs leaves while that is so."""
    known = frame.project.campaigns
    return [seen.id for name, seen in frame.past.campaigns().items() if name not in known or not known[name].enabled]
