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

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition, Total
    from retention_cli.model.duration import Duration


class StepOp(StrEnum):
    """What a step does."""

    SEND = "send"
    WAIT = "wait"
    IF = "if"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction. `next` is the step after it (None: the journey is over); an `if` goes to `otherwise` where it does not hold."""

    id: str
    op: StepOp
    next: str | None = None
    otherwise: str | None = None
    template: str | None = None
    channel: str | None = None
    span: Duration | None = None
    condition: Condition | None = None
    reason: str | None = None


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
    """A campaign's steps, exits and goals. `first` is where a journey begins."""

    first: str
    steps: tuple[Step, ...]
    exits: tuple[Exit, ...] = ()
    goals: tuple[ProgramGoal, ...] = ()

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


_KINDS: dict[str, type] = {kind.__name__: kind for kind in (Program, Step, Exit, ProgramGoal)}
