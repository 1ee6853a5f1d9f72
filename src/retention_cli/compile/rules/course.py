"""When the messages of a campaign leave: every way through its steps, with the time from the entry to each message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

from retention_cli.model.duration import Duration
from retention_cli.model.effects import Call, Start, Update
from retention_cli.model.step import If, Send, Split, Stop, Wait, Weekday

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.step import Letter, Step, Until

_MOST = 64
_DAY, _WEEK, _YEAR = timedelta(days=1), timedelta(weeks=1), timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message, and how long after the entry it leaves at the latest, were nothing to hold it back."""

    letter: Letter
    after: timedelta


@dataclass(frozen=True, slots=True)
class Way:
    """One way through the steps so far: how long it took at the latest, what was sent, and whether it is over."""

    after: timedelta = timedelta(0)
    sent: tuple[Leaving, ...] = ()
    is_over: bool = False


def ways(steps: Sequence[Step]) -> list[Way]:
    """Return the ways through some steps, of very many the first; what is sent only to some is on the way of those."""
    return _through(steps, [Way()])


def _through(steps: Sequence[Step], begun: list[Way]) -> list[Way]:
    for step in steps:
        begun = [further for way in begun for further in ([way] if way.is_over else _step(step, way))][:_MOST]
    return begun


def _step(step: Step, way: Way) -> list[Way]:
    match step:
        case Send():
            return [_sent(step, way)]
        case Wait():
            return [replace(way, after=way.after + longest(step))]
        case Stop():
            return [replace(way, is_over=True), *([way] if step.if_ is not None else [])]
        case Update() | Start() | Call():
            return [way]
        case If():
            return [*_through(step.then, [way]), *_through(step.else_, [way])]
        case Split():
            inside = [each for path in step.split.paths.values() for each in _through(path.then, [way])]
            return [*inside, *([way] if step.if_ is not None else [])]


def _sent(step: Send, way: Way) -> Way:
    sent = (*way.sent, Leaving(step, way.after))
    if step.no_reaction is None:
        return replace(way, sent=sent)
    after = way.after + step.no_reaction.after.longest
    return replace(way, after=after, sent=(*sent, Leaving(step.no_reaction, after)))


def longest(step: Wait) -> timedelta:
    """Return how long a wait lasts at the most."""
    if isinstance(step.wait, Duration):
        return step.wait.longest
    return _until(step.wait)


def _until(wait: Until) -> timedelta:
    if isinstance(wait.until, time):
        return _DAY
    if isinstance(wait.until, Weekday):
        return _WEEK
    return _YEAR if wait.at_most is None else wait.at_most.longest
