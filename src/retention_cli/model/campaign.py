"""Campaigns: when, and what happens. A journey is one customer's way through one campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from retention_cli.model.base import Described, Flag, Model, Name, Span, Whole
from retention_cli.model.condition import ConditionField, QueryField, TotalField
from retention_cli.model.duration import Duration
from retention_cli.model.word import Word


class Kind(StrEnum):
    """What a message is for; transactional needs no consent and knows no cap."""

    PERFORMANCE = "performance"
    BRAND = "brand"
    POST_PURCHASE = "post_purchase"
    TRANSACTIONAL = "transactional"


class Enters(Model):
    """Begins when a customer comes into a segment. `backfill: true` enrols who is already in at the first run."""

    enters: Word = Field(description="the segment whose new members begin the campaign")
    backfill: Flag = Field(default=False, description="whether those who are in at the first run begin it too")


class Happened(Model):
    """Begins at each matching event, once its `not_followed_by` windows are over; too old ones (`late`) enrol nobody."""

    query: QueryField = Field(description="which events begin the campaign")
    late: Span = Field(default=Duration(3, "day"), description="an event older than this enrols nobody")
    backfill: Flag = Field(default=False, description="whether events before the first run begin it too")


class Again(Model):
    """How often one customer may enter: `never`, `always`, or not sooner than `after` and `at_most` so often."""

    never: Flag = Field(default=False, description="once in a lifetime")
    after: Span | None = Field(default=None, description="not sooner than this after the last entry")
    at_most: Annotated[Whole, Field(ge=1)] | None = Field(default=None, description="so many times in all")


class Goal(Model):
    """What the campaign is for, counted from entry within `window`: a condition, or a total (any fold over events)."""

    when: ConditionField | None = Field(default=None, description="the goal is reached when this holds")
    total_of: TotalField | None = Field(default=None, description="the goal is this number")
    window: Span = Field(description="how long after entry it counts")


class Send(Model):
    """Plan one message from a template."""

    send: Word = Field(description="the template to send")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    channel: Literal["email"] = Field(default="email", description="by which way")


class Wait(Model):
    """Wait; days keep the shop's wall clock, hours are elapsed time."""

    wait: Span = Field(description="how long")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")


class If(Model):
    """Take one of two ways."""

    if_: ConditionField = Field(alias="if", description="what decides, asked when the journey comes here")
    then: tuple[Step, ...] = Field(description="steps where it holds")
    else_: tuple[Step, ...] = Field(default=(), alias="else", description="steps where it does not")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")


class Stop(Model):
    """End the journey here, saying why."""

    stop: Name = Field(description="the reason, as reports will show it")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")


STEP_WORDS = ("send", "wait", "if", "stop")


def _step_kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((word for word in STEP_WORDS if word in value), None)
    return type(value).__name__.lower()


Step = Annotated[
    Annotated[Send, Tag("send")] | Annotated[Wait, Tag("wait")] | Annotated[If, Tag("if")] | Annotated[Stop, Tag("stop")],
    Discriminator(
        _step_kind,
        custom_error_type="unknown_step",
        custom_error_message="a step is one of: send, wait, if, stop",
    ),
]


class Campaign(Described):
    """An automation or a one-off. `exit`: any one of them ends the journey, and its name is the reason."""

    kind: Kind = Field(default=Kind.PERFORMANCE, description="what its messages are for; transactional needs no consent and knows no cap")
    priority: Annotated[Whole, Field(le=100)] = Field(default=50, description="0 to 100; the higher goes first")
    enabled: Flag = Field(default=True, description="false: nobody enters and nothing is sent")
    trigger: Enters | Happened = Field(description="what begins a journey")
    audience: ConditionField | None = Field(default=None, description="who may enter, asked once at the entry")
    again: Again | None = Field(default=None, description="whether a customer may enter again")
    exit: dict[Name, ConditionField] = Field(default={}, description="named reasons to end a journey, asked before every step and every message")
    goals: dict[Name, Goal] = Field(default={}, description="what the campaign is for, measured from entry")
    steps: tuple[Step, ...] = Field(min_length=1, description="what happens, in order")


If.model_rebuild()
