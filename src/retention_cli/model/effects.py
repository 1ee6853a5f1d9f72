"""What a step does beside writing to a customer: fields of theirs that the ledger keeps, and other campaigns that they begin."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from retention_cli.model.base import Model, Name, Names
from retention_cli.model.condition import ConditionField
from retention_cli.model.word import Word


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
