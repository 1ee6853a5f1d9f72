"""Triggers from their mappings: what begins a journey, each kind by its own head word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.duration import Duration
from retention_cli.model.trigger import TRIGGERS, Elapsed, Enters, Happened, Interest, Lapse, PriceDropped, Restocked, Rhythm, Timetable
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.events import event_query
from retention_cli.project.grammar.spot import Spot, check_keys, note_shape, note_unknown
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.model.base import Model
    from retention_cli.model.condition import EventQuery
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

QUERY_KEYS = ("did", "where", "not_followed_by")
TRIGGER_KEYS = (*QUERY_KEYS, "late", "backfill", "per")
TELLING = ("did", "elapsed", "changes", "restocked", "price_dropped")
"""The triggers that begin with a row, whose columns `same:` may name."""
_STAND_IN = Enters(enters=Word("?"))
_A_TRIGGER = "write {enters: SEGMENT}, {did: EVENT}, {date: FIELD, every: year} or {schedule: {every: monday}}"


def read_trigger(raw: Raw, notes: Notes) -> object:
    """Return the trigger; a stand-in beside the notes where it cannot be read."""
    if not isinstance(raw, Table):
        note_shape(notes, raw, "trigger", "a mapping", _A_TRIGGER)
        return _STAND_IN
    heads = [key for key in raw.words() if key in TRIGGERS]
    if not heads and not raw.broken:
        note_unknown(notes, raw, "trigger", TRIGGERS)
    if len(heads) > 1:
        notes.error(heads[1].place, Code.WRONG_SHAPE, f"a campaign has one trigger, not both {heads[0]} and {heads[1]}", "write a campaign for each")
    if len(heads) != 1:
        return _STAND_IN
    read = _READERS.get(str(heads[0]), _plain)
    return read(raw, notes) or _STAND_IN


def _plain(raw: Table, notes: Notes) -> Model | None:
    head = next(key for key in raw.words() if key in TRIGGERS)
    return build(TRIGGERS[head], raw, notes, what="the trigger")


def _happened(raw: Table, notes: Notes) -> Model | None:
    spot = Spot("trigger", notes)
    check_keys(raw, TRIGGER_KEYS, spot)
    asked, rest = Table(raw.place), Table(raw.place)
    for key in raw.words():
        if key in TRIGGER_KEYS:
            (asked if key in QUERY_KEYS else rest)[key] = raw[key]
    before = notes.errors
    query = event_query(asked, spot)
    for follow in query.not_followed_by:
        if follow.within is None and notes.errors == before:
            hint = "say how long to wait: within: 30 minutes"
            notes.error(follow.place, Code.MISSING_KEY, "in a trigger, 'not_followed_by' needs 'within': without it the wait never ends", hint)
    return build(Happened, rest, notes, {"query": query}, what="the trigger")


def _query(raw: Raw, key: str, notes: Notes) -> EventQuery | None:
    """Return the events that a key of a trigger asks for."""
    if not isinstance(raw, Table):
        note_shape(notes, raw, repr(key), "a mapping", f"write {key}: {{did: EVENT}}")
        return None
    return event_query(raw, Spot(f"trigger.{key}", notes))


def _elapsed(raw: Table, notes: Notes) -> Model | None:
    lapse = _lapse(raw["elapsed"], notes)
    return build(Elapsed, raw, notes, {"elapsed": lapse}, what="the trigger") if lapse is not None else None


def _lapse(raw: Raw, notes: Notes) -> Lapse | None:
    if not isinstance(raw, Table):
        note_shape(notes, raw, "'elapsed'", "a mapping", "write elapsed: {since: {did: EVENT}, for: 30 days}")
        return None
    replaced: dict[str, object] = {}
    if "since" in raw:
        replaced["since"] = _query(raw["since"], "since", notes)
    if "for" in raw:
        replaced["for"] = _rhythm(raw["for"], notes)
    if None in replaced.values():
        return None
    return build(Lapse, raw, notes, replaced, what="'elapsed'")


def _rhythm(raw: Raw, notes: Notes) -> Rhythm | Duration | None:
    if isinstance(raw, Table):
        found = build(Rhythm, raw, notes, what="'for'")
        if found is not None and (found.field is None) == (found.metric is None):
            notes.error(raw.place, Code.WRONG_SHAPE, "'for' needs either 'field' or 'metric'", "write for: {field: consumption_days, plus: -7 days}")
            return None
        return found
    if not isinstance(raw, Word):
        note_shape(notes, raw, "'for'", "a length of time or a mapping", "write for: 30 days")
        return None
    try:
        return Duration.parse(raw)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        notes.error(raw.place, Code.WRONG_VALUE, f"'for': {message}", hint)
        return None


def _interested(raw: Table, notes: Notes) -> Model | None:
    head = "restocked" if "restocked" in raw else "price_dropped"
    model: type[Restocked | PriceDropped] = Restocked if head == "restocked" else PriceDropped
    inner = raw[head]
    if not isinstance(inner, Table):
        note_shape(notes, inner, repr(head), "a mapping", f"write {head}: {{interested: {{did: view_item, within: 30 days}}}}")
        return None
    replaced: dict[str, object] = {}
    if "interested" in inner:
        replaced["interested"] = _query(inner["interested"], "interested", notes)
        if replaced["interested"] is None:
            return None
    interest = build(Interest, inner, notes, replaced, what=repr(head))
    return build(model, raw, notes, {head: interest}, what="the trigger") if interest is not None else None


def _scheduled(raw: Table, notes: Notes) -> Model | None:
    before = notes.errors
    found = _plain(raw, notes)
    table = getattr(found, "schedule", None)
    if isinstance(table, Timetable):
        _check_timetable(table, raw["schedule"], notes)
    return found if notes.errors == before else None


def _check_timetable(table: Timetable, raw: Raw, notes: Notes) -> None:
    written = {str(key) for key in raw.words()} if isinstance(raw, Table) else set()
    if (table.every is None) == (table.cron is None):
        message, hint = "a schedule needs either 'every' or 'cron'", 'write schedule: {every: monday, at: "09:00"}'
        notes.error(raw.place, Code.WRONG_SHAPE, message, hint)
    elif table.cron is not None and written & {"at", "day"}:
        notes.error(raw.place, Code.WRONG_SHAPE, "a cron expression tells the hour and the day by itself", "take 'at' and 'day' out")
    elif (table.every == "month") != (table.day is not None):
        message = "'day' belongs to every: month" if table.day is not None else "every: month needs 'day'"
        notes.error(raw.place, Code.WRONG_SHAPE, message, 'write schedule: {every: month, day: 10, at: "10:00"}')


_READERS: dict[str, Callable[[Table, Notes], Model | None]] = {
    "did": _happened,
    "elapsed": _elapsed,
    "restocked": _interested,
    "price_dropped": _interested,
    "schedule": _scheduled,
}
