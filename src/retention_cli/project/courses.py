"""What tests say of campaigns: what happens, and how it should go for somebody.

happening = {at: MOMENT, customer: ID, did: EVENT, source: SOURCE, COLUMN: value, …}
| {at: MOMENT, customer: ID, set: {FIELD: value, …}}
| {at: MOMENT, row: KEY, of: SOURCE, set: {COLUMN: value, …}}
course    = {campaign: NAME, customer: ID, until: MOMENT, enters: true | false | COUNT,
sends: [TEMPLATE | {template:, at:, channel:}, …], ends: REASON | false, goals: {GOAL: true | false | NUMBER, …}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.base import read_number
from retention_cli.model.case import Course, Happening, Sending, is_moment
from retention_cli.model.word import Word, place_of
from retention_cli.project.grammar.spot import Spot, shape_of
from retention_cli.project.grammar.values import name
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from retention_cli.model.case import Value
    from retention_cli.project.yaml_tree import Raw

    Values = Callable[[Table, Spot], Mapping[Word, Value]]

CAMPAIGN = "campaign"
COURSE_KEYS = ("customer", "until", "enters", "sends", "ends", "goals")
SENDING_KEYS = ("template", "at", "channel")
HAPPENING_KEYS = ("at", "customer", "did", "source", "set")
ROW_KEYS = ("row", "of")
"""Beside `set`: whose columns change, where it is not a customer."""
TRUE, FALSE = "true", "false"
_NEEDED = ("customer", "until")
_NOTHING = Word("")
_SAID = ("enters", "sends", "ends", "goals")


def happenings(raw: Raw, spot: Spot, values: Values) -> tuple[Happening, ...]:
    """Return what happens; `values` reads the columns of a row."""
    if not isinstance(raw, Series):
        spot.shape(raw, "a list of what happens", "write [{at: 2026-05-01T10:00, customer: a, did: order}]")
        return ()
    found = [_happening(one, spot, values) for one in raw]
    return tuple(one for one in found if one is not None)


def _happening(raw: Raw, spot: Spot, values: Values) -> Happening | None:
    if not isinstance(raw, Table):
        message = f"what happens should be a mapping, not {shape_of(raw)}"
        spot.error(raw, Code.WRONG_SHAPE, message, "write {at: 2026-05-01T10:00, customer: a, did: order}")
        return None
    who = ROW_KEYS if "set" in raw and any(key in raw for key in ROW_KEYS) else ("customer",)
    if not _is_whole(raw, ("at", *who), "what happens", spot) or not _is_one_thing(raw, who, spot):
        return None
    at = _moment(raw["at"], spot.key("at"))
    words = {key: name(raw[key], spot.key(key)) for key in (*who, "did", "source") if key in raw}
    if at is None or any(words[key] is None for key in who):
        return None
    own = Table(raw.place)
    own.update({key: raw[key] for key in raw.words() if key not in (*HAPPENING_KEYS, *who)})
    return Happening(
        at=at,
        customer=words.get("customer") or _NOTHING,
        did=words.get("did"),
        source=words.get("source"),
        of=words.get("of"),
        row=words.get("row"),
        values=values(own, spot),
        changes=_changes(raw["set"], spot.key("set"), values) if "set" in raw else {},
        place=raw.place,
        path=spot.path,
    )


def _is_one_thing(table: Table, who: Collection[str], spot: Spot) -> bool:
    """Note what neither says what was done nor what is set, and what says both."""
    if "did" not in table and "set" not in table:
        if not table.broken:
            spot.error(table, Code.MISSING_KEY, "what happens needs 'did' or 'set'", "write did: EVENT, or set: {FIELD: value}")
        return False
    others = [key for key in table.words() if "set" in table and key not in ("at", *who, "set")]
    for other in others:
        spot.notes.error(other.place, Code.UNKNOWN_KEY, f"{other!r} stands beside 'set'", "write a line for each")
    return not others


def _changes(raw: Raw, spot: Spot, values: Values) -> Mapping[Word, Value]:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping of fields to values", "write set: {newsletter: false}")
        return {}
    return values(raw, spot)


def course(table: Table, spot: Spot) -> Course:
    """Return how a campaign should go for somebody; notes stand beside what cannot be read."""
    _is_whole(table, _NEEDED, "the expectation of a campaign", spot)
    strange = any(key not in (CAMPAIGN, *COURSE_KEYS) for key in table.words())
    if not any(key in table for key in _SAID) and not table.broken and not strange:
        spot.error(
            table,
            Code.MISSING_KEY,
            "the expectation of a campaign says nothing that should come out",
            "add sends: […], ends: REASON or enters: false",
        )
    enters, at_least = _enters(table["enters"], spot.key("enters")) if "enters" in table else (None, False)
    ends = name(table["ends"], spot.key("ends")) if "ends" in table else None
    return Course(
        campaign=_word(table, CAMPAIGN, spot),
        customer=_word(table, "customer", spot),
        until=(_moment(table["until"], spot.key("until")) if "until" in table else None) or _NOTHING,
        enters=enters,
        at_least=at_least,
        sends=_sends(table["sends"], spot.key("sends")) if "sends" in table else None,
        ends=Word("", ends.place) if ends == FALSE else ends,
        goals=_goals(table["goals"], spot.key("goals")) if "goals" in table else {},
        place=table.key(CAMPAIGN).place,
        path=CAMPAIGN,
    )


def _word(table: Table, key: str, spot: Spot) -> Word:
    return (name(table[key], spot.key(key)) if key in table else None) or _NOTHING


def _is_whole(table: Table, needed: Collection[str], what: str, spot: Spot) -> bool:
    missing = [key for key in needed if key not in table and key not in table.broken]
    for key in missing:
        spot.error(table, Code.MISSING_KEY, f"{what} needs {key!r}", f"add {key}: …")
    return not missing and not table.broken & set(needed)


def _moment(raw: Raw, spot: Spot) -> Word | None:
    found = name(raw, spot)
    if found is None or is_moment(found):
        return found
    spot.error(found, Code.WRONG_VALUE, f"{found!r} is neither a date nor a time", "write it like 2026-05-01 or 2026-05-01T09:00")
    return None


def _enters(raw: Raw, spot: Spot) -> tuple[int | None, bool]:
    """Return how many journeys there should be, and whether more would do."""
    if isinstance(raw, Word) and raw in (TRUE, FALSE):
        return int(raw == TRUE), raw == TRUE
    if isinstance(raw, Word) and raw.isascii() and raw.isdigit():
        return int(raw), False
    spot.shape(raw, "true, false or how many times", "write enters: false, or enters: 2")
    return None, False


def _sends(raw: Raw, spot: Spot) -> tuple[Sending, ...]:
    if not isinstance(raw, Series):
        spot.shape(raw, "a list of messages", "write [{template: cart-1, at: 2026-05-01T10:30}], or [] for none")
        return ()
    found = [_sending(one, spot) for one in raw]
    return tuple(one for one in found if one is not None)


def _sending(raw: Raw, spot: Spot) -> Sending | None:
    if isinstance(raw, Word):
        return Sending(template=raw, place=raw.place, path=spot.path)
    if not isinstance(raw, Table):
        spot.shape(raw, "a list of templates, each alone or as {template:, at:}")
        return None
    for key in raw.words():
        if key not in SENDING_KEYS:
            message = f"this version knows no key {key!r} in a message that is sent"
            spot.notes.error(key.place, Code.UNKNOWN_KEY, message, did_you_mean(key, SENDING_KEYS))
    if not _is_whole(raw, ("template",), "a message that is sent", spot):
        return None
    at = _moment(raw["at"], spot.key("at")) if "at" in raw else None
    channel = name(raw["channel"], spot.key("channel")) if "channel" in raw else None
    return Sending(template=_word(raw, "template", spot), at=at, channel=channel, place=raw.place, path=spot.path)


def _goals(raw: Raw, spot: Spot) -> Mapping[Word, Word]:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping of goals", "write {ordered: true, margin: 120}")
        return {}
    found = {goal: _reached(raw[goal], spot.key(goal)) for goal in raw.words()}
    return {goal: value for goal, value in found.items() if value is not None}


def _reached(raw: Raw, spot: Spot) -> Word | None:
    try:
        if isinstance(raw, Word) and (raw in (TRUE, FALSE) or read_number(raw) is not None):
            return raw
    except ValueError:
        pass
    spot.error(raw if isinstance(raw, Word) else Word("", place_of(raw)), Code.WRONG_VALUE, f"a goal is true, false or a number, not {shape_of(raw)}")
    return None
