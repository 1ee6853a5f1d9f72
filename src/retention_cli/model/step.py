"""What happens in a journey: one model a kind of step."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from retention_cli.model.base import Model, Name, Span
from retention_cli.model.condition import ConditionField
from retention_cli.model.word import Word


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


If.model_rebuild()
