"""What happens in a journey: one model a kind of step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from retention_cli.model.base import Model, Name, Span, Whole
from retention_cli.model.condition import CONDITION_TYPES, Condition, ConditionField, Parsed
from retention_cli.model.effects import Call, Start, Update
from retention_cli.model.fate import OnFail, OnUnknown
from retention_cli.model.shift import Offset
from retention_cli.model.source import Share
from retention_cli.model.wall import TimeOfDay
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WAYS = ("email", "sms", "push")
PREFERRED = "preferred"
TRIGGER = "trigger."
"""How a wait names a column of the event that began the journey: trigger.delivered_at."""


class Weekday(StrEnum):
    """The days of a week, as `date.weekday` counts them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday."""
        return list(Weekday).index(self)


def _one_or_many(value: Any) -> Any:
    if isinstance(value, list) and not value:
        raise ValueError("no channel is named; write email, sms or push")
    return (value,) if isinstance(value, str) else value


_WAY: dict[str, Any] = {"enum": [*WAYS, PREFERRED]}
Channels = Annotated[
    tuple[Literal["email", "sms", "push", "preferred"], ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_WAY, {"type": "array", "items": _WAY, "minItems": 1}]}),
]
"""One way to a customer, or several, of which the first that reaches them is taken."""


class BestHour(Model):
    """The hour at which a customer opens most mails, where enough were opened and it lies between `from` and `to`."""

    from_: TimeOfDay | None = Field(default=None, alias="from", description="not earlier than this on the customer's clock")
    to: TimeOfDay | None = Field(default=None, description="not later than this on the customer's clock")
    otherwise: TimeOfDay | None = Field(default=None, description="when there is no best hour between them; left out: as soon as may be")
    evidence: Whole = Field(default=5, description="so many mails a customer must have opened")


AtField = Annotated[time | BestHour, Parsed((time, BestHour), "at")]


class Variant(Model):
    """One wording of a message, for its share of customers."""

    share: Share | None = Field(default=None, description="of all customers who come here; one may leave it out and takes the rest")
    subject: Word | None = Field(default=None, description="the subject, in place of the template's")
    template: Word | None = Field(default=None, description="the template, in place of the step's")
    with_: dict[Name, Word] = Field(default={}, alias="with", description="what the template finds under `with`")


class DecideBy(Model):
    """When an experiment may be decided."""

    goal: Word = Field(description="the campaign's goal that is compared")
    at_least_each: Annotated[Whole, Field(ge=1)] | None = Field(default=None, description="so many customers in each variant first")
    after: Span | None = Field(default=None, description="not before this time is over")


class Letter(Model):
    """What is said of a message, whichever step sends it."""

    send: Word = Field(description="the template to send")
    channel: Channels = Field(default=("email",), description="by which way; a list: the first that reaches the customer")
    subject: Word | None = Field(default=None, description="the subject, in place of the template's")
    with_: dict[Name, Word] = Field(default={}, alias="with", description="what the template finds under `with`")
    voucher: Word | None = Field(default=None, description="the vouchers of retention.yml whose next code it carries: {{ voucher }}")
    at: AtField | None = Field(default=None, description="when it may leave, on the customer's clock; left out: at once")
    expires: Span | None = Field(default=None, description="it does not leave any more this long after it first might have")
    on_fail: OnFail = Field(default=OnFail.CONTINUE, description="stop: the journey ends where the message is refused for good")
    on_unknown: OnUnknown = Field(default=OnUnknown.HOLD, description="resend_once: sent again, once, where nobody knows whether it left")


class NoReaction(Letter):
    """A second message for who neither opened nor clicked the first."""

    after: Span = Field(description="how long to wait for a reaction, from when the first might leave")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")


class Send(Letter):
    """Plan one message from a template."""

    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")
    experiment: Name | None = Field(default=None, description="the name of the comparison that the variants are")
    hypothesis: str = Field(default="", description="what the comparison should show, in a sentence")
    decide_by: DecideBy | None = Field(default=None, description="when the comparison may be decided")
    variants: dict[Name, Variant] = Field(default={}, description="several wordings, each for a share of customers")
    no_reaction: NoReaction | None = Field(default=None, description="what to send to who neither opened nor clicked it")


class OnDate(Model):
    """A date of the customer, or of the event that began the journey."""

    date: Word = Field(description="a field of the customer, or trigger.COLUMN of the event that began the journey")
    offset: Offset | None = Field(default=None, description="so long after it; with a minus, before it")
    every: Literal["year"] | None = Field(default=None, description="year: its next yearly day")


UntilField = Annotated[time | Weekday | OnDate | Condition, Parsed((time, Weekday, OnDate, *CONDITION_TYPES), "until")]


class Until(Model):
    """Wait until a time of the day, a weekday, a date, or until something holds."""

    until: UntilField = Field(description="a time, a weekday, {date: …}, or a condition")
    at: TimeOfDay | None = Field(default=None, description="the time of that day on the customer's clock")
    at_most: Span | None = Field(default=None, description="no longer than this, whatever comes")


def _wait_kind(value: Any) -> str:
    return "until" if isinstance(value, (dict, Until)) else "span"


class Wait(Model):
    """Wait; days keep the customer's wall clock, hours are elapsed time."""

    wait: Annotated[Annotated[Span, Tag("span")] | Annotated[Until, Tag("until")], Discriminator(_wait_kind)] = Field(
        description="how long, or until when"
    )
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


class If(Model):
    """Take one of two ways."""

    if_: ConditionField = Field(alias="if", description="what decides, asked when the journey comes here")
    then: tuple[Step, ...] = Field(description="steps where it holds")
    else_: tuple[Step, ...] = Field(default=(), alias="else", description="steps where it does not")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")


class Path(Model):
    """One way of a split."""

    share: Share | None = Field(default=None, description="of all customers who come here; one may leave it out and takes the rest")
    then: tuple[Step, ...] = Field(description="the steps of this way")


class Ways(Model):
    """Several ways, each for a share of customers; who was once drawn for one stays there."""

    name: Name = Field(description="the name of the comparison; with the customer it decides the way")
    paths: dict[Name, Path] = Field(min_length=1, description="the ways by name")


class Split(Model):
    """Divide customers by lot."""

    split: Ways = Field(description="the ways and their shares")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


class Stop(Model):
    """End the journey here, saying why."""

    stop: Name = Field(description="the reason, as reports will show it")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


GUARDED = ("send", "wait", "split", "update", "start", "call", "stop")
"""Steps that may carry an `if` of their own."""
STEP_WORDS = ("send", "wait", "if", "split", "update", "start", "call", "stop")


def _step_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((word for word in (*GUARDED, "if") if word in value), None)
    return type(value).__name__.lower()


Step = Annotated[
    Annotated[Send, Tag("send")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[If, Tag("if")]
    | Annotated[Split, Tag("split")]
    | Annotated[Update, Tag("update")]
    | Annotated[Start, Tag("start")]
    | Annotated[Call, Tag("call")]
    | Annotated[Stop, Tag("stop")],
    Discriminator(
        _step_kind,
        custom_error_type="unknown_step",
        custom_error_message="a step is one of: send, wait, if, split, update, start, call, stop",
    ),
]


If.model_rebuild()
Path.model_rebuild()
Ways.model_rebuild()
Split.model_rebuild()


def branches(step: Step) -> tuple[tuple[Step, ...], ...]:
    """Return the lists of steps inside a step."""
    match step:
        case If():
            return (step.then, step.else_)
        case Split():
            return tuple(path.then for path in step.split.paths.values())
        case _:
            return ()


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps and the steps inside them, in the order of the file."""
    for step in steps:
        yield step
        for inside in branches(step):
            yield from all_steps(inside)


def letters(steps: Iterable[Step]) -> Iterator[Letter]:
    """Yield all that steps send, also for want of a reaction."""
    for step in all_steps(steps):
        if isinstance(step, Send):
            yield step
            if step.no_reaction is not None:
                yield step.no_reaction


@dataclass(frozen=True, slots=True)
class Wording:
    """A template as a message uses it: with a subject of its own, and with these names under `with`."""

    template: Word
    subject: Word | None = None
    given: tuple[str, ...] = ()
    has_voucher: bool = False


def wordings(letter: Letter) -> tuple[Wording, ...]:
    """Return every wording that a message may have."""
    variants = letter.variants.values() if isinstance(letter, Send) else ()
    plain = Wording(template=letter.send, subject=letter.subject, given=tuple(map(str, letter.with_)), has_voucher=letter.voucher is not None)
    return tuple(_varied(letter, variant) for variant in variants) or (plain,)


def templates_of(letter: Letter) -> Iterator[Word]:
    """Yield the templates that a message may be made of, the step's own first."""
    yield letter.send
    yield from (wording.template for wording in wordings(letter))


def _varied(letter: Letter, variant: Variant) -> Wording:
    given = tuple(map(str, {**letter.with_, **variant.with_}))
    return Wording(
        template=variant.template or letter.send, subject=variant.subject or letter.subject, given=given, has_voucher=letter.voucher is not None
    )


def asked_by(step: Step) -> Iterator[Condition]:
    """Yield the conditions of one step: what decides a way, whether it is taken at all, what is waited for."""
    if step.if_ is not None:
        yield step.if_
    if isinstance(step, Wait) and isinstance(step.wait, Until) and isinstance(step.wait.until, CONDITION_TYPES):
        yield step.wait.until
