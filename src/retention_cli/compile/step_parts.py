"""The instructions of steps: what a message is made of and when it leaves, what a wait waits for, who goes which way."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model import program
from retention_cli.model.effects import called
from retention_cli.model.fate import OnFail, OnUnknown
from retention_cli.model.program import Clock, DateWait, Experiment, Step, StepOp, Way
from retention_cli.model.step import TRIGGER, BestHour, OnDate, Send, Until, Weekday

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.campaign import Deadline
    from retention_cli.model.effects import Call, Update
    from retention_cli.model.program import Pairs
    from retention_cli.model.step import Letter, Path, Variant, Wait, Ways
    from retention_cli.model.word import Word

_WHOLE = Decimal(1)


def letter(step_id: str, written: Letter, then: str | None, ways: tuple[Way, ...] = ()) -> Step:
    """Return the instruction that sends a message."""
    several = tuple(map(str, written.channel))
    return Step(
        step_id,
        StepOp.SEND,
        then,
        template=str(written.send),
        channel=several[0] if len(several) == 1 else None,
        channels=several if len(several) > 1 else (),
        subject=_text(written.subject),
        with_=_pairs(written.with_),
        clock=Clock(_clock(written.at)) if isinstance(written.at, time) else None,
        best=_best(written.at) if isinstance(written.at, BestHour) else None,
        expires=written.expires,
        on_fail=str(written.on_fail) if written.on_fail is not OnFail.CONTINUE else None,
        on_unknown=str(written.on_unknown) if written.on_unknown is not OnUnknown.HOLD else None,
        experiment=_experiment(written),
        ways=ways,
        voucher=_text(written.voucher),
    )


def _experiment(written: Letter) -> Experiment | None:
    if not isinstance(written, Send) or written.experiment is None:
        return None
    decide = written.decide_by
    if decide is None:
        return Experiment(str(written.experiment), written.hypothesis)
    return Experiment(str(written.experiment), written.hypothesis, str(decide.goal), decide.at_least_each, decide.after)


def variants_of(written: Send) -> tuple[Way, ...]:
    """Return the variants of a message, by name."""
    shares = _shares(written.variants)
    return tuple(
        Way(name, shares[name], None, _text(each.template), _text(each.subject), _pairs({**written.with_, **each.with_}))
        for name, each in sorted((str(name), each) for name, each in written.variants.items())
    )


def ways_of(written: Ways, begins: Mapping[str, str | None]) -> tuple[Way, ...]:
    """Return the paths of a split, by name, each with the step where it begins."""
    return tuple(Way(name, share, begins[name]) for name, share in sorted(_shares(written.paths).items()))


def _shares(ways: Mapping[Word, Path] | Mapping[Word, Variant]) -> dict[str, Decimal]:
    """Return every share; what has none takes what is left."""
    rest = _WHOLE - sum((way.share for way in ways.values() if way.share is not None), Decimal(0))
    return {str(name): rest if way.share is None else way.share for name, way in ways.items()}


def waiting(step_id: str, written: Wait, then: str | None) -> Step:
    """Return the instruction of a wait."""
    if not isinstance(written.wait, Until):
        return Step(step_id, StepOp.WAIT, then, span=written.wait)
    until, at, at_most = written.wait.until, written.wait.at, written.wait.at_most
    match until:
        case time():
            return Step(step_id, StepOp.WAIT, then, clock=Clock(_clock(until)))
        case Weekday():
            return Step(step_id, StepOp.WAIT, then, clock=Clock(_clock(at or time(0)), until.number))
        case OnDate():
            return Step(step_id, StepOp.WAIT, then, date=_date(until, at), at_most=at_most)
        case condition:
            return Step(step_id, StepOp.WAIT, then, condition=condition, at_most=at_most)


def _date(written: OnDate, at: time | None) -> DateWait:
    of_trigger = written.date.startswith(TRIGGER)
    field = str(written.date).removeprefix(TRIGGER)
    return DateWait(field, of_trigger, written.offset, _clock(at) if at is not None else None, written.every is not None)


def written_down(step_id: str, written: Update, then: str | None) -> Step:
    """Return the instruction that writes fields of the customer."""
    what = written.update
    added, removed = tuple(map(str, what.add_tags)), tuple(map(str, what.remove_tags))
    return Step(step_id, StepOp.UPDATE, then, sets=_pairs(what.set), add_tags=added, remove_tags=removed)


def called_step(step_id: str, written: Call, then: str | None) -> Step:
    """Return the instruction that calls another program."""
    return Step(
        step_id,
        StepOp.CALL,
        then,
        template=called(str(written.call)),
        subject=",".join(map(str, written.fields)) or None,
        with_=_pairs(written.with_),
        expires=written.expires,
        on_fail=str(written.on_fail) if written.on_fail is not OnFail.CONTINUE else None,
        on_unknown=str(written.on_unknown) if written.on_unknown is not OnUnknown.HOLD else None,
        receiver=str(written.call),
        fields=tuple(map(str, written.fields)),
    )


def deadline_of(written: Deadline | None) -> program.Deadline | None:
    """Return the end of a campaign's journeys."""
    return None if written is None else program.Deadline(written.after, _clock(written.at) if written.at is not None else None)


def _best(written: BestHour) -> program.BestHour:
    from_, to, otherwise = (None if at is None else _clock(at) for at in (written.from_, written.to, written.otherwise))
    return program.BestHour(from_, to, otherwise, written.evidence)


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _text(word: str | None) -> str | None:
    return None if word is None else str(word)


def _pairs(given: Mapping[Word, Word]) -> Pairs:
    return tuple((str(name), str(value)) for name, value in sorted(given.items()))
