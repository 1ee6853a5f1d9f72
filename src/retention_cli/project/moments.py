"""Moments in a campaign: until when a journey waits, and at which hour a message may leave."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from retention_cli.model.condition import CONDITION_TYPES
from retention_cli.model.duration import Duration
from retention_cli.model.step import BestHour, OnDate, Until, Weekday
from retention_cli.model.wall import read_time_of_day
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import Scope, Spot, note_shape
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table
from retention_cli.text import nearest

if TYPE_CHECKING:
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

BEST_HOUR = "best_hour"
_WEEKDAYS = {str(day): day for day in Weekday}
_KINDS = 'write a time ("09:00"), a weekday (saturday), {date: FIELD} or a condition'


_NOTHING = Until.model_construct(until=time(0), at=None, at_most=None)


def waits_until(raw: Table, spot: Spot) -> Until:
    """Return what a wait waits for; a stand-in beside the notes where it cannot be read."""
    if "until" not in raw:
        build(Until, raw, spot.notes, what="the step 'wait'")
        return _NOTHING
    before = spot.notes.errors
    what = _until(raw["until"], Spot(f"{spot.path}.until", spot.notes, Scope(entry=True, same=spot.scope.same, bounded=True)))
    found = build(Until, raw, spot.notes, {"until": what}, what="the step 'wait'") if what is not None else None
    if found is not None and spot.notes.errors == before:
        _note_odd(found, raw, spot.notes)
    return found or _NOTHING


def _until(raw: Raw, spot: Spot) -> object:
    if isinstance(raw, Table) and "date" in raw:
        return build(OnDate, raw, spot.notes, what="the date")
    if isinstance(raw, Table | Series):
        return condition(raw, spot)
    if (day := _WEEKDAYS.get(raw)) is not None:
        return day
    try:
        return read_time_of_day(raw)
    except ValueError:
        near = nearest(raw, _WEEKDAYS)
        spot.notes.error(raw.place, Code.WRONG_VALUE, f"{str(raw)!r} is nothing to wait for", f"did you mean {near!r}?" if near else _KINDS)
        return None


def _note_odd(found: Until, raw: Table, notes: Notes) -> None:
    """Note what a wait lacks, or has no use for."""
    moving = isinstance(found.until, (OnDate, *CONDITION_TYPES))
    if moving and found.at_most is None:
        message = "a wait for something that may never come needs 'at_most'"
        notes.error(raw.place, Code.MISSING_KEY, message, "add at_most: 3 days")
    if not moving and found.at_most is not None:
        notes.error(raw.key("at_most").place, Code.UNKNOWN_KEY, "a time of the clock always comes: 'at_most' has no place beside it", "leave it out")
    if isinstance(found.until, Weekday) and found.at is None:
        notes.error(raw.place, Code.MISSING_KEY, "a wait until a weekday needs 'at': the time of that day", 'add at: "09:00"')
    if moving and found.at_most is not None:
        note_no_length(found.at_most, raw["at_most"], notes)
    if found.at is not None and not isinstance(found.until, Weekday | OnDate):
        notes.error(raw.key("at").place, Code.UNKNOWN_KEY, "'at' stands beside a weekday or a date only", 'write until: "09:00"')


def note_no_length(span: object, raw: Raw, notes: Notes) -> None:
    """Note a wait of no time: it is no wait."""
    if isinstance(span, Duration) and span.count == 0:
        notes.error(raw.place, Code.WRONG_VALUE, "a wait is longer than nothing", "take it out, or write how long: 1 day")


def leaves_at(raw: Raw, notes: Notes) -> time | BestHour:
    """Return when a message may leave; a stand-in beside the notes where it cannot be read."""
    if isinstance(raw, Table):
        return _best_hour(raw, notes)
    if not isinstance(raw, Word):
        note_shape(notes, raw, "'at'", "a time or best_hour", 'write "09:00", best_hour, or {best_hour: {from: "07:00", to: "20:00"}}')
        return BestHour()
    if raw == BEST_HOUR:
        return BestHour()
    try:
        found: time = read_time_of_day(raw)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        notes.error(raw.place, Code.WRONG_VALUE, f"'at': {message}", f"did you mean {BEST_HOUR!r}?" if nearest(raw, [BEST_HOUR]) else hint)
        return BestHour()
    return found


def _best_hour(raw: Table, notes: Notes) -> BestHour:
    inner = raw.get(BEST_HOUR)
    strange = [key for key in raw.words() if key != BEST_HOUR]
    if strange or not isinstance(inner, Table):
        place = strange[0].place if strange else raw.place
        hint = 'write {best_hour: {from: "07:00", to: "20:00", otherwise: "09:00"}}'
        notes.error(place, Code.WRONG_SHAPE, "'at' should be a time or best_hour", hint)
        return BestHour()
    return build(BestHour, inner, notes, what=f"{BEST_HOUR!r}") or BestHour()
