"""Campaigns: when, and what happens. A journey is one customer's way through one campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from retention_cli.model.base import Described, Flag, Model, Name, Span, Whole
from retention_cli.model.condition import ConditionField, TotalField
from retention_cli.model.kind import Kind
from retention_cli.model.rule import Rule
from retention_cli.model.source import Share
from retention_cli.model.step import Step, all_steps, asked_by
from retention_cli.model.trigger import Started, Trigger
from retention_cli.model.wall import TimeOfDay
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.condition import Condition

__all__ = ["Again", "Campaign", "Goal", "Kind"]


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


class Deadline(Model):
    """When a journey ends whatever it has come to, counted from its entry."""

    after: Span = Field(description="how long after the entry; days keep the customer's wall clock")
    at: TimeOfDay | None = Field(default=None, description="the time of that day on the customer's clock; left out: the entry's")


class OnChange(Model):
    """What becomes of journeys that entered an earlier revision of the campaign's steps."""

    migrate: dict[Name, Name] = Field(description="they go on in the new steps; a step that is gone, by id, and the one that takes its place")


class Campaign(Described):
    """An automation or a one-off. `exit`: any one of them ends the journey, and its name is the reason."""

    kind: Kind = Field(default=Kind.PERFORMANCE, description="what its messages are for; transactional needs no consent and knows no cap")
    priority: Annotated[Whole, Field(le=100)] = Field(default=50, description="0 to 100; where a cap leaves room for one, the higher goes first")
    topic: Word | None = Field(default=None, description="what it is about: one of the topics of consent; left out: the channel's consent is asked")
    enabled: Flag = Field(default=True, description="false: nobody enters and nothing is sent")
    trigger: Trigger = Field(default=Started(), description="what begins a journey; left out: a step of another campaign that starts this one")
    audience: ConditionField | None = Field(default=None, description="who may enter, asked once at the entry")
    again: Again | None = Field(default=None, description="whether a customer may enter again")
    deadline: Deadline | None = Field(default=None, description="the end of every journey; templates tell it as {{ deadline }}")
    holdout: Share | None = Field(default=None, description="a share that enters, gets nothing and is measured: 10%")
    exit: dict[Name, ConditionField] = Field(default={}, description="named reasons to end a journey, asked before every step and every message")
    goals: dict[Name, Goal] = Field(default={}, description="what the campaign is for, measured from entry")
    allow: tuple[Rule, ...] = Field(default=(), description="rules of `validate` that this campaign breaks on purpose: [no-goals]")
    on_change: OnChange | None = Field(default=None, description="{migrate: {old: new}}; left out: a journey ends on the steps that it entered")
    steps: tuple[Step, ...] = Field(min_length=1, description="what happens, in order")


def conditions_of(campaign: Campaign) -> Iterator[Condition]:
    """Yield every condition of a campaign over customers, wherever it stands."""
    if campaign.audience is not None:
        yield campaign.audience
    yield from campaign.exit.values()
    yield from (goal.when for goal in campaign.goals.values() if goal.when is not None)
    yield from (condition for step in all_steps(campaign.steps) for condition in asked_by(step))
