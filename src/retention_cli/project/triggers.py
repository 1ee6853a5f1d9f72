"""Triggers from their mappings: what begins a journey, each kind by its own head word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.trigger import Enters, Happened
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.events import event_query
from retention_cli.project.grammar.spot import Spot, check_keys, note_shape, note_unknown
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from retention_cli.model.base import Model
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

TRIGGER_KEYS = ("did", "where", "not_followed_by", "late", "backfill")
_STAND_IN = Enters(enters=Word("?"))


def read_trigger(raw: Raw, notes: Notes) -> object:
    """Return the trigger; a stand-in beside the notes where it cannot be read."""
    found: Model | None = None
    if not isinstance(raw, Table):
        note_shape(notes, raw, "trigger", "a mapping", "write {enters: SEGMENT} or {did: EVENT}")
    elif "did" in raw:
        found = _happened(raw, notes)
    elif "enters" in raw:
        found = build(Enters, raw, notes, what="the trigger")
    elif not raw.broken:
        note_unknown(notes, raw, "trigger", ("enters", "did"))
    return found or _STAND_IN


def _happened(raw: Table, notes: Notes) -> Model | None:
    spot = Spot("trigger", notes)
    check_keys(raw, TRIGGER_KEYS, spot)
    asked, rest = Table(raw.place), Table(raw.place)
    for key in raw.words():
        if key in TRIGGER_KEYS:
            (rest if key in Happened.model_fields else asked)[key] = raw[key]
    before = notes.errors
    query = event_query(asked, spot)
    for follow in query.not_followed_by:
        if follow.within is None and notes.errors == before:
            hint = "say how long to wait: within: 30 minutes"
            notes.error(follow.place, Code.MISSING_KEY, "in a trigger, 'not_followed_by' needs 'within': without it the wait never ends", hint)
    return build(Happened, rest, notes, {"query": query}, what="the trigger")
