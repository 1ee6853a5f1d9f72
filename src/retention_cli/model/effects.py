"""What a step does beside writing to a customer: fields of theirs that the ledger keeps, other campaigns, and calls to other programs."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from retention_cli.model.base import Model, Name, Names, Span
from retention_cli.model.condition import ConditionField
from retention_cli.model.fate import OnFail, OnUnknown
from retention_cli.model.word import Word

CALL = "call"
"""The ledger's word for the channel of calls."""


class Written(Model):
    """What is written down about a customer: `{set: {profile_reward: true}, add_tags: [vip], remove_tags: [new]}`."""

    set: dict[Name, Word] = Field(default={}, description="fields of retention.yml's `fields:`, each with its new value")
    add_tags: Names = Field(default=(), description="tags that the customer has from now on")
    remove_tags: Names = Field(default=(), description="tags that the customer has no more")

    @model_validator(mode="before")
    @classmethod
    def _check(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value:
            raise ValueError("it writes nothing; write {set: {FIELD: VALUE}} or {add_tags: [TAG]}")
        return value


class Update(Model):
    """Write down something about the customer, for conditions and templates of later runs."""

    update: Written = Field(description="what to write: {set: {FIELD: VALUE}, add_tags: [TAG], remove_tags: [TAG]}")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


class Start(Model):
    """Let the customer enter another campaign too; this journey goes on."""

    start: Word = Field(description="the campaign that begins for the customer at the next run")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


class Call(Model):
    """Tell another program of the customer: a signed POST to one of the target's receivers."""

    call: Name = Field(description="the receiver, as the target names it under `call`")
    fields: Names = Field(default=(), description="fields, metrics and groups of the customer that it is told")
    with_: dict[Name, Word] = Field(default={}, alias="with", description="what it is told besides")
    expires: Span | None = Field(default=None, description="it is not made any more this long after it first might have been")
    on_fail: OnFail = Field(default=OnFail.CONTINUE, description="stop: the journey ends where the call is refused for good")
    on_unknown: OnUnknown = Field(default=OnUnknown.HOLD, description="resend_once: made again, once, where nobody knows whether it came")
    id: Name | None = Field(default=None, description="the step's own name; keeps its history when the step changes")
    if_: ConditionField | None = Field(default=None, alias="if", description="only where this holds; else the journey goes on behind it")


def called(receiver: str) -> str:
    """Return what a call stands under where messages stand under their template."""
    return f"{CALL}:{receiver}"
