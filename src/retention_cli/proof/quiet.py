"""What a tick looked at where it decided nothing about somebody: the segment that would begin a journey, the exits of one under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.program import compile_program
from retention_cli.model.condition import InSegment
from retention_cli.model.word import Word, place_of
from retention_cli.proof.chronicle import Journey
from retention_cli.proof.mentions import parts, texts
from retention_cli.proof.scenes import Scene, What

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.problem import Place
    from retention_cli.proof.chronicle import Stands
    from retention_cli.proof.looking import Looking

BASELINE = "already when the campaign first runs"


class Quiet:
    """Tells, at a tick, of those campaigns in which nothing was decided about a customer. `looking` looks as of the tick."""

    def __init__(self, campaigns: Mapping[str, Campaign], looking: Looking) -> None:
        self._campaigns = campaigns
        self._looking = looking

    def tell(
        self, now: datetime, customer: str, busy: Collection[str], *, standing: Mapping[str, Stands], members: Collection[str], first: bool
    ) -> Iterator[Scene]:
        """Yield a scene a campaign that is not among the busy ones; `members` are the watched segments that the customer is in."""
        for name in sorted(self._campaigns.keys() - set(busy)):
            where = standing.get(name)
            if where is not None:
                yield self._waiting(now, where)
            else:
                yield from self._outside(now, Journey(0, name, customer), members, first=first)

    def _waiting(self, now: datetime, where: Stands) -> Scene:
        journey = where.journey
        exits = compile_program(self._campaigns[journey.campaign]).exits
        reasons = tuple(reason for each in exits for reason in self._looking.reasons(each.condition, journey))
        return Scene(
            now,
            What.LOOKED,
            f"still waits at {where.step}",
            journey.campaign,
            journey.customer,
            journey.id,
            where.step,
            until=where.until,
            reasons=reasons,
        )

    def _outside(self, now: datetime, journey: Journey, members: Collection[str], *, first: bool) -> Iterator[Scene]:
        trigger = self._campaigns[journey.campaign].trigger
        named = sorted(texts(trigger) & self._looking.segments)
        for segment in named:
            told = f"is in segment {segment}" if segment in members else f"is not in segment {segment}"
            text = f"{told} {BASELINE}" if first and segment in members else told
            reasons = self._looking.reasons(InSegment(name=Word(segment)), journey)
            yield Scene(now, What.LOOKED, text, journey.campaign, journey.customer, place=_spot(trigger, segment), reasons=reasons)
        if not named:
            yield Scene(now, What.LOOKED, "nothing begins", journey.campaign, journey.customer)


def _spot(trigger: object, segment: str) -> Place:
    return next(place_of(part) for part in parts(trigger) if isinstance(part, str) and part == segment)
