"""Campaigns: when, and what happens. A journey is one customer's way through one campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from retention_cli.model.base import Described, Flag, Model, Name, Span, Whole
from retention_cli.model.condition import ConditionField, TotalField
from retention_cli.model.source import Share
from retention_cli.model.step import Step
from retention_cli.model.trigger import Trigger
from retention_cli.model.word import Word


class Kind(StrEnum):
    """What a message is for; transactional needs no consent and knows no cap."""

    PERFORMANCE = "performance"
    BRAND = "brand"
    POST_PURCHASE = "post_purchase"
    TRANSACTIONAL = "transactional"


class Again(Model):
    """How often one customer may enter: `never`, `always`, or not sooner than `after` and `at_most` so often."""

    never: Flag = Field(default=False, description="once in a lifetime")
    after: Span | None = Field(default=None, description="not sooner than this after the last entry")
    at_most: Annotated[Whole, Field(ge=1)] | None = Field(default=None, description="so many times in all")
    once_per: Word | None = Field(default=None, description="once for each value of this fact of the trigger: to")


class Goal(Model):
    """What the campaign is for, counted from entry within `window`: a condition, or a total (any fold over events)."""

    when: ConditionField | None = Field(default=None, description="the goal is reached when this holds")
    total_of: TotalField | None = Field(default=None, description="the goal is this number")
    window: Span = Field(description="how long after entry it counts")


class Campaign(Described):
    """An automation or a one-off. `exit`: any one of them ends the journey, and its name is the reason."""

    kind: Kind = Field(default=Kind.PERFORMANCE, description="what its messages are for; transactional needs no consent and knows no cap")
    priority: Annotated[Whole, Field(le=100)] = Field(default=50, description="0 to 100; the higher goes first")
    enabled: Flag = Field(default=True, description="false: nobody enters and nothing is sent")
    trigger: Trigger = Field(description="what begins a journey")
    audience: ConditionField | None = Field(default=None, description="who may enter, asked once at the entry")
    again: Again | None = Field(default=None, description="whether a customer may enter again")
    holdout: Share | None = Field(default=None, description="a share that enters, gets nothing and is measured: 10%")
    exit: dict[Name, ConditionField] = Field(default={}, description="named reasons to end a journey, asked before every step and every message")
    goals: dict[Name, Goal] = Field(default={}, description="what the campaign is for, measured from entry")
    steps: tuple[Step, ...] = Field(min_length=1, description="what happens, in order")
