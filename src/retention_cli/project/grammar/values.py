"""What may stand behind the colon of a condition: tests of a value, lengths of time, names.

    tests     = scalar | [scalar, …] | present | missing | {operator: value, …, ignore_case:, leap:}
    value     = scalar | [scalar, …] | length of time | share | a yardstick (yardsticks.py)

How many values an operator takes is a table, which the JSON Schema uses too. Values stay text; only lengths of time, shares
and counts are read here, because they mean the same whatever field they meet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.model.duration import Duration
from retention_cli.model.question import Op, Test
from retention_cli.model.source import percent
from retention_cli.model.word import Word, place_of
from retention_cli.project.environment import Expanded
from retention_cli.project.grammar.spot import name_of, shape_of, shown, suggestion
from retention_cli.project.grammar.yardsticks import yardstick
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw

BARE = {str(op): op for op in (Op.PRESENT, Op.MISSING)}
ONE = (
    Op.IS,
    Op.IS_NOT,
    Op.AT_LEAST,
    Op.AT_MOST,
    Op.MORE_THAN,
    Op.LESS_THAN,
    Op.CONTAINS,
    Op.STARTS_WITH,
    Op.ENDS_WITH,
    Op.MATCHES,
    Op.BEFORE,
    Op.AFTER,
    Op.DURING,
    Op.ANNIVERSARY_ON,
)
SOME = (Op.IN, Op.NOT_IN, Op.UNDER, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE)
PAIR = (Op.BETWEEN,)
SPAN = (Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.ANNIVERSARY_IN)
SHARE = (Op.TOP, Op.BOTTOM)
MEASURED = (Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN)
COUNTING = (Op.IS, Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.BETWEEN)
CASELESS = (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN, Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, Op.MATCHES)
IGNORE_CASE, LEAP, FOR = "ignore_case", "leap", "for"
LEAPS = ("february", "march")
_MODIFIERS = (IGNORE_CASE, LEAP)

_OPERATORS = {str(op): op for op in Op if op not in BARE.values()}
_PAIR_LENGTH = 2


def tests(raw: Raw, spot: Spot, *beside: str) -> tuple[Test, ...]:
    """Return the tests of a value; none where they could not be read. Keys in `beside` are the caller's."""
    if isinstance(raw, Table):
        return _operators(raw, spot, beside)
    if isinstance(raw, Series):
        values = words(raw, spot)
        return (Test(op=Op.IN, values=values, place=raw.place, path=spot.path),) if values else ()
    op = Op.IS if raw.quoted else BARE.get(raw, Op.IS)
    return (Test(op=op, values=() if op in BARE.values() else (raw,), place=raw.place, path=spot.path),)


def _operators(table: Table, spot: Spot, beside: Collection[str]) -> tuple[Test, ...]:
    if not set(table) - {*_MODIFIERS, *beside} and not table.broken:
        spot.error(table, Code.EMPTY_CONDITION, f"{name_of(spot.path)} is asked nothing", "write a value or an operator: {at_least: 18}")
    found = []
    for key in table.words():
        if key in _MODIFIERS or key in beside:
            continue
        if (op := _OPERATORS.get(key)) is None:
            _note_unknown(key, spot)
        elif (test := _test(op, table[key], spot.key(key))) is not None:
            found.append(test)
    return _leaping(table, _caseless(table, tuple(found), spot), spot)


def _note_unknown(key: Word, spot: Spot) -> None:
    hint = f"it stands alone: {spot.path.rpartition('.')[2]}: {key}" if key in BARE else suggestion(key, _OPERATORS)
    spot.notes.error(key.place, Code.UNKNOWN_KEY, f"this version knows no operator {key!r}", hint)


def _test(op: Op, raw: Raw, spot: Spot) -> Test | None:
    if op in SPAN:
        length = duration(raw, spot)
        return Test(op=op, values=(_text(raw),), span=length, place=place_of(raw), path=spot.path) if length is not None else None
    if op in SHARE:
        part = share(raw, spot)
        return Test(op=op, values=(format(part, "f"),), place=place_of(raw), path=spot.path) if part is not None else None
    if op in MEASURED and isinstance(raw, Table):
        against = yardstick(raw, spot)
        return Test(op=op, against=against, place=raw.place, path=spot.path) if against is not None else None
    values = _values(op, raw, spot)
    return Test(op=op, values=values, place=place_of(raw), path=spot.path) if values else None


def _values(op: Op, raw: Raw, spot: Spot) -> tuple[str, ...]:
    if op in SOME:
        return words(raw, spot)
    if op in PAIR:
        return _pair(raw, spot)
    if isinstance(raw, Word):
        return (raw,)
    hint = f"for several values, write {_plural_of(op)}" if isinstance(raw, Series) and _plural_of(op) else ""
    spot.shape(raw, "one value", hint)
    return ()


def _plural_of(op: Op) -> str:
    return {Op.IS: "{in: [a, b]}", Op.IS_NOT: "{not_in: [a, b]}"}.get(op, "")


def _pair(raw: Raw, spot: Spot) -> tuple[str, ...]:
    if not isinstance(raw, Series):
        spot.shape(raw, "two values", "write {between: [1, 9]}")
        return ()
    values = words(raw, spot)
    if len(values) != _PAIR_LENGTH and values:
        spot.error(raw, Code.WRONG_VALUE, f"'between' needs two values, not {len(values)}", "write {between: [1, 9]}, both inclusive")
        return ()
    return values


def words(raw: Raw, spot: Spot) -> tuple[str, ...]:
    """Return one value or a list of them; none, and a note, for anything else."""
    if isinstance(raw, Word):
        return (raw,)
    if isinstance(raw, Table):
        spot.shape(raw, "a value or a list of values")
        return ()
    for value in raw:
        if not isinstance(value, Word):
            spot.error(value, Code.WRONG_SHAPE, f"the list of {name_of(spot.path)} holds {shape_of(value)}", "write single values")
    found = tuple(value for value in raw if isinstance(value, Word))
    if not raw and not raw.broken:
        spot.error(raw, Code.EMPTY_CONDITION, f"the list of {name_of(spot.path)} is empty", "write at least one value")
    return found


def _caseless(table: Table, found: tuple[Test, ...], spot: Spot) -> tuple[Test, ...]:
    """Let `ignore_case: true` mean every text operator beside it."""
    if IGNORE_CASE not in table or not flag(table[IGNORE_CASE], spot.key(IGNORE_CASE)):
        return found
    if not any(test.op in CASELESS for test in found):
        spot.notes.error(
            table.key(IGNORE_CASE).place, Code.NOT_HERE, "'ignore_case' stands beside no operator of text", "write it beside is, in, contains, …"
        )
    return tuple(replace(test, ignore_case=test.op in CASELESS) for test in found)


def _leaping(table: Table, found: tuple[Test, ...], spot: Spot) -> tuple[Test, ...]:
    """Let `leap: march` mean the anniversaries beside it."""
    if LEAP not in table:
        return found
    leap = table[LEAP]
    if not isinstance(leap, Word) or leap not in LEAPS:
        spot.error(leap, Code.WRONG_VALUE, "'leap' should be february or march", "29 February counts as 28 February in other years, or as 1 March")
        return found
    if not any(test.op in (Op.ANNIVERSARY_IN, Op.ANNIVERSARY_ON) for test in found):
        spot.notes.error(table.key(LEAP).place, Code.NOT_HERE, "'leap' stands beside no anniversary", "write it beside anniversary_in")
    return tuple(replace(test, leap=str(leap)) for test in found)


def flag(raw: Raw, spot: Spot) -> bool:
    """Return whether a value is `true`; anything but true and false is noted."""
    if isinstance(raw, Word) and raw in {"true", "false"}:
        return raw == "true"
    spot.error(raw, Code.WRONG_VALUE, f"{name_of(spot.path)} should be true or false")
    return False


def counts(raw: Raw, spot: Spot) -> tuple[Test, ...]:
    """Return the tests of `times:`; `times: 2` is exactly two."""
    found = tests(raw, spot) if not isinstance(raw, Series) else ()
    if isinstance(raw, Series):
        spot.shape(raw, "a number or a mapping such as {at_least: 2}")
    for test in found:
        if test.op not in COUNTING:
            spot.notes.error(
                test.place, Code.WRONG_VALUE, f"'times' is a count, and {str(test.op)!r} does not ask of counts", "write times: 2 or {at_least: 2}"
            )
        for value in test.values:
            if not (value.isascii() and value.isdigit()):
                hint = "write times: 2, {at_least: 2}, {at_most: 5} or {between: [2, 5]}"
                spot.notes.error(place_of(value), Code.WRONG_VALUE, f"{shown(value)!r} is not a whole number", hint)
    return found


def duration(raw: Raw, spot: Spot) -> Duration | None:
    """Return a length of time, or None and a note."""
    if not isinstance(raw, Word):
        spot.shape(raw, "a length of time", "write it like 3 days")
        return None
    try:
        return Duration.parse(raw)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        if isinstance(raw, Expanded):
            message, hint = f"what {raw.written} stands for is not a length of time", ""
        spot.error(raw, Code.WRONG_VALUE, message, hint)
        return None


def share(raw: Raw, spot: Spot) -> Decimal | None:
    """Return a share from 0 to 1 that is written `20%`, or None and a note."""
    if not isinstance(raw, Word):
        spot.shape(raw, "a share", "write it like 20%")
        return None
    try:
        return percent(raw)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        spot.error(raw, Code.WRONG_VALUE, message, hint)
        return None


def name(raw: Raw, spot: Spot) -> Word | None:
    """Return one word, or None and a note."""
    if isinstance(raw, Word) and raw:
        return raw
    spot.shape(raw, "a name")
    return None


def _text(raw: Raw) -> str:
    return raw if isinstance(raw, Word) else ""
