"""Campaign → program: nested steps become a flat list whose parts point at what comes next.

A step's id is its own, or one made from its kind and content (`send-cart-1`, `wait-1-day`), numbered where it is taken: it
does not change when a step of other content is put before it. One written step can be several instructions: its `if`, what
it does, and, for a message with `no_reaction`, a wait, a question and a second message.
"""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, assert_never

from retention_cli.compile.step_ids import guard_id, made_id, own_ids
from retention_cli.compile.step_parts import called_step, deadline_of, letter, variants_of, waiting, ways_of, written_down
from retention_cli.model.effects import Call, Start, Update
from retention_cli.model.program import Exit, Experiment, Program, ProgramGoal, Step, StepOp
from retention_cli.model.step import If, Send, Split, Stop, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.step import NoReaction
    from retention_cli.model.step import Step as Written


def compile_program(campaign: Campaign) -> Program:
    """Return the program of a campaign."""
    flat = _Flattened(campaign.steps)
    first = flat.chain(campaign.steps, None)
    exits = tuple(Exit(str(name), condition) for name, condition in campaign.exit.items())
    goals = tuple(ProgramGoal(str(name), goal.window, goal.when, goal.total_of) for name, goal in campaign.goals.items())
    return Program(first or "", tuple(flat.steps), exits, goals, deadline_of(campaign.deadline))


class _Flattened:
    """The steps found so far, in the order of the file; the ids that a user gave are taken from the start."""

    def __init__(self, written: Sequence[Written]) -> None:
        self.steps: list[Step] = []
        self._taken = set(own_ids(written))

    def chain(self, written: Sequence[Written], then: str | None) -> str | None:
        """Flatten a list of steps that goes on with `then`; return where it begins."""
        ids = [self._id(step.id, made_id(step)) for step in written]
        guards = [self._guard(step) for step in written]
        begins = [guard or own for guard, own in zip(guards, ids, strict=True)]
        places = [self._reserve(2 if guard else 1) for guard in guards]
        for position, step in enumerate(written):
            following = begins[position + 1] if position + 1 < len(begins) else then
            slot, guard = places[position], guards[position]
            if guard is not None:
                self.steps[slot] = Step(guard, StepOp.IF, ids[position], following, condition=step.if_)
                slot += 1
            self.steps[slot] = self._step(ids[position], step, following)
        return begins[0] if begins else then

    def _reserve(self, instructions: int) -> int:
        self.steps += [Step("", StepOp.STOP)] * instructions
        return len(self.steps) - instructions

    def _step(self, step_id: str, step: Written, then: str | None) -> Step:
        match step:
            case Send():
                return self._sent(step_id, step, then)
            case Wait():
                return waiting(step_id, step, then)
            case Update():
                return written_down(step_id, step, then)
            case Call():
                return called_step(step_id, step, then)
            case Start():
                return Step(step_id, StepOp.START, then, starts=str(step.start))
            case Stop():
                return Step(step_id, StepOp.STOP, reason=str(step.stop))
            case Split():
                begins = {str(name): self.chain(path.then, then) for name, path in step.split.paths.items()}
                return Step(step_id, StepOp.SPLIT, experiment=Experiment(str(step.split.name)), ways=ways_of(step.split, begins))
            case If():
                return Step(step_id, StepOp.IF, self.chain(step.then, then), self.chain(step.else_, then), condition=step.if_)
            case _:
                assert_never(step)

    def _sent(self, step_id: str, step: Send, then: str | None) -> Step:
        again = step.no_reaction
        following = then if again is None else self._in_silence(step_id, again, then)
        return letter(step_id, step, following, variants_of(step))

    def _in_silence(self, sent: str, again: NoReaction, then: str | None) -> str:
        """Add what is done for who does not react; return where it begins."""
        wait, asked = self._id(None, f"{sent}-wait"), self._id(None, f"{sent}-reaction")
        second = self._id(again.id, f"send-{again.send}")
        self.steps += [
            Step(wait, StepOp.WAIT, asked, span=again.after, reaction_to=sent),
            Step(asked, StepOp.IF, then, second, reaction_to=sent),
            letter(second, again, then),
        ]
        return wait

    def _guard(self, step: Written) -> str | None:
        return None if step.if_ is None or isinstance(step, If) else self._id(None, guard_id(step.if_))

    def _id(self, given: str | None, made: str) -> str:
        if given is not None:
            return str(given)
        found = next(name for name in chain([made], (f"{made}-{n}" for n in count(2))) if name not in self._taken)
        self._taken.add(found)
        return found
