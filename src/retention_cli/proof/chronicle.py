"""Ticks told as scenes: what each delta decided about whom, and by which steps and conditions it came to that.

Only what a delta says and which steps were walked is used, so that steps and policies of any kind are told, in the ledger's
own words where this page has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from retention_cli.audience.words import in_full
from retention_cli.compile.program import compile_program
from retention_cli.journey.frame import from_micros
from retention_cli.model.problem import NOWHERE
from retention_cli.model.program import StepOp
from retention_cli.model.state import JourneyState
from retention_cli.proof.mentions import place_in
from retention_cli.proof.scenes import Point, Scene, What

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.rows import Claim
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.problem import Place
    from retention_cli.model.program import Program, Step
    from retention_cli.proof.verdict import Reason

    Look = Callable[[Condition, "Journey"], tuple[Reason, ...]]

VERDICTS = {
    "not_in_audience": "is not in the audience",
    "again": "entered before, and `again` does not let in yet",
    "inside": "is inside already",
    "no_customer": "is no customer",
}
_FINISHED = "finished"
_EXIT = "exit: "
"""How the reason of a message begins that an exit stopped, also behind the journey's last step."""
IN, OUT = "in the audience", "not in the audience"


@dataclass(frozen=True, slots=True)
class Journey:
    """One customer's way through one campaign: when it began (None: it did not), and the facts of what began it, as JSON."""

    id: int
    campaign: str
    customer: str
    entered_at: datetime | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class Stands:
    """Where an open journey stands, since when, and until when: None where that is asked in every run."""

    journey: Journey
    step: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was planned."""

    journey: Journey
    step: str
    template: str
    channel: str


def _nothing(condition: Condition, journey: Journey) -> tuple[Reason, ...]:  # noqa: ARG001 - as a look is called
    return ()


class Chronicle:
    """Keeps who is on which journey, and turns each tick into scenes. `look` tells on what a condition rests, at the tick's moment."""

    def __init__(
        self, campaigns: Mapping[str, Campaign], templates: Mapping[str, Collection[str]], customers: Collection[str], look: Look = _nothing
    ) -> None:
        self._campaigns = campaigns
        self._programs = {name: compile_program(campaign) for name, campaign in campaigns.items()}
        self._templates = templates
        self._customers = frozenset(customers)
        self._look = look
        self._names: dict[int, str] = {}
        self._journeys: dict[int, Journey] = {}
        self._standing: dict[int, Stands] = {}
        self.messages: dict[int, Message] = {}
        self.points: set[Point] = set()

    def tell(self, now: datetime, delta: Delta, walked: Sequence[tuple[Any, ...]]) -> list[Scene]:
        """Return the scenes of a tick; `walked` are pairs of a journey and a step that it came by, in order."""
        self._names |= {int(row[0]): str(row[1]) for row in delta.campaigns_new}
        paths: dict[int, list[str]] = {}
        for journey, step in walked:
            paths.setdefault(int(journey), []).append(str(step))
        found = [*self._turned_away(now, delta), *self._entered(now, delta)]
        moved = {int(row[0]): (row[6], row[7], row[8], row[9]) for row in delta.journeys_new}
        moved |= {int(row[0]): tuple(row[1:5]) for row in delta.journeys_changed}
        for journey in (self._journeys[id_] for id_ in sorted(moved) if id_ in self._journeys):
            found += self._moved(now, journey, paths.get(journey.id, []), moved[journey.id])
        return [*found, *self._planned(now, delta), *self._stopped(now, delta), *self._goals(now, delta)]

    def sent(self, now: datetime, claims: Sequence[Claim]) -> Iterator[Scene]:
        """Yield what left."""
        for claim in claims:
            if (message := self.messages.get(claim.message)) is not None:
                yield self._of_message(
                    now, What.SENT, message, f"sent {message.template}" + (f" by {message.channel}" if message.channel != "email" else "")
                )

    def standing(self, customer: str) -> dict[str, Stands]:
        """Return where the open journeys of a customer stand, by campaign."""
        return {each.journey.campaign: each for each in self._standing.values() if each.journey.customer == customer}

    def steps_stood_at(self) -> list[tuple[Step, datetime]]:
        """Return the steps at which journeys stand, each with since when."""
        found = [(self._programs[each.journey.campaign].step(each.step), each.since) for each in self._standing.values()]
        return [(step, since) for step, since in found if step is not None]

    def _turned_away(self, now: datetime, delta: Delta) -> Iterator[Scene]:
        for campaign, customer, _, verdict, *_ in delta.verdicts:
            journey = Journey(0, self._names[int(campaign)], str(customer))
            if journey.customer not in self._customers:
                continue
            audience = self._campaigns[journey.campaign].audience if verdict == "not_in_audience" else None
            reasons = self._look(audience, journey) if audience is not None else ()
            if audience is not None:
                self.points.add(Point(journey.campaign, "audience", OUT))
            text = f"does not enter: {VERDICTS.get(str(verdict), str(verdict))}"
            yield self._scene(now, What.TURNED_AWAY, journey, text, reason=str(verdict), place=_place_of(audience), reasons=reasons)

    def _entered(self, now: datetime, delta: Delta) -> Iterator[Scene]:
        for id_, campaign, customer, _, _, entered_at, *_, trigger in (row[:11] for row in delta.journeys_new):
            journey = Journey(int(id_), self._names[int(campaign)], str(customer), from_micros(int(entered_at)), trigger)
            if journey.customer not in self._customers:
                continue
            self._journeys[journey.id] = journey
            audience = self._campaigns[journey.campaign].audience
            self.points |= {Point(journey.campaign, "trigger", "entered")} | (
                {Point(journey.campaign, "audience", IN)} if audience is not None else set()
            )
            reasons = self._look(audience, journey) if audience is not None else ()
            yield self._scene(now, What.ENTERED, journey, "enters", place=self._campaigns[journey.campaign].name.place, reasons=reasons)

    def _moved(self, now: datetime, journey: Journey, path: Sequence[str], to: tuple[Any, ...]) -> Iterator[Scene]:
        """Yield the steps that a journey came by, then where it is left."""
        state, step, due_at, reason = to
        program = self._programs[journey.campaign]
        for here, following in pairwise([*path, None]):
            if (found := program.step(str(here))) is not None:
                yield from self._passed(now, journey, found, following)
        before = self._standing.pop(journey.id, None)
        if state == JourneyState.OPEN:
            until = None if due_at is None or from_micros(int(due_at)) <= now else from_micros(int(due_at))
            since = before.since if before is not None and before.step == step else now
            self._standing[journey.id] = Stands(journey, str(step), since, until)
            if since != now:
                return
            yield self._scene(
                now,
                What.WAITS,
                journey,
                f"waits at {step}",
                step=str(step),
                until=until,
                place=self._place(journey.campaign, program.step(str(step))),
            )
            return
        if state != JourneyState.ENDED:
            yield self._scene(now, What.ENDED, journey, f"is {str(state).replace('_', ' ')}: {reason}", reason=str(state))
            return
        yield from self._ended(now, journey, str(reason or _FINISHED), program)

    def _passed(self, now: datetime, journey: Journey, step: Step, following: str | None) -> Iterator[Scene]:
        self.points.add(Point(journey.campaign, "step", step.id))
        ways = ways_of(step)
        if not ways:
            return
        taken = [name for name, first in ways if first == following]
        way = taken[0] if len(taken) == 1 else ""
        if way:
            self.points.add(Point(journey.campaign, way, step.id))
        asked = f"if {in_full(step.condition)}" if step.condition is not None else step.id
        reasons = self._look(step.condition, journey) if step.condition is not None else ()
        place = self._place(journey.campaign, step)
        yield self._scene(now, What.ASKED, journey, f"{asked}: {way or 'any way'}", step=step.id, reason=way, place=place, reasons=reasons)

    def _ended(self, now: datetime, journey: Journey, reason: str, program: Program) -> Iterator[Scene]:
        gone = next((each for each in program.exits if each.name == reason), None)
        reasons: tuple[Reason, ...] = ()
        if gone is not None:
            self.points.add(Point(journey.campaign, "exit", reason))
            reasons = self._look(gone.condition, journey)
        text = f"ends by its exit {reason}" if gone is not None else f"ends: {reason}"
        yield self._scene(
            now, What.ENDED, journey, text, reason=reason, place=_place_of(gone.condition if gone is not None else None), reasons=reasons
        )

    def _planned(self, now: datetime, delta: Delta) -> Iterator[Scene]:
        for id_, on, step, _, customer, channel, _, hash_, *_ in delta.messages_new:
            journey = self._journeys.get(int(on))
            if journey is None or str(customer) not in self._customers:
                continue
            message = Message(journey, str(step), self._template(journey, str(step), str(hash_)), str(channel))
            self.messages[int(id_)] = message
        for row in delta.messages_new:
            if int(row[0]) in self.messages and row[11] is not None and from_micros(int(row[11])) > now:
                message, until = self.messages[int(row[0])], from_micros(int(row[11]))
                yield self._of_message(now, What.PLANNED, message, f"{message.template} may leave later", until=until)

    def _template(self, journey: Journey, step: str, hash_: str) -> str:
        """Return what a message is called: its step's template, where the bytes are of another one that one."""
        found = self._programs[journey.campaign].step(step)
        named, own = self._templates.get(hash_, ()), (found.template or "") if found is not None else ""
        return own if own in named or not named else min(named)

    def _stopped(self, now: datetime, delta: Delta) -> Iterator[Scene]:
        for id_, state, reason in delta.messages_stopped:
            if (message := self.messages.get(int(id_))) is not None:
                if (by_exit := str(reason).removeprefix(_EXIT)) != reason:
                    self.points.add(Point(message.journey.campaign, "exit", by_exit))
                text = f"{message.template} is {state}: {reason}"
                yield self._of_message(now, What.STOPPED, message, text, reason=str(reason))

    def _goals(self, now: datetime, delta: Delta) -> Iterator[Scene]:
        for on, goal, _, value in delta.goals:
            if (journey := self._journeys.get(int(on))) is not None:
                text = f"reaches the goal {goal}" if value is None else f"the goal {goal} comes to {value}"
                yield self._scene(now, What.GOAL, journey, text, step=str(goal), reason="" if value is None else str(value))

    def _of_message(self, now: datetime, what: What, message: Message, text: str, *, reason: str = "", until: datetime | None = None) -> Scene:
        journey = message.journey
        place = self._place(journey.campaign, self._programs[journey.campaign].step(message.step))
        parts = {"step": message.step, "template": message.template, "channel": message.channel}
        return self._scene(now, what, journey, text, reason=reason, until=until, place=place, **parts)

    def _place(self, campaign: str, step: Step | None) -> Place:
        return place_of_step(self._campaigns[campaign], step) if step is not None else NOWHERE

    @staticmethod
    def _scene(now: datetime, what: What, journey: Journey, text: str, **parts: Any) -> Scene:
        return Scene(now, what, text, campaign=journey.campaign, customer=journey.customer, journey=journey.id, **parts)


def ways_of(step: Step) -> list[tuple[str, str | None]]:
    """Return the ways that part at a step, each with the step that it begins with; none where it has but one."""
    if step.op is StepOp.IF:
        ways = [("then", step.next), ("else", step.otherwise)]
    else:
        paths: Sequence[Any] = () if step.op is StepOp.SEND else getattr(step, "ways", ())  # what a message has are variants
        ways = [(str(path.name), path.next) for path in paths]
    return ways if len({first for _, first in ways}) > 1 else []


def place_of_step(campaign: Campaign, step: Step) -> Place:
    """Return where a step stands in its file; NOWHERE where nothing in it knows its place."""
    named = [step.condition.place] if step.condition is not None else []
    named += [place_in(campaign.steps, text) for text in (step.template, step.id, step.reason) if text]
    return next((place for place in named if place != NOWHERE), NOWHERE)


def _place_of(condition: Condition | None) -> Place:
    return condition.place if condition is not None else NOWHERE
