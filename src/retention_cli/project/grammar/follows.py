"""Which events, with which columns, and what must come after them or must not.

    events = NAME | {source: NAME} | {starts_with: TEXT} | [events, …]
    follow = {did: events, where:, within:, same:, followed_by:, not_followed_by:}

`followed_by` and `not_followed_by` take one follow or a list of them, and nest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.condition import EventsLike, Follow
from retention_cli.model.word import Word, place_of
from retention_cli.project.grammar.logic import condition
from retention_cli.project.grammar.spot import check_keys, name_of, shape_of
from retention_cli.project.grammar.values import duration, name
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition, EventName
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw

FOLLOWING = ("followed_by", "not_followed_by")
FOLLOW_KEYS = ("did", "where", "within", "same", *FOLLOWING)
LIKE_KEYS = ("source", "starts_with")


def events(table: Table, spot: Spot, head: str = "did") -> tuple[EventName, ...]:
    """Return the events that a mapping names under its head."""
    if head not in table:
        note_missing(table, head, f"say which event: {head}: order", spot)
        return ()
    raw, inner = table[head], spot.key(head)
    if not isinstance(raw, Series):
        return _some(raw, inner)
    if not raw and not raw.broken:
        inner.error(raw, Code.EMPTY_CONDITION, f"the list of {name_of(inner.path)} is empty", "write at least one event")
    return tuple(found for index, one in enumerate(raw) for found in _some(one, inner.item(index)))


def _some(raw: Raw, spot: Spot) -> tuple[EventName, ...]:
    if isinstance(raw, Word):
        return (raw,)
    if isinstance(raw, Table):
        return _alike(raw, spot)
    spot.error(raw, Code.WRONG_SHAPE, f"an event should be a name, not {shape_of(raw)}", "write did: order, or a list of names")
    return ()


def _alike(table: Table, spot: Spot) -> tuple[EventsLike, ...]:
    check_keys(table, LIKE_KEYS, spot)
    found = [key for key in LIKE_KEYS if key in table]
    if len(found) != 1:
        if not table.broken:
            spot.error(
                table,
                Code.WRONG_SHAPE,
                f"{name_of(spot.path)} should say one of source and starts_with",
                "write {source: web} or {starts_with: app_}",
            )
        return ()
    key = found[0]
    value = name(table[key], spot.key(key)) or Word("")
    return (
        EventsLike(source=value if key == "source" else "", starts_with=value if key == "starts_with" else "", place=value.place, path=spot.path),
    )


def where(table: Table, spot: Spot) -> Condition | None:
    """Return what is asked of the events' columns, None where nothing is."""
    return condition(table["where"], spot.key("where").rows(), {}) if "where" in table else None


def follows(table: Table, key: str, spot: Spot) -> tuple[Follow, ...]:
    """Return what must come after, or must not."""
    raw = table.get(key)
    inner = spot.key(key)
    if raw is None:
        return ()
    if isinstance(raw, Series):
        if not raw and not raw.broken:
            inner.error(raw, Code.EMPTY_CONDITION, f"{key!r} names no event", "write {did: order, within: 1 day}")
        return tuple(_follow(part, inner.item(index)) for index, part in enumerate(raw))
    return (_follow(raw, inner),)


def _follow(raw: Raw, spot: Spot) -> Follow:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping", "write {did: order, within: 1 day}")
        return Follow(events=(), place=place_of(raw), path=spot.path)
    check_keys(raw, FOLLOW_KEYS, spot)
    return Follow(
        events=events(raw, spot),
        where=where(raw, spot),
        within=duration(raw["within"], spot.key("within")) if "within" in raw else None,
        same=name(raw["same"], spot.key("same")) if "same" in raw else None,
        followed_by=follows(raw, "followed_by", spot),
        not_followed_by=follows(raw, "not_followed_by", spot),
        place=raw.place,
        path=spot.path,
    )


def note_missing(raw: Table, key: str, hint: str, spot: Spot) -> None:
    """Note a key that is not there, unless its own mistake was noted already."""
    if key not in raw.broken:
        spot.error(raw, Code.MISSING_KEY, f"{name_of(spot.path)} needs {key!r}", hint)
