"""Conditions about events: what was done, how often, in which window, followed by what not, folded into which number.

    {did|did_not: events, where:, times:, within:, older_than:, since:, not_followed_by:, same:}
    {total_of|count_of|average_of|median_of|smallest_of|largest_of: {did:, field:, where:, within:, …, value: tests}}

`where` asks only of the event's own row. A trigger and a fold read the same query with fewer or other keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.condition import Did, EventQuery, Fold, Follow, Since, Total
from retention_cli.model.word import Word, place_of
from retention_cli.project.grammar.logic import condition
from retention_cli.project.grammar.spot import check_keys, name_of
from retention_cli.project.grammar.values import counts, duration, name, tests, words
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition, Test
    from retention_cli.model.duration import Duration
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw

WINDOW_KEYS = ("within", "older_than", "since")
QUERY_KEYS = ("where", *WINDOW_KEYS, "not_followed_by", "same")
FOLLOW_KEYS = ("did", "where", "within", "same")
FOLD_KEYS = ("did", "field", *QUERY_KEYS)
ENTRY = "entry"


def did(table: Table, spot: Spot) -> Did:
    """Read `{did: …}` or `{did_not: …}` with the keys beside it."""
    head = "did" if "did" in table else "did_not"
    check_keys(table, (head, "times", *QUERY_KEYS), spot, head=head)
    query = event_query(table, spot, head)
    if spot.scope.bounded and not ({"within", "since"} & (table.keys() | table.broken)):
        hint = "add since: entry, or within: 1 day"
        spot.notes.error(
            table.key(head).place, Code.UNBOUNDED_EXIT, f"{head!r} in an exit must say since when: as it stands, all history counts", hint
        )
    times = counts(table["times"], spot.key("times")) if "times" in table else ()
    return Did(query=query, times=times, negated=head == "did_not", place=table.place, path=spot.path)


def event_query(table: Table, spot: Spot, head: str = "did") -> EventQuery:
    """Read which events count; keys that are not about that are left to the caller."""
    return EventQuery(
        events=_events(table, spot, head),
        where=_where(table, spot),
        within=_duration(table, "within", spot),
        older_than=_duration(table, "older_than", spot),
        since=_since(table, spot),
        not_followed_by=_follows(table, spot),
        same=_same(table, spot),
        place=table.place,
        path=spot.path,
    )


def _events(table: Table, spot: Spot, head: str = "did") -> tuple[str, ...]:
    if head not in table:
        _note_missing(table, head, f"say which event: {head}: order", spot)
        return ()
    raw = table[head]
    if isinstance(raw, Table):
        spot.error(
            raw,
            Code.UNKNOWN_KEY,
            f"this version knows events only by name, not by {', '.join(raw) or 'nothing'}",
            "write did: order, or a list of names",
        )
        return ()
    return words(raw, spot.key(head))


def _where(table: Table, spot: Spot) -> Condition | None:
    return condition(table["where"], spot.key("where").rows(), {}) if "where" in table else None


def _duration(table: Table, key: str, spot: Spot) -> Duration | None:
    return duration(table[key], spot.key(key)) if key in table else None


def _since(table: Table, spot: Spot) -> Since | None:
    raw = table.get("since")
    if raw is None:
        return None
    if not isinstance(raw, Word):
        spot.key("since").shape(raw, "a date, a time or entry")
        return None
    entry = raw == ENTRY and not raw.quoted
    if entry and not spot.scope.entry:
        spot.error(raw, Code.NOT_HERE, "'since: entry' means the entry into a campaign, and there is none here", "write a date, or within: 30 days")
    return Since(text="" if entry else raw, entry=entry, place=raw.place, path=spot.key("since").path)


def _same(table: Table, spot: Spot) -> str | None:
    if "same" not in table:
        return None
    if not spot.scope.same:
        hint = "it compares with the event that began the journey, or stands inside not_followed_by"
        spot.notes.error(table.key("same").place, Code.NOT_HERE, "'same' has nothing to compare with here", hint)
    return name(table["same"], spot.key("same"))


def _follows(table: Table, spot: Spot) -> tuple[Follow, ...]:
    raw = table.get("not_followed_by")
    inner = spot.key("not_followed_by")
    if raw is None:
        return ()
    if isinstance(raw, Series):
        if not raw and not raw.broken:
            inner.error(raw, Code.EMPTY_CONDITION, "'not_followed_by' names no event", "write {did: order, within: 1 day}")
        return tuple(_follow(part, inner.item(index)) for index, part in enumerate(raw))
    return (_follow(raw, inner),)


def _follow(raw: Raw, spot: Spot) -> Follow:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping", "write {did: order, within: 1 day}")
        return Follow(events=(), place=place_of(raw), path=spot.path)
    check_keys(raw, FOLLOW_KEYS, spot)
    return Follow(
        events=_events(raw, spot),
        where=_where(raw, spot),
        within=_duration(raw, "within", spot),
        same=name(raw["same"], spot.key("same")) if "same" in raw else None,
        place=raw.place,
        path=spot.path,
    )


def asked_total(table: Table, spot: Spot) -> Total:
    """Read a fold whose value is asked for: a condition."""
    return _fold(table, spot, asked=True)


def total(table: Table, spot: Spot) -> Total:
    """Read a fold that is a number: a metric, or a goal."""
    return _fold(table, spot, asked=False)


def _fold(table: Table, spot: Spot, *, asked: bool) -> Total:
    fold = next(fold for fold in Fold if fold in table)
    check_keys(table, (str(fold),), spot, head=str(fold))
    inner = spot.key(fold)
    raw = table[fold]
    if not isinstance(raw, Table):
        inner.shape(raw, "a mapping", f"write {fold}: {{did: order, field: total}}")
        return Total(fold=fold, query=EventQuery(events=()), place=table.place, path=spot.path)
    check_keys(raw, (*FOLD_KEYS, "value") if asked else FOLD_KEYS, inner)
    return Total(
        fold=fold,
        query=event_query(raw, inner),
        field=_folded(fold, raw, inner),
        tests=_value(raw, inner) if asked else (),
        place=table.place,
        path=spot.path,
    )


def _folded(fold: Fold, raw: Table, spot: Spot) -> str | None:
    if fold is Fold.COUNT:
        if "field" in raw:
            spot.notes.error(raw.key("field").place, Code.NOT_HERE, "'count_of' counts events, of no field", "leave field out")
        return None
    if "field" in raw:
        return name(raw["field"], spot.key("field"))
    _note_missing(raw, "field", "say which column: field: total", spot)
    return None


def _value(raw: Table, spot: Spot) -> tuple[Test, ...]:
    if "value" in raw:
        return tests(raw["value"], spot.key("value"))
    _note_missing(raw, "value", "say what is asked of it: value: {at_least: 100}", spot)
    return ()


def _note_missing(raw: Table, key: str, hint: str, spot: Spot) -> None:
    if key not in raw.broken:
        spot.error(raw, Code.MISSING_KEY, f"{name_of(spot.path)} needs {key!r}", hint)
