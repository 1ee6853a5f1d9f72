"""Conditions about events: what was done, how often, in which window, followed by what, folded into which number.

    {did|did_not: events, where:, times:, distinct:, nth:, regularly:, within:, older_than:, since:, during:,
     followed_by:, not_followed_by:, same:, max_data_age:}
    {has: FACT, where:, times:, distinct:}
    {total_of|count_of|average_of|median_of|smallest_of|largest_of|first_of|latest_of: {did:, field:, where:, …, value: tests}}

`where` asks only of the event's own row. A trigger and a fold read the same query with fewer or other keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.condition import Did, EventQuery, Fold, Regularly, Since, Total
from retention_cli.model.duration import Duration
from retention_cli.model.word import Word
from retention_cli.project.grammar.follows import FOLLOWING, events, follows, note_missing, where
from retention_cli.project.grammar.spot import check_keys
from retention_cli.project.grammar.values import counts, duration, name, tests
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from retention_cli.model.question import Test
    from retention_cli.project.grammar.spot import Spot

WINDOW_KEYS = ("within", "older_than", "since", "during")
QUERY_KEYS = ("where", *WINDOW_KEYS, "nth", "distinct", *FOLLOWING, "same")
FACT_KEYS = ("where", "distinct")
FOLD_KEYS = ("did", "field", *QUERY_KEYS)
REGULAR_KEYS = ("every", "in")
LAST, ENTRY, DATA_AGE = "last", "entry", "max_data_age"
VALUES = (Fold.FIRST, Fold.LATEST)
"""Folds that give a value as it is, so that any type of column will do."""
_MOST_STRETCHES = 60


def did(table: Table, spot: Spot) -> Did:
    """Read `{did: …}` or `{did_not: …}` with the keys beside it."""
    head = "did" if "did" in table else "did_not"
    check_keys(table, (head, "times", "regularly", *QUERY_KEYS, DATA_AGE), spot, head=head)
    query = event_query(table, spot, head)
    if spot.scope.bounded and not ({"within", "since"} & (table.keys() | table.broken)):
        hint = "add since: entry, or within: 1 day"
        spot.notes.error(table.key(head).place, Code.UNBOUNDED_EXIT, f"here {head!r} must say since when: as it stands, all history counts", hint)
    times = counts(table["times"], spot.key("times")) if "times" in table else ()
    return Did(
        query=query,
        times=times,
        negated=head == "did_not",
        regularly=_regularly(table, spot),
        max_data_age=_data_age(table, spot),
        place=table.place,
        path=spot.path,
    )


def has(table: Table, spot: Spot) -> Did:
    """Read `{has: …}`: rows without a time."""
    check_keys(table, ("has", "times", *FACT_KEYS), spot, head="has")
    query = EventQuery(
        events=events(table, spot, "has"),
        where=where(table, spot),
        distinct=_column(table, "distinct", spot),
        facts=True,
        place=table.place,
        path=spot.path,
    )
    times = counts(table["times"], spot.key("times")) if "times" in table else ()
    return Did(query=query, times=times, place=table.place, path=spot.path)


def event_query(table: Table, spot: Spot, head: str = "did") -> EventQuery:
    """Read which events count; keys that are not about that are left to the caller."""
    return EventQuery(
        events=events(table, spot, head),
        where=where(table, spot),
        within=_duration(table, "within", spot),
        older_than=_duration(table, "older_than", spot),
        since=_since(table, spot),
        during=_column(table, "during", spot),
        followed_by=follows(table, "followed_by", spot),
        not_followed_by=follows(table, "not_followed_by", spot),
        same=_same(table, spot),
        nth=_nth(table, spot),
        distinct=_column(table, "distinct", spot),
        place=table.place,
        path=spot.path,
    )


def _column(table: Table, key: str, spot: Spot) -> str | None:
    return name(table[key], spot.key(key)) if key in table else None


def _duration(table: Table, key: str, spot: Spot) -> Duration | None:
    return duration(table[key], spot.key(key)) if key in table else None


def _data_age(table: Table, spot: Spot) -> Duration | None:
    if DATA_AGE in table and not spot.scope.exit:
        hint = "write it in exit: …, where it holds messages; guard: {max_age: 2 hours} of a source stops the whole run"
        spot.notes.error(table.key(DATA_AGE).place, Code.NOT_HERE, f"{DATA_AGE!r} holds messages back, and only an exit can", hint)
    return _duration(table, DATA_AGE, spot)


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
        hint = "it compares with the event that began the journey, or stands inside followed_by and not_followed_by"
        spot.notes.error(table.key("same").place, Code.NOT_HERE, "'same' has nothing to compare with here", hint)
    return name(table["same"], spot.key("same"))


def _nth(table: Table, spot: Spot) -> str | None:
    raw = table.get("nth")
    if raw is None:
        return None
    if not isinstance(raw, Word) or not (raw == LAST or (raw.isascii() and raw.isdigit() and int(raw))):
        spot.error(raw, Code.WRONG_VALUE, "'nth' should be 1, 2, … or last", "write nth: 1 for the first of a customer's events")
        return None
    return raw


def _regularly(table: Table, spot: Spot) -> Regularly | None:
    raw, inner = table.get("regularly"), spot.key("regularly")
    if raw is None:
        return None
    form = "write regularly: {every: 3 days, in: {at_least: 2, of: 3}}"
    if isinstance(raw, Table):
        check_keys(raw, REGULAR_KEYS, inner)
    if not isinstance(raw, Table) or not isinstance(raw.get("in"), Table) or "every" not in raw:
        if not (isinstance(raw, Table) and (set(raw) - set(REGULAR_KEYS) or raw.broken)):
            inner.shape(raw, "a mapping with every and in", form)
        return None
    _note_beside_regularly(table, spot)
    counted = raw["in"]
    assert isinstance(counted, Table)  # noqa: S101 - just checked above, for the type checker
    check_keys(counted, ("at_least", "of"), inner.key("in"))
    every = duration(raw["every"], inner.key("every"))
    at_least, of = (_stretches(counted, key, inner.key("in"), form) for key in ("at_least", "of"))
    if every is None or at_least is None or of is None:
        return None
    if at_least > of:
        inner.error(counted, Code.WRONG_VALUE, f"{at_least} of {of} stretches can never be", form)
    try:
        Duration.parse(f"{every.count * of} {every.unit}s")
    except ValueError as error:
        inner.error(counted, Code.WRONG_VALUE, str(error).partition("; ")[0], form)
        return None
    return Regularly(every=every, at_least=at_least, of=of, place=raw.place, path=inner.path)


def _note_beside_regularly(table: Table, spot: Spot) -> None:
    for key in ("times", "distinct", "nth", *WINDOW_KEYS, *FOLLOWING):
        if key in table:
            spot.notes.error(
                table.key(key).place, Code.NOT_HERE, f"{key!r} cannot stand beside 'regularly'", "it counts stretches of time, not events"
            )


def _stretches(table: Table, key: str, spot: Spot, form: str) -> int | None:
    raw = table.get(key)
    if not isinstance(raw, Word) or not (raw.isascii() and raw.isdigit()) or not 1 <= int(raw) <= _MOST_STRETCHES:
        spot.error(raw if raw is not None else table, Code.WRONG_VALUE, f"{key!r} should be a whole number from 1 to {_MOST_STRETCHES}", form)
        return None
    return int(raw)


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
    note_missing(raw, "field", "say which column: field: total", spot)
    return None


def _value(raw: Table, spot: Spot) -> tuple[Test, ...]:
    if "value" in raw:
        return tests(raw["value"], spot.key("value"))
    note_missing(raw, "value", "say what is asked of it: value: {at_least: 100}", spot)
    return ()
