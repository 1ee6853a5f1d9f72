"""A campaign as a program: what a journey does step by step, pinned as a revision.

Steps are flat and point at the next one; the nesting of the YAML is gone. A program holds its own conditions, so that a
running journey goes on as it began when the file changes; segments, metrics and templates are read as they are now.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.model.encode import decode, encode
from retention_cli.model.shift import Shift
from retention_cli.model.step import PREFERRED, WAYS

if TYPE_CHECKING:
    from decimal import Decimal

    from retention_cli.model.condition import Condition, Total
    from retention_cli.model.duration import Duration


class StepOp(StrEnum):
    """What a step does."""

    SEND = "send"
    WAIT = "wait"
    IF = "if"
    SPLIT = "split"
    UPDATE = "update"
    START = "start"
    CALL = "call"
    STOP = "stop"


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A path of a split, which goes on with `next`, or a variant of a message; `share` of customers, as a part of 1."""

    name: str
    share: Decimal
    next: str | None = None
    template: str | None = None
    subject: str | None = None
    with_: Pairs = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is compared, what it should show, and when it may be decided."""

    name: str
    hypothesis: str = ""
    goal: str | None = None
    at_least_each: int | None = None
    after: Duration | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of the day (`09:00`) on the customer's clock, of the next day or of the next such weekday (0: Monday)."""

    at: str
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class DateWait:
    """A date that is waited for: a field of the customer, or of the journey's event, so far from it, at a time of that day."""

    field: str
    of_trigger: bool = False
    offset: Shift | None = None
    at: str | None = None
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class BestHour:
    """The hour at which a customer opens most, between two times; where there is none, `otherwise`, else as soon as may be."""

    from_: str | None = None
    to: str | None = None
    otherwise: str | None = None
    evidence: int = 5


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a journey, counted from its entry; `at` is a time of that day, None the entry's own."""

    after: Duration
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction. `next` is the step after it (None: the journey is over); an `if` goes to `otherwise` where it does not hold.

    A wait lasts for `span`, until `clock`, or, looked at in every run, until `condition` or `date`, and no longer than
    `at_most`. `reaction_to` is a step that sends: an `if` asks whether its message was opened or clicked, a wait counts from
    when it may leave. `ways` are the paths of a split and the variants of a message, `channels` several to choose from.
    `voucher` is the pool whose code a message carries; `starts` another campaign; `sets` and the tags are what an update writes;
    a call goes to a `receiver` and tells it `fields` of the customer.
    """

    id: str
    op: StepOp
    next: str | None = None
    otherwise: str | None = None
    template: str | None = None
    channel: str | None = None
    span: Duration | None = None
    condition: Condition | None = None
    reason: str | None = None
    clock: Clock | None = None
    date: DateWait | None = None
    at_most: Duration | None = None
    channels: tuple[str, ...] = ()
    subject: str | None = None
    with_: Pairs = ()
    best: BestHour | None = None
    expires: Duration | None = None
    on_fail: str | None = None
    on_unknown: str | None = None
    experiment: Experiment | None = None
    ways: tuple[Way, ...] = ()
    reaction_to: str | None = None
    voucher: str | None = None
    starts: str | None = None
    sets: Pairs = ()
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    receiver: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def is_looked_at(self) -> bool:
        """Whether a journey that waits here is asked in every run."""
        return self.op is StepOp.WAIT and (self.condition is not None or self.date is not None)

    @property
    def named_channels(self) -> tuple[str, ...]:
        """The channels that the step names, without what a customer may prefer."""
        return () if self.op is not StepOp.SEND else tuple(name for name in self.channels or (self.channel or WAYS[0],) if name != PREFERRED)

    @property
    def ways_out(self) -> tuple[str, ...]:
        """Every channel that the step's message may take; the customer's own choice may be any of them."""
        if self.op is not StepOp.SEND:
            return ()
        named = self.channels or (self.channel or WAYS[0],)
        return WAYS if PREFERRED in named else named

    @property
    def wordings(self) -> tuple[tuple[str, str | None], ...]:
        """Every template that the step sends, with the subject that goes in place of its own."""
        if self.template is None:
            return ()
        varied = ((way.template or self.template, way.subject or self.subject) for way in self.ways)
        return tuple(dict.fromkeys(varied)) or ((self.template, self.subject),)


@dataclass(frozen=True, slots=True)
class Exit:
    """A named end: any one that holds ends the journey."""

    name: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class ProgramGoal:
    """What is counted as reached, or summed, within `window` of the entry."""

    name: str
    window: Duration
    when: Condition | None = None
    total: Total | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A campaign's steps, exits, goals and deadline. `first` is where a journey begins."""

    first: str
    steps: tuple[Step, ...]
    exits: tuple[Exit, ...] = ()
    goals: tuple[ProgramGoal, ...] = ()
    deadline: Deadline | None = None

    def dump(self) -> str:
        """Return the program as JSON text, the same for the same meaning."""
        return json.dumps(encode(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @property
    def fingerprint(self) -> str:
        """Identify the program by its meaning."""
        return hashlib.sha256(self.dump().encode()).hexdigest()[:16]

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id."""
        return next((step for step in self.steps if step.id == step_id), None)


def load_program(text: str) -> Program:
    """Read a program back from `Program.dump`."""
    found = decode(json.loads(text), _KINDS, {("Step", "op"): StepOp})
    if not isinstance(found, Program):
        message = "not a program"
        raise TypeError(message)
    return found


_PARTS = (Program, Step, Exit, ProgramGoal, Way, Experiment, Clock, DateWait, BestHour, Deadline, Shift)
_KINDS: dict[str, type] = {kind.__name__: kind for kind in _PARTS}
