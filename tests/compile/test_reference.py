"""Random conditions over random shops: the one plan finds whom plain Python finds."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, combinations_with_replacement, islice, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compile.reference import Happening, Person, fits
from compile.shop import COLUMNS, Shop, fill, open_shop
from retention_cli.compile.segments import segments_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import All, AnyOf, Did, EventQuery, Everyone, FieldTest, Fold, Follow, NoneOf, Not, Total
from retention_cli.model.duration import Duration
from retention_cli.model.question import Op
from retention_cli.model.question import Test as Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compile.shop import Given
    from retention_cli.model.condition import Condition

SMALL = st.integers(-1, 4)
WORDS = st.sampled_from(["", "a", "b", "ab"])
NUMBERS = (Op.IS, Op.IS_NOT, Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN)


def _number() -> st.SearchStrategy[Question]:
    one = st.builds(lambda op, value: Question(op=op, values=(str(value),)), st.sampled_from(NUMBERS), SMALL)
    two = st.builds(lambda low, high: Question(op=Op.BETWEEN, values=(str(low), str(high))), SMALL, SMALL)
    many = st.builds(
        lambda op, values: Question(op=op, values=tuple(map(str, values))), st.sampled_from((Op.IN, Op.NOT_IN)), st.lists(SMALL, min_size=1)
    )
    return one | two | many | st.sampled_from([Question(op=Op.PRESENT), Question(op=Op.MISSING)])


def _word() -> st.SearchStrategy[Question]:
    one = st.builds(lambda op, value: Question(op=op, values=(value,)), st.sampled_from((Op.IS, Op.IS_NOT, Op.CONTAINS)), WORDS)
    many = st.builds(lambda op, values: Question(op=op, values=tuple(values)), st.sampled_from((Op.IN, Op.NOT_IN)), st.lists(WORDS, min_size=1))
    return one | many | st.sampled_from([Question(op=Op.PRESENT), Question(op=Op.MISSING)])


def _fields(number: str, word: str) -> st.SearchStrategy[Condition]:
    asked = st.tuples(st.just(number), st.lists(_number(), min_size=1, max_size=2)) | st.tuples(
        st.just(word), st.lists(_word(), min_size=1, max_size=2)
    )
    return asked.map(lambda pair: FieldTest(field=pair[0], tests=tuple(pair[1])))


def _nested(leaves: st.SearchStrategy[Condition], most: int) -> st.SearchStrategy[Any]:
    def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.builds(All, parts=parts) | st.builds(AnyOf, parts=parts) | st.builds(NoneOf, parts=parts) | st.builds(Not, part=inner)

    return st.recursive(leaves, more, max_leaves=most)


WHERE = st.none() | _nested(_fields("seconds", "device"), 3)
SPAN = st.integers(0, 6).map(lambda minutes: Duration(minutes, "minute"))
EVENTS = st.lists(st.sampled_from(["view_item", "add_to_cart", "app_open"]), min_size=1, max_size=2, unique=True).map(tuple)
FOLLOW = st.builds(Follow, events=EVENTS, where=WHERE, within=st.none() | SPAN, same=st.none() | st.just("device"))
PLAIN = st.builds(EventQuery, events=EVENTS, where=WHERE, within=st.none() | SPAN, older_than=st.none() | SPAN)
QUERY = PLAIN | st.builds(
    EventQuery, events=EVENTS, where=WHERE, within=st.none() | SPAN, older_than=st.none() | SPAN,
    not_followed_by=st.lists(FOLLOW, min_size=1, max_size=2).map(tuple),
)  # fmt: skip
COUNT = st.builds(lambda op, n: Question(op=op, values=(str(n),)), st.sampled_from(NUMBERS), st.integers(0, 3))
TIMES = st.lists(COUNT, max_size=2).map(tuple)
ONE_EVENT = st.builds(EventQuery, events=st.sampled_from([("view_item",), ("app_open",)]), where=WHERE, within=st.none() | SPAN)
FOLDS = st.builds(
    Total, fold=st.sampled_from([fold for fold in Fold if fold is not Fold.COUNT]), query=ONE_EVENT, field=st.just("seconds"),
    tests=st.lists(_number(), min_size=1, max_size=2).map(tuple),
)  # fmt: skip
COUNTS = st.builds(Total, fold=st.just(Fold.COUNT), query=QUERY, tests=st.lists(COUNT, min_size=1, max_size=2).map(tuple))
LEAVES = _fields("age", "city") | st.builds(Did, query=QUERY, times=TIMES, negated=st.booleans()) | FOLDS | COUNTS | st.builds(Everyone)
CONDITIONS: st.SearchStrategy[Condition] = _nested(LEAVES, 5)

HAPPENINGS = st.builds(
    Happening,
    event=st.sampled_from(["view_item", "add_to_cart", "app_open"]),
    minute=st.integers(-7, 1),
    columns=st.fixed_dictionaries({"seconds": st.none() | SMALL, "device": st.none() | WORDS}),
)
PEOPLE = st.lists(
    st.builds(Person, fields=st.fixed_dictionaries({"age": st.none() | SMALL, "city": st.none() | WORDS}), events=st.lists(HAPPENINGS, max_size=6)),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("reference"), {})


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


def rows(shop: Shop, people: list[Person]) -> Given:
    """Return the people as rows of tables."""

    def at(minute: int) -> str:
        return (shop.moment.as_of + timedelta(minutes=minute)).isoformat()

    return {
        "customers": [{"customer_id": str(n), **person.fields} for n, person in enumerate(people)],
        "web": [
            {"customer_id": str(n), "event": each.event, "occurred_at": at(each.minute), **each.columns}
            for n, person in enumerate(people)
            for each in person.events
        ],
    }


def agree(shop: Shop, engine: DuckEngine, people: list[Person], conditions: list[Condition]) -> None:
    """Ask all conditions in one plan, so that shared features and passes of their own meet in every combination."""
    fill(engine, shop, rows(shop, people), {name: COLUMNS[name] for name in ("customers", "web", "products")})
    compiler = shop.compiler()
    query = segments_query(compiler, {f"c_{n}": condition for n, condition in enumerate(conditions)})
    assert compiler.problems == []
    found = {int(row[0]): list(row[1:]) for row in engine.run(query.sql, query.values)}
    assert found == {n: [fits(person, condition) for condition in conditions] for n, person in enumerate(people)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people=PEOPLE, conditions=st.lists(CONDITIONS, min_size=3, max_size=6))
def test_the_plan_finds_whom_plain_python_finds(shop: Shop, engine: DuckEngine, people: list[Person], conditions: list[Condition]) -> None:
    agree(shop, engine, people, conditions)


NOBODYS = {"age": None, "city": None}
ATOMS = [
    Happening(event, minute, {"seconds": None, "device": device})
    for event, minute, device in product(("view_item", "app_open"), range(-4, 2), ("a", None))
]


def crowd() -> list[Person]:
    """Return everybody who could be: each single event, each pair, and every seventh triple."""
    triples = islice(combinations_with_replacement(ATOMS, 3), 0, None, 7)
    return [Person(NOBODYS, list(events)) for events in ([], *combinations(ATOMS, 1), *combinations_with_replacement(ATOMS, 2), *triples)]


VIEW, OPEN, BOTH = ("view_item",), ("app_open",), ("view_item", "app_open")
SPANS = [None, *(Duration(minutes, "minute") for minutes in (0, 1, 2, 4))]
WINDOWED = [EventQuery(events=events, within=within, older_than=older) for events in (VIEW, BOTH) for within in SPANS for older in SPANS]
FOLLOWED = [
    EventQuery(events=anchor, within=within, not_followed_by=(Follow(events=follower, within=span, same=same),))
    for anchor, follower, span, same, within in product((VIEW, BOTH), (OPEN, BOTH), SPANS, (None, "device"), (None, Duration(2, "minute")))
]
TWICE_FOLLOWED = [
    EventQuery(events=VIEW, not_followed_by=(Follow(events=OPEN, within=first), Follow(events=VIEW, within=second, same="device")))
    for first, second in product(SPANS, SPANS)
]


@pytest.mark.parametrize("queries", [WINDOWED, FOLLOWED[::2], FOLLOWED[1::2], TWICE_FOLLOWED], ids=["windows", "followed", "in a window", "by two"])
def test_windows_and_followers_agree_at_every_edge(shop: Shop, engine: DuckEngine, queries: list[EventQuery]) -> None:
    """Every way that few events can lie within few minutes: ties, both ends of every window, and windows that are not over."""
    once = (Question(op=Op.IS, values=("1",)),)
    agree(shop, engine, crowd(), [Did(query=query, times=times) for query in queries for times in ((), once)])
