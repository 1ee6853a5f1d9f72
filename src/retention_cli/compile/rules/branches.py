"""Branches that decide nothing, and ways that nobody takes.

While a journey does not wait nothing changes for it, so what an `if` has found out stays so until the next wait. An exit is
asked before every step: where a step is taken, none holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.rules.known import Facts, decided, facts
from retention_cli.model.condition import Sample
from retention_cli.model.effects import Call, Start, Update
from retention_cli.model.problem import Problem, warning
from retention_cli.model.rule import Rule
from retention_cli.model.step import If, Send, Split, Stop, Wait, all_steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.step import Step
    from retention_cli.model.word import Word


def decided_ifs(campaign: Campaign) -> list[Problem]:
    """Return every `if` whose answer is known before it is asked."""
    branches = _Branches(tuple(fact for condition in campaign.exit.values() for fact in facts(condition, holds=False)))
    branches.follow(campaign.steps, branches.always)
    return branches.found


class _Branches:
    """A walk through the steps with what is known on the way; None stands for a way on which nobody goes on."""

    def __init__(self, always: Facts) -> None:
        self.always = always
        self.found: list[Problem] = []

    def follow(self, steps: Sequence[Step], known: Facts | None) -> Facts | None:
        """Return what is known behind the last step."""
        for step in steps:
            if known is None:
                return None
            known = self._step(step, known)
        return known

    def _step(self, step: Step, known: Facts) -> Facts | None:
        if step.if_ is not None:
            self._judge(step.if_, known)
        match step:
            case If():
                return _common([self.follow(step.then, (*known, *facts(step.if_))), self.follow(step.else_, (*known, *facts(step.if_, holds=False)))])
            case Split():
                inside = [self.follow(path.then, known) for path in step.split.paths.values()]
                return _common([*inside, *([known] if step.if_ is not None else [])])
            case Stop():
                return None if step.if_ is None else (*known, *facts(step.if_, holds=False))
            case Send():
                return known if step.no_reaction is None else self._later(known)
            case Update() | Start() | Call():
                return known  # what is written is seen by the next run
            case Wait():
                return self._later(known)

    def _later(self, known: Facts) -> Facts:
        """Return what is still so after a wait: the exits, and the lot, which is drawn once."""
        return (*self.always, *(fact for fact in known if isinstance(fact[0], Sample)))

    def _judge(self, condition: Condition, known: Facts) -> None:
        answer = decided(condition, known)
        if answer is None:
            return
        message = f"this is decided before it is asked: here it {'always holds' if answer else 'can never hold'}"
        hint = "an 'if' above or an exit has settled it: take the 'if' out" + ("" if answer else ", and what only it leads to")
        self.found.append(warning(condition.place, Rule.DECIDED_IF, message, hint))


def _common(ends: Sequence[Facts | None]) -> Facts | None:
    """Return what is known whichever way was taken."""
    taken = [each for each in ends if each is not None]
    return tuple(fact for fact in taken[0] if all(fact in each for each in taken[1:])) if taken else None


def empty_shares(campaign: Campaign) -> Iterator[Problem]:
    """Yield the ways and variants that nobody is drawn for."""
    for step in all_steps(campaign.steps):
        shares: dict[Word, object] = {}
        if isinstance(step, Split):
            shares = {name: path.share for name, path in step.split.paths.items()}
        elif isinstance(step, Send):
            shares = {name: variant.share for name, variant in step.variants.items()}
        for name, share in shares.items():
            if share == 0:
                yield warning(name.place, Rule.NO_SHARE, f"nobody is drawn for {str(name)!r}: its share is 0%", "give it a share, or take it out")
