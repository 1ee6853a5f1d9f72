"""Tests from their files: made-up rows by source, and what should come out of them.

    test      = {test:, as_of:, given: {SOURCE: [row, …], …}, when: [happening, …], expect: expectation | [expectation, …]}
    row       = {COLUMN: value | [value, …], …}
    expectation = {segment: NAME | where: condition, is: ids, has: ids, lacks: ids}
                | {metric: NAME, customer: ID, value: tests} | {metric: NAME, values: {ID: tests, …}}
                | {group: NAME, customer: ID, is: tests} | {group: NAME, values: {ID: tests, …}}
                | course
    happening, course: see courses.py

Every part is read, whatever is wrong with another. Which columns there are is checked later, where the sources are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from retention_cli.model.case import Case, Course, Row, What, Who
from retention_cli.model.condition import InSegment
from retention_cli.model.word import Word, place_of
from retention_cli.project.build import build
from retention_cli.project.courses import CAMPAIGN, COURSE_KEYS, course, happenings
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import Spot, shape_of
from retention_cli.project.grammar.values import name, tests
from retention_cli.project.notes import Code
from retention_cli.project.objects import objects
from retention_cli.project.yaml_tree import Series, Table
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.model.case import Expectation, Value
    from retention_cli.model.problem import Place
    from retention_cli.model.question import Test
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

WHO_KEYS = ("is", "has", "lacks")
HEAD_KEYS = {
    "segment": WHO_KEYS,
    "where": WHO_KEYS,
    "metric": ("customer", "value", "values"),
    "group": ("customer", "is", "values"),
    CAMPAIGN: COURSE_KEYS,
}
"""What an expectation may ask of, and the keys that stand beside it; of a value these are whose, what, and several at once."""

_BY_MOMENT = ("as_of", "given")
"""What a test needs that asks of a moment; one of campaigns alone may begin with what happens."""


class Read(NamedTuple):
    """A test that could be read; `sound` says that nothing was wrong in it."""

    case: Case
    sound: bool


def read_cases(raw: Raw, file: str, into: list[Read], notes: Notes) -> None:
    """Read the tests of a file; a name is there once in it."""
    taken: dict[str, Place] = {}
    for table in objects(raw, file, "test", notes, key="test"):
        before = notes.errors
        parts = _parts(table, notes)
        _note_momentless(table, parts.get("expect"), notes)
        case = build(Case, table, notes, parts, what="the test")
        title = table.get("test")
        if isinstance(title, Word) and (first := taken.setdefault(title, title.place)) != title.place:
            message = f"there are two tests called {title!r} in this file; the first is on line {first.line}"
            notes.error(title.place, Code.DUPLICATE_NAME, message, "rename one of them")
        if case is not None:
            into.append(Read(case, notes.errors == before))


def _note_momentless(table: Table, expected: object, notes: Notes) -> None:
    """Note what is missing of a test that asks of a moment, and a test of campaigns that tells no beginning."""
    found = expected if isinstance(expected, tuple) else ()
    if not found or any(not isinstance(each, Course) for each in found):
        missing = [key for key in _BY_MOMENT if key not in table and key not in table.broken]
    else:
        begins = table.get("when") or {"as_of", "when"} & {*table.broken} or "as_of" in table
        missing = [] if begins else ["as_of"]
    for key in missing:
        notes.error(table.place, Code.MISSING_KEY, f"the test needs {key!r}", f"add {key}: …")


def _parts(table: Table, notes: Notes) -> dict[str, object]:
    parts: dict[str, object] = {}
    if "given" in table:
        parts["given"] = _given(table["given"], Spot("given", notes))
    if "when" in table:
        parts["when"] = happenings(table["when"], Spot("when", notes), _values)
    if "expect" in table:
        parts["expect"] = _expectations(table["expect"], Spot("expect", notes))
    return parts


def _given(raw: Raw, spot: Spot) -> dict[Word, tuple[Row, ...]]:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping of sources to rows", "write given: {orders: [{customer_id: a, …}]}")
        return {}
    return {source: _rows(raw[source], spot.key(source)) for source in raw.words()}


def _rows(raw: Raw, spot: Spot) -> tuple[Row, ...]:
    if not isinstance(raw, Series):
        spot.shape(raw, "a list of rows", "write [{customer_id: a}, {customer_id: b}]")
        return ()
    for row in raw:
        if not isinstance(row, Table):
            spot.error(row, Code.WRONG_SHAPE, f"a row should be a mapping, not {shape_of(row)}", "write {customer_id: a}")
    return tuple(Row(values=_values(row, spot), place=row.place, path=spot.path) for row in raw if isinstance(row, Table))


def _values(row: Table, spot: Spot) -> dict[Word, Value]:
    found = {column: _value(row[column], spot.key(column)) for column in row.words()}
    return {column: value for column, value in found.items() if value is not None}


def _value(raw: Raw, spot: Spot) -> Value | None:
    if isinstance(raw, Word):
        return raw
    if isinstance(raw, Series) and all(isinstance(one, Word) for one in raw):
        return tuple(one for one in raw if isinstance(one, Word))
    spot.shape(raw if isinstance(raw, Table) else next(one for one in raw if not isinstance(one, Word)), "a value or a list of values")
    return None


def _expectations(raw: Raw, spot: Spot) -> tuple[Expectation, ...]:
    found = []
    for one in raw if isinstance(raw, Series) else [raw]:
        if isinstance(one, Table):
            found.append(_expectation(one, spot))
        else:
            spot.error(one, Code.WRONG_SHAPE, f"an expectation should be a mapping, not {shape_of(one)}", "write {segment: NAME, is: [a]}")
            found.append(_NOTHING)
    return tuple(found)


_NOTHING = What(name=Word(""), asked={})
"""Stands in for an expectation that cannot be read, beside its note."""


def _expectation(table: Table, spot: Spot) -> Expectation:
    heads = [key for key in table.words() if key in HEAD_KEYS]
    if not heads:
        _note_headless(table, spot)
        return _NOTHING
    head, *others = heads
    for other in others:
        spot.notes.error(other.place, Code.UNKNOWN_KEY, f"{other!r} stands beside {head!r}", "write a list of two expectations")
    _note_unknown(table, head, spot)
    if head == CAMPAIGN:
        return course(table, spot)
    return _who(table, head, spot) if head in ("segment", "where") else _what(table, head, spot)


def _note_headless(table: Table, spot: Spot) -> None:
    """Note an expectation of nothing that is known: the first word that is no mere key, else what it needs."""
    strange = [key for key in table.words() if key not in {key for keys in HEAD_KEYS.values() for key in keys}]
    if strange:
        spot.notes.error(strange[0].place, Code.UNKNOWN_KEY, f"this version knows no expectation {strange[0]!r}", did_you_mean(strange[0], HEAD_KEYS))
    elif not table.broken:
        spot.error(table, Code.MISSING_KEY, "the expectation does not say of what", "begin with one of: " + ", ".join(HEAD_KEYS))


def _note_unknown(table: Table, head: Word, spot: Spot) -> None:
    for key in _strange(table, head):
        hint = did_you_mean(key, HEAD_KEYS[head])
        spot.notes.error(key.place, Code.UNKNOWN_KEY, f"this version knows no key {key!r} beside {head!r} in an expectation", hint)


def _strange(table: Table, head: Word) -> list[Word]:
    return [key for key in table.words() if key not in {*HEAD_KEYS, *HEAD_KEYS[head]}]


def _who(table: Table, head: Word, spot: Spot) -> Expectation:
    people = {key: _ids(table[key], spot.key(key)) for key in WHO_KEYS if key in table}
    if not people and not table.broken and not _strange(table, head):
        spot.error(table, Code.MISSING_KEY, f"who is meant to be in this {'segment' if head == 'segment' else 'condition'}?", "add is: [a, b]")
    return Who(
        condition=_segment(table[head], spot.key(head)) if head == "segment" else condition(table[head], Spot(head, spot.notes)),
        exactly=people.get("is"),
        has=people.get("has", ()),
        lacks=people.get("lacks", ()),
        place=head.place,
        path=head,
    )


def _segment(raw: Raw, spot: Spot) -> InSegment:
    named = name(raw, spot)
    return InSegment(name=named or Word(""), place=place_of(raw), path="segment")


def _ids(raw: Raw, spot: Spot) -> tuple[Word, ...]:
    if isinstance(raw, Word):
        return (raw,)
    if isinstance(raw, Series) and all(isinstance(one, Word) for one in raw):
        return tuple(one for one in raw if isinstance(one, Word))
    spot.shape(raw, "a list of customers", "write [a, b]")
    return ()


def _what(table: Table, head: Word, spot: Spot) -> Expectation:
    named = name(table[head], spot.key(head))
    return What(name=named or Word(""), asked=_asked(table, head, spot), place=head.place, path=head)


def _asked(table: Table, head: Word, spot: Spot) -> dict[Word, tuple[Test, ...]]:
    _, value, _ = HEAD_KEYS[head]
    if "values" in table:
        for key in ("customer", value):
            if key in table:
                spot.notes.error(table.key(key).place, Code.UNKNOWN_KEY, f"{key!r} stands beside 'values'", "write one or the other")
        return _by_customer(table["values"], spot.key("values"))
    missing = [key for key in ("customer", value) if key not in table and key not in table.broken]
    for key in missing if not _strange(table, head) else ():
        hint = f"write {{{head}: …, customer: a, {value}: …}} or {{{head}: …, values: {{a: …, b: …}}}}"
        spot.error(table, Code.MISSING_KEY, f"the expectation of a {head} needs {key!r}", hint)
    if missing or table.broken & {"customer", value}:
        return {}
    who = name(table["customer"], spot.key("customer"))
    return {} if who is None else {who: tests(table[value], spot.key(value))}


def _by_customer(raw: Raw, spot: Spot) -> dict[Word, tuple[Test, ...]]:
    if not isinstance(raw, Table):
        spot.shape(raw, "a mapping of customers to values", "write {a: 10, b: missing}")
        return {}
    if not raw and not raw.broken:
        spot.error(raw, Code.WRONG_VALUE, "'values' names nobody", "write {a: 10, b: missing}")
    return {who: tests(raw[who], spot.key(who)) for who in raw.words()}
