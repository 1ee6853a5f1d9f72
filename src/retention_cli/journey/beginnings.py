"""What begins a journey, as one line of words, close to its YAML. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from retention_cli.audience.words import asked_in_words
from retention_cli.model.trigger import (
    Changes,
    Dated,
    Elapsed,
    Enters,
    Happened,
    Leaves,
    Moves,
    Once,
    PriceDropped,
    Restocked,
    Rhythm,
    Scheduled,
    Started,
    Zone,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.model.duration import Duration
    from retention_cli.model.trigger import Change, Timetable, Trigger


def trigger_words(trigger: Trigger) -> str:  # noqa: C901, PLR0912 - one line a kind of trigger
    """Return what begins a journey, as one line."""
    match trigger:
        case Enters(enters=segment):
            return f"enters {segment}"
        case Leaves(leaves=segment):
            return f"leaves {segment}"
        case Moves(moves=move):
            return f"moves in {move.group}{_from_to(move.from_, move.to)}"
        case Happened(query=query, per=per):
            return f"did {asked_in_words(query)}{_per(per)}"
        case Changes(changes=change, per=per):
            return f"{_change(change)}{_per(per)}"
        case Dated():
            return _dated(trigger)
        case Elapsed(elapsed=lapse):
            return f"{_length(lapse.for_)} since {asked_in_words(lapse.since)}{_per(lapse.per)}"
        case Scheduled(schedule=timetable):
            return _timetable(timetable)
        case Once(once=wall, zone=zone):
            return f"once at {wall:%Y-%m-%d %H:%M}{_clock(zone)}"
        case Restocked(restocked=interest):
            return f"restocked, for who did {asked_in_words(interest.interested)}"
        case PriceDropped(price_dropped=interest):
            return f"price dropped, for who did {asked_in_words(interest.interested)}"
        case Started():
            return "started by another campaign"
        case _:
            assert_never(trigger)


def _change(change: Change) -> str:
    return f"{change.of}.{change.field} changes{_from_to(change.from_, change.to)}"


def _from_to(before: Sequence[str], now: Sequence[str]) -> str:
    """Return ` from a or b to c`."""
    return (f" from {' or '.join(before)}" if before else "") + (f" to {' or '.join(now)}" if now else "")


def _dated(trigger: Dated) -> str:
    what = f"every year on {trigger.date}" if trigger.every else f"on {trigger.date}"
    moved = f"{trigger.offset.span} {'before' if trigger.offset.sign < 0 else 'after'} " if trigger.offset is not None else ""
    at = f" at {trigger.at:%H:%M}" if trigger.at is not None else ""
    return f"{moved}{what}{at}{_clock(trigger.zone)}"


def _length(length: Rhythm | Duration) -> str:
    """Return `30 days`, or `2 x days_between_orders less 7 days`."""
    if not isinstance(length, Rhythm):
        return str(length)
    times = f"{length.factor} x " if length.factor != 1 else ""
    plus = "" if length.plus is None else f" {'less' if length.plus.sign < 0 else 'and'} {length.plus.span}"
    return f"{times}{length.field or length.metric}{plus}"


def _timetable(timetable: Timetable) -> str:
    if timetable.cron is not None:
        return f"at {timetable.cron}{_clock(timetable.zone)}"
    day = f" on day {timetable.day}" if timetable.day is not None else ""
    return f"every {timetable.every}{day} at {timetable.at:%H:%M}{_clock(timetable.zone)}"


def _clock(zone: Zone) -> str:
    return " by the shop's clock" if zone is Zone.SHOP else ""


def _per(column: str | None) -> str:
    return f" per {column}" if column is not None else ""
