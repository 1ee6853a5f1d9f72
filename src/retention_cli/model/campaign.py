"""Campaigns: when, and what happens. A journey is one customer's way through one campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from retention_cli.model.base import Described, Model, Span
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

    enters: Word
    backfill: bool = False


class Happened(Model):
    """Begins at each matching event, once its `not_followed_by` windows are over; too old ones (`late`) enrol nobody."""

    query: QueryField
    late: Span = Duration(3, "day")
    backfill: bool = False


class Again(Model):
    """How often one customer may enter: `never`, `always`, or not sooner than `after` and `at_most` so often."""

    never: bool = False
    after: Span | None = None
    at_most: int | None = Field(default=None, ge=1)


class Goal(Model):
    """What the campaign is for, counted from entry within `window`: a condition, or a total."""

    when: ConditionField | None = None
    total_of: TotalField | None = None
    window: Span


class Send(Model):
    """Plan one message from a template."""

    send: Word
    id: Word | None = None
    channel: Literal["email"] = "email"


class Wait(Model):
    """Wait; days keep the shop's wall clock, hours are elapsed time."""

    wait: Span
    id: Word | None = None


class If(Model):
    """Take one of two ways."""

    if_: ConditionField = Field(alias="if")
    then: tuple[Step, ...]
    else_: tuple[Step, ...] = Field(default=(), alias="else")
    id: Word | None = None


class Stop(Model):
    """End the journey here, saying why."""

    stop: Word
    id: Word | None = None


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

    kind: Kind = Kind.PERFORMANCE
    priority: int = Field(default=50, ge=0, le=100)
    enabled: bool = True
    trigger: Enters | Happened
    audience: ConditionField | None = None
    again: Again | None = None
    exit: dict[Word, ConditionField] = {}
    goals: dict[Word, Goal] = {}
    steps: tuple[Step, ...] = Field(min_length=1)


If.model_rebuild()
