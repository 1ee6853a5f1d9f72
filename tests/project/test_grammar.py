"""What a condition means as nodes: the same tree that SQL is compiled from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.model.condition import (
    All,
    AnyOf,
    Condition,
    Did,
    EventQuery,
    Everyone,
    FieldTest,
    Fold,
    Follow,
    InSegment,
    NoneOf,
    Not,
    Since,
    Total,
    walk,
)
from retention_cli.model.duration import Duration
from retention_cli.model.question import Op
from retention_cli.model.question import Test as Asked
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import ROW, Scope, Spot
from retention_cli.project.notes import Notes
from retention_cli.project.yaml_tree import Raw, Series, Table, read

DAY = Duration(1, "day")
CAMPAIGN = Scope(entry=True, same=True)


def _read(text: str, scope: Scope | None = None) -> Condition:
    raw, problems = read(text)
    assert raw is not None
    assert problems == []
    notes = Notes()
    found = condition(raw, Spot("where", notes, scope or Scope()))
    assert notes == []
    return found


def _is(*values: str) -> tuple[Asked, ...]:
    return (Asked(op=Op.IS, values=values),)


ORDER = EventQuery(events=("order",))
CASES: list[tuple[str, Condition]] = [
    ("country: CZ", FieldTest("country", _is("CZ"))),
    ("zip: 02134", FieldTest("zip", _is("02134"))),
    ("country: [CZ, SK]", FieldTest("country", (Asked(Op.IN, ("CZ", "SK")),))),
    ("birthday: present", FieldTest("birthday", (Asked(Op.PRESENT),))),
    ("birthday: missing", FieldTest("birthday", (Asked(Op.MISSING),))),
    ('birthday: "missing"', FieldTest("birthday", _is("missing"))),
    ("age: {at_least: 18, less_than: 65}", FieldTest("age", (Asked(Op.AT_LEAST, ("18",)), Asked(Op.LESS_THAN, ("65",))))),
    ("age: {between: [18, 65]}", FieldTest("age", (Asked(Op.BETWEEN, ("18", "65")),))),
    ("hobbies: {has_any: running}", FieldTest("hobbies", (Asked(Op.HAS_ANY, ("running",)),))),
    ("at: {within: 1 day}", FieldTest("at", (Asked(Op.WITHIN, ("1 day",), DAY),))),
    ("at: {before: 50 days ago}", FieldTest("at", (Asked(Op.BEFORE, ("50 days ago",)),))),
    ("mail: {contains: x, ignore_case: true}", FieldTest("mail", (Asked(Op.CONTAINS, ("x",), None, ignore_case=True),))),
    ("mail: {contains: x, ignore_case: false}", FieldTest("mail", (Asked(Op.CONTAINS, ("x",)),))),
    ("{field: segment, is: A}", FieldTest("segment", _is("A"))),
    ("{a: 1, b: 2}", All((FieldTest("a", _is("1")), FieldTest("b", _is("2"))))),
    ("[a: 1, b: 2]", All((FieldTest("a", _is("1")), FieldTest("b", _is("2"))))),
    ("any: [a: 1, b: 2]", AnyOf((FieldTest("a", _is("1")), FieldTest("b", _is("2"))))),
    ("none: [a: 1]", NoneOf((FieldTest("a", _is("1")),))),
    ("not: {a: 1}", Not(FieldTest("a", _is("1")))),
    ("everyone: true", Everyone()),
    ("segment: vip", InSegment("vip")),
    ("did: order", Did(ORDER)),
    ("did: [order, app_open]", Did(EventQuery(events=("order", "app_open")))),
    ("did_not: order", Did(ORDER, negated=True)),
    ("{did: order, times: 2}", Did(ORDER, times=_is("2"))),
    ("{did: order, times: {at_least: 2}}", Did(ORDER, times=(Asked(Op.AT_LEAST, ("2",)),))),
    (
        "{did: order, where: {status: paid}, within: 1 day, older_than: 1 day, since: 2026-01-01}",
        Did(EventQuery(("order",), FieldTest("status", _is("paid")), DAY, DAY, Since("2026-01-01"))),
    ),
    (
        "{did: order, not_followed_by: [{did: order, where: {a: 1}, within: 1 day, same: b}, {did: c}]}",
        Did(EventQuery(("order",), not_followed_by=(Follow(("order",), FieldTest("a", _is("1")), DAY, "b"), Follow(("c",))))),
    ),
    ("{did: order, not_followed_by: {did: c}}", Did(EventQuery(("order",), not_followed_by=(Follow(("c",)),)))),
    ("total_of: {did: order, field: total, value: {at_least: 5}}", Total(Fold.TOTAL, ORDER, "total", (Asked(Op.AT_LEAST, ("5",)),))),
    ("count_of: {did: order, within: 1 day, value: 5}", Total(Fold.COUNT, EventQuery(("order",), within=DAY), None, _is("5"))),
]


@pytest.mark.parametrize(("text", "node"), CASES, ids=[text for text, _ in CASES])
def test_conditions(text: str, node: Condition) -> None:
    assert _read(text) == node


def test_only_a_campaign_knows_its_entry() -> None:
    found = _read("{did: order, since: entry, same: product_id}", CAMPAIGN)
    assert found == Did(EventQuery(("order",), since=Since(entry=True), same="product_id"))


def test_a_row_has_only_columns() -> None:
    assert _read("{any: [{status: paid}, {not: {status: open}}]}", ROW) == AnyOf(
        (FieldTest("status", _is("paid")), Not(FieldTest("status", _is("open"))))
    )


def test_paths_lead_to_the_spot() -> None:
    """`explain` and problems name a condition by the same path."""
    text = "[{age: {at_least: 18}}, {any: [{did: order, where: {status: paid}}, {a: 1, b: 2}]}]"
    found = _read(text)
    assert [node.path for node in walk(found)] == [
        "where",
        "where[0].age",
        "where[1]",
        "where[1].any[0]",
        "where[1].any[1]",
        "where[1].any[1].a",
        "where[1].any[1].b",
    ]
    assert isinstance(found, All)
    field = found.parts[0]
    assert isinstance(field, FieldTest)
    assert (field.tests[0].path, str(field.place), str(field.tests[0].place)) == ("where[0].age.at_least", ":1:3", ":1:19")


_VOCABULARY = """
a present 2 true entry did did_not where times within since same value field segment everyone any none not all is in between
at_least ignore_case total_of count_of not_followed_by has nth
"""
_WORDS = st.sampled_from(_VOCABULARY.split())
_TREES = st.recursive(_WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4), max_leaves=20)


def _raw(plain: object) -> Raw:
    text = repr(plain)  # a Python literal of lists, mappings and plain words is YAML
    raw, _ = read(text)
    assert raw is not None
    return raw


@given(_TREES, st.sampled_from([Scope(), ROW, CAMPAIGN, Scope(entry=True, bounded=True)]))
def test_any_tree_gives_a_condition(tree: object, scope: Scope) -> None:
    """Whatever is written, there is a node to go on with, and every problem has a place."""
    notes = Notes()
    raw = _raw(tree)
    found = condition(raw, Spot("where", notes, scope))
    assert walk(found)
    assert all(problem.place.line == 1 and problem.message for problem in notes)
    if not isinstance(raw, (Table, Series)):
        assert notes
