"""What is wrong among the steps of a campaign: ids, ways that lead nowhere, shares that do not add up, comparisons."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model.step import If, Send, Split, Stop, all_steps
from retention_cli.model.word import Word, place_of
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.problem import Place
    from retention_cli.model.step import Path, Step, Variant
    from retention_cli.project.notes import Notes

Experiments = dict[str, tuple[Word, dict[str, Decimal | None]]]
"""Every comparison by its name: where it stands first, and its ways with their shares."""
_WHOLE = Decimal(1)


def check_steps(campaign: Campaign, experiments: Experiments, notes: Notes) -> None:
    """Note what is wrong among a campaign's steps; `experiments` are those of the campaigns before, and grow."""
    _check_ids(campaign, notes)
    _check_reach(campaign.steps, notes)
    for step in all_steps(campaign.steps):
        if isinstance(step, Split):
            _check_shares(step.split.paths, "paths", notes)
            _check_name(step.split.name, step.split.paths, experiments, notes)
        elif isinstance(step, Send):
            _check_variants(step, campaign, experiments, notes)


def _check_ids(campaign: Campaign, notes: Notes) -> None:
    taken: dict[str, Word] = {}
    for name in _ids(campaign.steps):
        if (first := taken.setdefault(name, name)) is not name:
            message = f"two steps have the id {name!r}; the first is on line {first.place.line}"
            notes.error(name.place, Code.DUPLICATE_NAME, message, "rename one of them")


def _ids(steps: Sequence[Step]) -> Iterator[Word]:
    for step in all_steps(steps):
        if step.id is not None:
            yield step.id
        if isinstance(step, Send) and step.no_reaction is not None and step.no_reaction.id is not None:
            yield step.no_reaction.id


def _check_reach(steps: Sequence[Step], notes: Notes) -> bool:
    """Note a step behind which no journey comes; return whether a journey may go on after the last."""
    goes_on = True
    for index, step in enumerate(steps):
        if not goes_on:
            what = "stop" if isinstance(steps[index - 1], Stop) else "a step whose every way stops"
            notes.error(_place(step), Code.UNREACHABLE_STEP, f"no journey comes here: {what} stands before it", "move it up, or take it out")
            return False
        goes_on = _goes_on(step, notes)
    return goes_on


def _goes_on(step: Step, notes: Notes) -> bool:
    match step:
        case If():
            ways = [_check_reach(step.then, notes), _check_reach(step.else_, notes)]
        case Split():
            ways = [_check_reach(path.then, notes) for path in step.split.paths.values()]
            ways.append(step.if_ is not None)
        case _:
            ways = [not isinstance(step, Stop) or step.if_ is not None]
    return any(ways)


def _place(step: Step) -> Place:
    words = [step.id, getattr(step, "send", None), getattr(step, "start", None), getattr(step, "stop", None), getattr(step.if_, "place", None)]
    words += [step.split.name] if isinstance(step, Split) else []
    return next((place_of(word) if isinstance(word, Word) else word for word in words if word is not None), place_of(None))


def _check_shares(ways: Mapping[Word, Path] | Mapping[Word, Variant], what: str, notes: Notes) -> None:
    """Note shares that are not a whole: they add up to 100%, or one way has none and takes the rest."""
    first = next(iter(ways))
    shares = [way.share for way in ways.values() if way.share is not None]
    total, without = sum(shares, Decimal(0)), [name for name, way in ways.items() if way.share is None]
    said = f"{(total * 100).normalize():f}%"
    if len(without) > 1:
        notes.error(without[1].place, Code.SHARES, f"two of the {what} have no share: {without[0]!r} and {without[1]!r}", "one may take the rest")
    elif total > _WHOLE or (not without and total != _WHOLE):
        notes.error(first.place, Code.SHARES, f"the shares of the {what} add up to {said}, not 100%", "leave one share out: it takes the rest")
    elif without and total == _WHOLE:
        notes.error(without[0].place, Code.SHARES, f"nothing is left for {without[0]!r}: the other {what} take 100%", "give it a share")


def _check_name(name: Word, ways: Mapping[Word, Path] | Mapping[Word, Variant], experiments: Experiments, notes: Notes) -> None:
    """Note a comparison that has other ways where it is named a second time: a customer has one way in it, ever."""
    shares = {str(way): each.share for way, each in ways.items()}
    first, known = experiments.setdefault(str(name), (name, shares))
    if known != shares:
        message = f"{name!r} has other ways at {first.place}: a customer has one way of a name, wherever it stands"
        notes.error(name.place, Code.DUPLICATE_NAME, message, "give it another name, or the same ways and shares")


def _check_variants(step: Send, campaign: Campaign, experiments: Experiments, notes: Notes) -> None:
    if not step.variants:
        goal = step.decide_by.goal if step.decide_by is not None else None
        for key, word in (("experiment", step.experiment), ("decide_by", goal)):
            if word is not None:
                notes.error(word.place, Code.MISSING_KEY, f"{key!r} compares variants, and there are none", "add variants: {a: {share: 50%}, …}")
        return
    _check_shares(step.variants, "variants", notes)
    if step.experiment is None:
        message, hint = "variants need 'experiment': a name under which each customer keeps the one drawn", "add experiment: NAME"
        notes.error(next(iter(step.variants)).place, Code.MISSING_KEY, message, hint)
    else:
        _check_name(step.experiment, step.variants, experiments, notes)
    goal = step.decide_by.goal if step.decide_by is not None else None
    if goal is not None and goal not in campaign.goals:
        hint = did_you_mean(goal, campaign.goals) or "write it under goals:"
        notes.error(goal.place, Code.UNKNOWN_GOAL, f"the campaign has no goal {goal!r}", hint)
