"""SEC04: whatever signs a value or a column has, it stays a value or a column; members are those of a plain Python filter."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compile.shop import COLUMNS, Shop, fill, open_shop, schema_of
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.segments import explain_query, members_query, segments_query
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import Did, EventQuery, FieldTest, Fold, Follow, InSegment, Total
from retention_cli.model.question import Op
from retention_cli.model.question import Test as Question
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compile.shop import Given
    from retention_cli.compile.sql import Query
    from retention_cli.model.condition import Condition

PIECES = [
    "'", '"', "''", "\\", "\\'", "--", "/*", "*/", ";", "$1", "$as_of", "?", ":x", "%", "_", "{", "}", "`", "(", ")", "\n", "\r\n", "\t",
    "\x01", "\x1b",
    "\u2028", "\u202e", "a", "A", "ž", "Ž", "ß", "Σ", "ς", "😀", "'; DROP TABLE customers; --", "' OR '1'='1", "NULL",
    "e\u0301", "é", " ", "x' UNION SELECT 1--",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=5).map("".join) | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)

FILTERS: dict[Op, Callable[[str | None, list[str]], bool]] = {
    Op.IS: lambda value, asked: value == asked[0],
    Op.IS_NOT: lambda value, asked: value != asked[0],
    Op.IN: lambda value, asked: value in asked,
    Op.NOT_IN: lambda value, asked: value not in asked,
    Op.CONTAINS: lambda value, asked: value is not None and asked[0] in value,
    Op.STARTS_WITH: lambda value, asked: value is not None and value.startswith(asked[0]),
    Op.ENDS_WITH: lambda value, asked: value is not None and value.endswith(asked[0]),
}
MANY = (Op.IN, Op.NOT_IN)


@st.composite
def asked(draw: st.DrawFn) -> Question:
    """A question about a text, in hostile words."""
    op = draw(st.sampled_from(list(FILTERS)))
    return Question(op=op, values=tuple(draw(st.lists(HOSTILE, min_size=1, max_size=4 if op in MANY else 1))))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("hostile"), {})


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


def expected(texts: list[str | None], test: Question) -> list[str]:
    """Return the ids of those whose text fits, by Python alone."""
    return [str(n) for n, text in enumerate(texts) if FILTERS[test.op](text, list(test.values))]


def evaluated(engine: DuckEngine, query: Query, count: int) -> list[list[str]]:
    """Return who fits each of `count` conditions, after holding both forms of the query to one statement and one answer."""
    assert len(duckdb.extract_statements(query.sql)) == 1
    assert len(duckdb.extract_statements(query.readable())) == 1
    rows = sorted(engine.run(query.sql, query.values))
    assert sorted(engine.run(query.readable())) == rows
    return [sorted((row[0] for row in rows if row[n]), key=int) for n in range(1, count + 1)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(HOSTILE | st.none(), min_size=1, max_size=12), questions=st.lists(asked(), min_size=1, max_size=6))
def test_hostile_values_of_fields_and_events_stay_values(shop: Shop, engine: DuckEngine, texts: list[str | None], questions: list[Question]) -> None:
    """As a field, as a column of an event, in a list, and negated."""
    rows = [{"customer_id": str(n), "city": text, "hobbies": [text or ""]} for n, text in enumerate(texts)]
    visits = [{"customer_id": str(n), "visited_at": "2026-01-01", "branch": text} for n, text in enumerate(texts)]
    fill(engine, shop, {"customers": rows, "visits": visits})
    conditions: dict[str, Condition] = {}
    for n, test in enumerate(questions):
        inside = FieldTest(field="branch", tests=(test,))
        conditions[f"field_{n}"] = FieldTest(field="city", tests=(test,))
        conditions[f"event_{n}"] = Did(query=EventQuery(events=("visit",), where=inside))
        conditions[f"never_{n}"] = Did(query=EventQuery(events=("visit",), where=inside), negated=True)
        conditions[f"list_{n}"] = FieldTest(field="hobbies", tests=(Question(op=Op.HAS_ANY, values=test.values),))
    found = evaluated(engine, segments_query(shop.compiler(), conditions), len(conditions))
    everybody = [str(n) for n in range(len(texts))]
    wanted = []
    for test in questions:
        fitting = expected(texts, test)
        rest = [name for name in everybody if name not in fitting]
        wanted += [fitting, fitting, rest, [name for name in everybody if (texts[int(name)] or "") in test.values]]
    assert found == wanted


def test_ten_thousand_hostile_strings_are_found_as_python_finds_them(shop: Shop, engine: DuckEngine) -> None:
    chance = random.Random(4)  # noqa: S311 - made-up texts, no secret
    texts: list[str | None] = ["".join(chance.choices(PIECES, k=chance.randint(0, 4))) for _ in range(10_000)]
    fill(engine, shop, {"customers": [{"customer_id": str(n), "city": text} for n, text in enumerate(texts)]})
    tests = []
    for _ in range(40):
        op = chance.choice(list(FILTERS))
        some = [text or "" for text in chance.choices(texts, k=3 if op in MANY else 1)]
        tests.append(Question(op=op, values=tuple(some) if op in MANY else (some[0][: chance.randint(1, 6)],)))
    query = segments_query(shop.compiler(), {f"s_{n}": FieldTest(field="city", tests=(test,)) for n, test in enumerate(tests)})
    found = evaluated(engine, query, len(tests))
    assert found == [expected(texts, test) for test in tests]
    assert any(found)


LETTERS = "aAžŽßẞΣσς'İıé😀\\%"  # noqa: RUF001 - it is a sigma
SIMPLE = {"İ": "i"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(LETTERS, max_size=5), min_size=1, max_size=20), test=asked())
def test_ignore_case_folds_both_sides_by_one_rule(shop: Shop, engine: DuckEngine, texts: list[str], test: Question) -> None:
    """Letter by letter: a capital sigma at the end of a word is no different from one inside it."""
    values = tuple("".join(letter for letter in value if letter in LETTERS) for value in (*test.values, texts[0].upper()))
    test = replace(test, ignore_case=True, values=values if test.op in MANY else values[-1:])
    fill(engine, shop, {"customers": [{"customer_id": str(n), "city": text} for n, text in enumerate(texts)]})
    folded = [fold(text) for text in texts]
    query = segments_query(shop.compiler(), {"asked": FieldTest(field="city", tests=(test,))})
    assert evaluated(engine, query, 1) == [expected(list(folded), replace(test, values=tuple(map(fold, test.values))))]


def fold(text: str) -> str:
    """Return a text in lower case by Unicode's simple mapping."""
    return "".join(SIMPLE.get(letter, letter.lower()) for letter in text)


NAMES = [
    "order", "group", "select", "table", "from", "where", "null", "true", "Customer Name", 'a"b', "a'b", "a;b", "--", "a.b", "a/b", "a~b", "ž",
    "日本", "${x}", "$1", "%s", "{x}", "\\", "1st", "customers", "orders.total", "as_of", "did", "UPPER", "x\ny",
]  # fmt: skip


@pytest.fixture(scope="module")
def named(shop: Shop) -> Iterator[tuple[Shop, DuckEngine]]:
    """A shop whose columns have hostile names: texts of customers and visits, amounts of orders."""
    texts, amounts = dict.fromkeys(NAMES, ColumnType.TEXT), dict.fromkeys(NAMES, ColumnType.DECIMAL)
    columns = COLUMNS | {
        "customers": {"customer_id": ColumnType.TEXT, **texts},
        "visits": {"customer_id": ColumnType.TEXT, "visited_at": ColumnType.TIME, **texts},
        "orders": {"order_id": ColumnType.TEXT, "customer_id": ColumnType.TEXT, "ordered_at": ColumnType.TIME, **amounts},
    }
    found = Shop(shop.project, schema_of(shop.project, columns), shop.moment)
    rows: Given = {"customers": [], "visits": [], "orders": []}
    for who in ("1", "2"):
        signs: dict[str, Any] = dict.fromkeys(NAMES, who)
        rows["customers"].append({"customer_id": who, **signs})
        rows["visits"].append({"customer_id": who, "visited_at": "2026-01-01", **signs})
        rows["orders"].append({"order_id": who, "customer_id": who, "ordered_at": "2026-01-02", **signs})
    with DuckEngine(threads=1) as engine:
        fill(engine, found, rows, columns)
        yield found, engine


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_of_columns_stay_names(named: tuple[Shop, DuckEngine], name: str) -> None:
    """As a field, in `where`, folded, compared by `same`, shown, told, and in a trigger's facts."""
    shop, engine = named
    two = (Question(op=Op.IS, values=("2",)),)
    visit = EventQuery(events=("visit",), where=FieldTest(field=name, tests=two))
    conditions: dict[str, Condition] = {
        "field": FieldTest(field=name, tests=two),
        "event": Did(query=visit),
        "total": Total(fold=Fold.TOTAL, query=EventQuery(events=("order",)), field=name, tests=two),
        "median": Total(fold=Fold.MEDIAN, query=EventQuery(events=("order",)), field=name, tests=two),
        "same": Did(query=EventQuery(events=("visit",), not_followed_by=(Follow(events=("visit",), same=name),), where=visit.where)),
    }
    assert evaluated(engine, segments_query(shop.compiler(), conditions), 5) == [["2"]] * 5
    shown = members_query(shop.compiler(), conditions["field"], [name])
    assert engine.run(shown.sql, shown.values) == [("2", "2")]
    begun = occurrences_query(shop.compiler(), visit, Due(shop.moment.instant.replace(year=2025)))
    assert [row[:1] for row in engine.run(begun.sql, begun.values)] == [("2",)]
    trigger = engine.run(begun.sql, begun.values)[0][4]
    engine.table(
        "subjects",
        {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR"},
        [(1, "2", "2025-01-01", trigger), (2, "1", "2025-01-01", trigger)],
    )
    same = Did(query=EventQuery(events=("visit",), same=name))
    told = explain_query(shop.compiler(JOURNEYS), same)
    assert sorted(engine.run(told.query.sql, told.query.values)) == [(False, 0), (True, 1)]


@pytest.mark.parametrize("name", ["order", "group", "a-b", "Select", "CUSTOMERS", "order_gaps", "orders_facts", "x" * 200])
def test_segments_may_be_called_like_anything_a_name_may_be(tmp_path: Path, engine: DuckEngine, name: str) -> None:
    """Reserved words, names of tables, and names that the plan itself would use."""
    shop = open_shop(tmp_path, {"segments/all.yml": f"- {{name: {name}, where: {{days_between_orders: missing, orders_count: 0}}}}\n"})
    fill(engine, shop, {"customers": [{"customer_id": "1"}]})
    query = segments_query(shop.compiler(), {name: InSegment(name=name)})
    assert evaluated(engine, query, 1) == [["1"]]
