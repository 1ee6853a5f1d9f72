"""Campaign → program: nested steps become a flat list whose parts point at what comes next.

A step's id is its own, or one made from its kind and content (`send-cart-1`, `wait-1-day`), numbered where it is taken: it
does not change when a step of other content is put before it.
"""

from __future__ import annotations

import hashlib
import json
from itertools import chain, count
from typing import TYPE_CHECKING, assert_never

from retention_cli.compile.sql import slug
from retention_cli.model.encode import encode
from retention_cli.model.program import Exit, Program, ProgramGoal, Step, StepOp
from retention_cli.model.step import If, Send, Stop, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.step import Step as Written


def compile_program(campaign: Campaign) -> Program:
    """Return the program of a campaign."""
    flat = _Flattened(campaign.steps)
    first = flat.chain(campaign.steps, None)
    exits = tuple(Exit(str(name), condition) for name, condition in campaign.exit.items())
    goals = tuple(ProgramGoal(str(name), goal.window, goal.when, goal.total_of) for name, goal in campaign.goals.items())
    return Program(first or "", tuple(flat.steps), exits, goals)


class _Flattened:
    """The steps found so far, in the order of the file; the ids that a user gave are taken from the start."""

    def __init__(self, written: Sequence[Written]) -> None:
        self.steps: list[Step] = []
        self._taken = set(_own_ids(written))

    def chain(self, written: Sequence[Written], then: str | None) -> str | None:
        """Flatten a list of steps that goes on with `then`; return where it begins."""
        ids = [self._id(step) for step in written]
        places = [self._reserve() for _ in ids]
        for position, step in enumerate(written):
            following = ids[position + 1] if position + 1 < len(ids) else then
            slot = places[position]
            self.steps[slot] = self._step(ids[position], step, following)
        return ids[0] if ids else then

    def _reserve(self) -> int:
        self.steps.append(Step("", StepOp.STOP))
        return len(self.steps) - 1

    def _step(self, step_id: str, step: Written, then: str | None) -> Step:
        match step:
            case Send():
                return Step(step_id, StepOp.SEND, then, template=str(step.send), channel=step.channel)
            case Wait():
                return Step(step_id, StepOp.WAIT, then, span=step.wait)
            case Stop():
                return Step(step_id, StepOp.STOP, reason=str(step.stop))
            case If():
                return Step(step_id, StepOp.IF, self.chain(step.then, then), self.chain(step.else_, then), condition=step.if_)
            case _:
                assert_never(step)

    def _id(self, step: Written) -> str:
        if step.id is not None:
            return str(step.id)
        made = _made(step)
        found = next(name for name in chain([made], (f"{made}-{n}" for n in count(2))) if name not in self._taken)
        self._taken.add(found)
        return found


def _own_ids(written: Sequence[Written]) -> Iterator[str]:
    for step in written:
        if step.id is not None:
            yield str(step.id)
        if isinstance(step, If):
            yield from _own_ids((*step.then, *step.else_))


def _made(step: Written) -> str:
    match step:
        case Send():
            return f"send-{step.send}"
        case Wait():
            return f"wait-{slug(step.wait).replace('_', '-')}"
        case Stop():
            return f"stop-{slug(step.stop).replace('_', '-')}"
        case If():
            meaning = json.dumps(encode(step.if_), sort_keys=True).encode()
            return f"if-{hashlib.sha256(meaning).hexdigest()[:6]}"
        case _:
            assert_never(step)
