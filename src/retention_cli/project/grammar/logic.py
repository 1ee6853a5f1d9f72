"""Fields and logic: what every condition has, whether it asks of a customer or of a row.

    condition  = {FIELD: tests, …} | [condition, …] | {field: NAME, operator: value, …}
               | {all|any|none: [condition, …]} | {not: condition}

A mapping with a head word holds only that word's own keys. The heads that ask of a customer are given by the caller,
in `Heads`; in a row there are none, and saying so is better than taking `did` for a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from retention_cli.model.condition import All, AnyOf, Condition, Everyone, FieldTest, NoneOf, Not
from retention_cli.model.word import Word, place_of
from retention_cli.project.grammar.spot import Spot, check_keys, name_of
from retention_cli.project.grammar.values import FOR, IGNORE_CASE, LEAP, duration, name, tests
from retention_cli.project.grammar.words import HEADS, LOGIC
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Raw, Series, Table

Heads = Mapping[str, Callable[[Table, Spot], Condition]]

_JUNCTIONS: Mapping[str, type[All | AnyOf | NoneOf]] = {"all": All, "any": AnyOf, "none": NoneOf}
_FORMS = "write it like {country: CZ}, {segment: vip} or {did: order}, or as a list of such"


def condition(raw: Raw, spot: Spot, heads: Heads) -> Condition:
    """Return the condition at a spot; where it cannot be read, a note, and `Everyone` stands in."""
    if isinstance(raw, Table):
        return _mapping(raw, spot, heads)
    if isinstance(raw, Series):
        return All(parts=_parts(raw, spot, heads), place=raw.place, path=spot.path)
    spot.shape(raw, "a condition", _FORMS)
    return _nothing(raw, spot)


def _nothing(raw: Raw, spot: Spot) -> Everyone:
    return Everyone(place=place_of(raw), path=spot.path)


def _parts(raw: Raw, spot: Spot, heads: Heads) -> tuple[Condition, ...]:
    if not isinstance(raw, Series):
        spot.shape(raw, "a list of conditions", f"write {spot.path.rpartition('.')[2]}: [ … ]")
        return ()
    if not raw and not raw.broken:
        _note_empty(raw, spot)
    return tuple(condition(part, spot.item(index), heads) for index, part in enumerate(raw))


def _note_empty(raw: Raw, spot: Spot) -> None:
    hint = "" if spot.scope.row else "everybody is meant only where it says {everyone: true}"
    spot.error(raw, Code.EMPTY_CONDITION, f"{name_of(spot.path)} has no condition in it", hint)


def _mapping(table: Table, spot: Spot, heads: Heads) -> Condition:
    head = next((key for key in table.words() if key in HEADS), None)
    if head is None:
        return _nothing(table, spot) if table.broken & HEADS else _fields(table, spot)
    if head in LOGIC:
        return _logic(head, table, spot, heads)
    if head in heads:
        return heads[head](table, spot)
    _note_strange(head, spot)
    return _nothing(table, spot)


def _note_strange(head: Word, spot: Spot) -> None:
    reach = f"a column of that name is reached by {{field: {head}, is: …}}"
    spot.notes.error(head.place, Code.NOT_HERE, f"{head!r} asks of a customer, and here only the columns of a row are asked", reach)


def _logic(head: Word, table: Table, spot: Spot, heads: Heads) -> Condition:
    if head == "field":
        return _named_field(table, spot)
    check_keys(table, (head,), spot, head=head)
    inner = spot.key(head)
    if head == "not":
        return Not(part=condition(table[head], inner, heads), place=table.place, path=spot.path)
    return _JUNCTIONS[head](parts=_parts(table[head], inner, heads), place=table.place, path=spot.path)


def _fields(table: Table, spot: Spot) -> Condition:
    if not table:
        if not table.broken:
            _note_empty(table, spot)
        return _nothing(table, spot)
    parts = tuple(_field(key, table[key], spot.key(key)) for key in table.words())
    return parts[0] if len(parts) == 1 else All(parts=parts, place=table.place, path=spot.path)


def _field(field: Word, raw: Raw, spot: Spot) -> FieldTest:
    beside = () if spot.scope.row else (FOR,)
    lasting = duration(raw[FOR], spot.key(FOR)) if isinstance(raw, Table) and FOR in raw and beside else None
    return FieldTest(field=field, tests=tests(raw, spot, *beside), lasting=lasting, place=field.place, path=spot.path)


def _named_field(table: Table, spot: Spot) -> Condition:
    field = name(table["field"], spot.key("field"))
    rest = Table(table.place)
    rest.broken = set(table.broken)
    for key in table.words():
        if key != "field":
            rest[key] = table[key]
    if set(rest) <= {IGNORE_CASE, LEAP, FOR} and not rest.broken:
        spot.error(table, Code.EMPTY_CONDITION, "'field' is asked nothing", "write {field: segment, is: A}")
        return _nothing(table, spot)
    return _field(field or Word(""), rest, spot.key(field or "field"))
