"""A campaign run through time: the real tick, at each instant at which it would decide something, over a ledger of its own.

What is planned leaves at once, or as soon as it may. A tick that finds a journey which should have begun earlier is taken back
and made at that instant instead, so the outcome is that of a run which never sleeps, whenever it happens to look.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from retention_cli.audience.memberships import NOW, evaluate
from retention_cli.compile.moment import Moment
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.quoting import fill, identifier, joined
from retention_cli.engine.statements import statement
from retention_cli.journey.effects import keep_fields
from retention_cli.journey.frame import Frame, from_micros, to_micros
from retention_cli.journey.tick import Tick, plan_tick
from retention_cli.journey.zones import load_zones
from retention_cli.model.effects import Call, Update, called
from retention_cli.model.step import all_steps
from retention_cli.proof.chronicle import Chronicle, Message
from retention_cli.proof.instants import Rows, instants_of, sums
from retention_cli.proof.looking import Looking
from retention_cli.proof.mentions import conditions, durations
from retention_cli.proof.quiet import Quiet
from retention_cli.proof.scenes import Scene, Story, What
from retention_cli.proof.scratch import MOMENT
from retention_cli.sources.vouchers import stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Mail
    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.rows import EventRow
    from retention_cli.model.project import Project
    from retention_cli.model.step import Step
    from retention_cli.proof.instants import Instants, Span
    from retention_cli.proof.scratch import Scratch

QUERIES = "retention_cli.proof.queries"
_LAST = (What.WAITS, What.ENDED)
"""Where a tick leaves a journey: told behind all that it did on the way."""


@dataclass(frozen=True, slots=True)
class Left:
    """A message that left, and at which tick."""

    at: datetime
    id: int
    message: Message

    @property
    def sent_at(self) -> datetime:
        """When it was sent: a moment behind the tick."""
        return self.at + timedelta(microseconds=MOMENT)


class World(Protocol):
    """Whom and what a simulation is about: the tables of an engine, as they are at each instant."""

    @property
    def customers(self) -> Sequence[str]:
        """Whose journeys are told; nobody else's are recorded."""

    def turn(self, now: datetime, left: Sequence[Left]) -> None:
        """Make the tables hold what is so at an instant; `left` are the messages that left until then."""

    def settle(self) -> None:
        """Take what is so now for what was so at the last run."""

    def came_back(self, now: datetime, left: Sequence[Left]) -> Iterable[EventRow]:
        """Return what newly came back of messages up to an instant."""

    def changing(self) -> Iterable[datetime]:
        """Return when customers become other than before."""

    def happenings(self, span: Span) -> Iterable[Scene]:
        """Return what happens to the customers, told."""


@dataclass(frozen=True)
class Stage:
    """What a simulation stands on. `project` holds the campaigns that run, and all that they lean on; the keys of `mails` begin with a template."""

    engine: DuckEngine
    project: Project
    schema: Schema
    mails: Mapping[Any, Mail] = field(default_factory=dict)

    def frame(self, past: Any, now: datetime) -> Frame:
        """Return the frame of a tick."""
        called_here = {called(str(step.call)) for step in self._steps if isinstance(step, Call)}
        mails = {key: mail for key, mail in self.mails.items() if key[0] in self.project.templates or key[0] in called_here}
        return Frame(
            project=self.project,
            schema=self.schema,
            past=past,
            as_of=now,
            mails=mails,
            snapshots=dict.fromkeys(self.project.sources, now.isoformat()),  # each tick has facts of its own, and looks at everything
            approved=frozenset(self.project.campaigns),
            vouchers=stand_ins(self.project.settings.vouchers),
            delivers=frozenset({"email", *called_here}),
        )

    @property
    def writes(self) -> bool:
        """Whether a step writes fields of customers."""
        return any(isinstance(step, Update) for step in self._steps)

    @property
    def _steps(self) -> list[Step]:
        return [step for each in self.project.campaigns.values() for step in all_steps(each.steps)]


class Simulation:
    """One run of a stage's campaigns over a span. `looks` tells on what each decision rests; `also` are instants to tick at besides."""

    def __init__(self, stage: Stage, world: World, scratch: Scratch, span: Span, *, looks: bool = False, also: Iterable[datetime] = ()) -> None:
        self._stage = stage
        self._world = world
        self._scratch = scratch
        self._span = span
        self._also = list(also)
        self._looking = Looking(stage.engine, stage.project, stage.schema) if looks else None
        names: dict[str, set[str]] = {}
        for (template, *_), mail in stage.mails.items():
            names.setdefault(mail.bundle.hash, set()).add(template)
        look = {"look": self._looking.reasons} if self._looking is not None else {}
        self._told = Chronicle(stage.project.campaigns, names, world.customers, **look)
        self._scenes: list[Scene] = []
        self._left: list[Left] = []
        self._later: set[datetime] = set()
        self._members: frozenset[Any] = frozenset()

    def run(self) -> Story:
        """Tick through the span, and tell it."""
        start, until = self._span.start, self._span.until
        self._turn(start)
        instants = self._instants()
        now = self._tick(start, start, instants)
        while now < until:
            now = self._tick(self._next(now, instants), now, instants)
        scenes = [*self._world.happenings(self._span), *self._scenes]
        return Story(tuple(sorted(scenes, key=lambda scene: scene.at)), frozenset(self._told.points))

    def _instants(self) -> Instants:
        stage = self._stage
        rows = Rows(stage.engine, stage.schema, self._world.customers)
        zones = load_zones(stage.frame(self._scratch.past, self._span.start), stage.engine).by_name.values()
        found = instants_of(stage.project, rows, self._span, list(self._world.changing()), list(zones))
        return replace(found, sure=self._span.within([*found.sure, *self._also]))

    def _next(self, now: datetime, instants: Instants) -> datetime:
        """Return the next instant at which something may be decided."""
        later = [each for each in (instants.next_sure(now), *self._due(), *self._later) if each is not None and each > now]
        target = min([*later, self._span.until])
        restless = instants.restless or self._anybody_is_looked_at(now)
        if restless or instants.watched:
            for each in sorted({*instants.possible_between(now, target), *self._ends_between(now, target)}):
                if restless or self._membership(each, instants.watched) != self._members:
                    return each
        return target

    def _due(self) -> list[datetime]:
        return [from_micros(int(row[7])) for row in self._scratch.past.due_journeys(to_micros(self._span.until)) if row[7] is not None]

    def _anybody_is_looked_at(self, now: datetime) -> bool:
        """Whether a journey waits for a condition, or for what else is asked in every run: it is due still after a tick."""
        return any(conditions(step) for step, _ in self._told.steps_stood_at()) or any(at <= now for at in self._due())

    def _ends_between(self, now: datetime, until: datetime) -> list[datetime]:
        """Return when a length of time is over that a journey stands at, counted from when it came there."""
        zone = self._stage.project.zone
        ends = [end for step, since in self._told.steps_stood_at() for end in sums([since], durations(step), zone)]
        return [end for end in ends if now < end < until]

    def _membership(self, at: datetime, watched: Sequence[str]) -> frozenset[Any]:
        self._turn(at)
        stage = self._stage
        only = watched if all(name in stage.project.segments for name in watched) else None  # divisions come with the whole
        evaluate(stage.project, stage.schema, Moment(at, stage.project.zone), stage.engine, only)
        return self._memberships(watched)

    def _memberships(self, watched: Sequence[str]) -> frozenset[Any]:
        """Return who of the customers is in which of these segments, as the engine's table has it."""
        columns = joined(identifier(name) for name in (CUSTOMER, *watched))
        template = "SELECT {columns} FROM {table} WHERE {customer} IN (SELECT unnest($customers))"
        query = fill(template, columns=columns, table=identifier(NOW), customer=identifier(CUSTOMER))
        return frozenset(self._stage.engine.run(query, {"customers": list(self._world.customers)}))

    def _tick(self, at: datetime, last: datetime, instants: Instants) -> datetime:
        """Decide as of an instant, or as of an earlier one behind the last where a journey began then; return which it was."""
        tick = self._planned(at)
        began = [from_micros(int(row[5])) for row in tick.delta.journeys_new]
        earlier = [each for each in began if last < each < at]
        if earlier:
            return self._tick(min(earlier), last, instants)
        self._record(at, tick.delta, instants)
        return at

    def _turn(self, at: datetime) -> None:
        """Make the tables hold what is so at an instant, with what steps have written until then."""
        self._world.turn(at, self._left)
        if self._stage.writes:
            keep_fields(self._stage.engine, self._scratch.past.kept_fields(to_micros(at)))

    def _planned(self, at: datetime) -> Tick:
        self._turn(at)
        self._scratch.happened(self._world.came_back(at, self._left))
        tick = plan_tick(self._stage.frame(self._scratch.past, at), self._stage.engine)
        return replace(tick, delta=only(tick.delta, self._world.customers))

    def _record(self, at: datetime, delta: Delta, instants: Instants) -> None:
        micros = to_micros(at)
        self._members = self._memberships(instants.watched) if instants.watched else frozenset()
        walked = self._stage.engine.run(statement(QUERIES, "steps_walked"), {})
        self._scratch.record(delta, micros)
        self._world.settle()
        if self._looking is not None:
            self._looking.turn(at)
        scenes = self._told.tell(at, delta, walked)
        self._later |= {at + timedelta(microseconds=MOMENT)} if delta.starts or delta.fields_written else set()
        self._later |= {from_micros(int(row[11])) for row in delta.messages_new if row[11] is not None}
        channels = sorted({message.channel for message in self._told.messages.values()})
        claims = self._scratch.send(micros, channels)
        scenes += self._told.sent(at, claims)
        self._left += [Left(at, claim.message, self._told.messages[claim.message]) for claim in claims if claim.message in self._told.messages]
        scenes.sort(key=lambda scene: scene.what in _LAST)
        self._scenes += [*scenes, *self._looked(at, scenes, instants)]

    def _looked(self, at: datetime, scenes: Sequence[Scene], instants: Instants) -> Iterator[Scene]:
        """Yield what was looked at in vain, where that is asked for."""
        if self._looking is None:
            return
        quiet = Quiet(self._stage.project.campaigns, self._looking)
        for customer in self._world.customers:
            busy = {scene.campaign for scene in scenes if scene.customer == customer}
            row = next((row for row in self._members if row[0] == customer), ())
            members = [name for name, is_in in zip(instants.watched, row[1:], strict=False) if is_in]
            standing = self._told.standing(customer)
            yield from quiet.tell(at, customer, busy, standing=standing, members=members, first=at == self._span.start)


def only(delta: Delta, customers: Sequence[str]) -> Delta:
    """Return what a delta decides about these customers, and what it says of everybody as a whole."""
    wanted = set(customers)
    journeys = [row for row in delta.journeys_new if row[2] in wanted]
    messages = [row for row in delta.messages_new if row[4] in wanted]
    out = {("journey", row[0]) for row in delta.journeys_new if row[2] not in wanted} | {
        ("message", row[0]) for row in delta.messages_new if row[4] not in wanted
    }
    return replace(
        delta,
        journeys_new=journeys,
        messages_new=messages,
        verdicts=[row for row in delta.verdicts if row[1] in wanted or not row[1]],  # nobody's: a timetable's time that is dealt with
        messages_stopped=[row for row in delta.messages_stopped if ("message", row[0]) not in out],
        transitions=[row for row in delta.transitions if (row[0], row[1]) not in out],
        goals=[row for row in delta.goals if ("journey", row[0]) not in out],
        vouchers_new=[row for row in delta.vouchers_new if ("message", row[0]) not in out],
        fields_written=[row for row in delta.fields_written if row[0] in wanted],
        starts=[row for row in delta.starts if row[3] in wanted],
    )
