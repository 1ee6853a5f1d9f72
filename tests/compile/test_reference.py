"""Random conditions over random shops: the one plan finds whom plain Python finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations, combinations_with_replacement, islice, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compile.reference import PERIODS, Happening, Person, fits
from compile.shop import COLUMNS, Shop, fill, open_shop
from compile.shop import settings as settings_with
from retention_cli.compile.segments import segments_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import All, AnyOf, Did, EventQuery, Everyone, FieldTest, Fold, Follow, NoneOf, Not, Regularly, Total
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
SAME = st.none() | st.just("device")
LAST_FOLLOW = st.builds(Follow, events=EVENTS, where=WHERE, within=st.none() | SPAN, same=SAME)
NONE_OR_ONE = st.lists(LAST_FOLLOW, max_size=1).map(tuple)
FOLLOW = st.builds(Follow, events=EVENTS, where=WHERE, within=st.none() | SPAN, same=SAME, followed_by=NONE_OR_ONE, not_followed_by=NONE_OR_ONE)
FOLLOWS = st.lists(FOLLOW, max_size=2).map(tuple)
NTH = st.none() | st.sampled_from(["1", "2", "last"])
WINDOW = {"within": st.none() | SPAN, "older_than": st.none() | SPAN, "during": st.none() | st.sampled_from(list(PERIODS))}
PLAIN = st.builds(EventQuery, events=EVENTS, where=WHERE, **WINDOW)
CHOSEN = st.builds(EventQuery, events=EVENTS, where=WHERE, **WINDOW, nth=NTH, distinct=st.none() | st.sampled_from(["device", "seconds"]))
SEQUENCE = st.builds(EventQuery, events=EVENTS, where=WHERE, **WINDOW, nth=NTH, not_followed_by=FOLLOWS, followed_by=FOLLOWS)
QUERY = PLAIN | CHOSEN | SEQUENCE
REGULARLY = st.builds(Regularly, every=st.integers(1, 3).map(lambda n: Duration(n, "minute")), at_least=st.integers(1, 2), of=st.integers(2, 3))
REGULAR = st.builds(Did, query=st.builds(EventQuery, events=EVENTS, where=WHERE), negated=st.booleans(), regularly=REGULARLY)
COUNT = st.builds(lambda op, n: Question(op=op, values=(str(n),)), st.sampled_from(NUMBERS), st.integers(0, 3))
TIMES = st.lists(COUNT, max_size=2).map(tuple)
FOLDED = PLAIN | st.builds(EventQuery, events=EVENTS, where=WHERE, **WINDOW, nth=NTH) | SEQUENCE
FOLDS = st.builds(
    Total, fold=st.sampled_from([fold for fold in Fold if fold is not Fold.COUNT]), query=FOLDED, field=st.just("seconds"),
    tests=st.lists(_number(), min_size=1, max_size=2).map(tuple),
)  # fmt: skip
COUNTS = st.builds(Total, fold=st.just(Fold.COUNT), query=QUERY, tests=st.lists(COUNT, min_size=1, max_size=2).map(tuple))
LEAVES = _fields("age", "city") | st.builds(Did, query=QUERY, times=TIMES, negated=st.booleans()) | REGULAR | FOLDS | COUNTS | st.builds(Everyone)
CONDITIONS: st.SearchStrategy[Condition] = _nested(LEAVES, 5)

MIDNIGHTS = st.builds(lambda days, minutes: minutes - 720 - 1440 * days, st.sampled_from([0, 1, 2, 3, 4, 30]), st.integers(-1, 1))
MINUTES = st.integers(-7, 1) | MIDNIGHTS
ON_THE_WEB = st.builds(
    Happening,
    event=st.sampled_from(["view_item", "add_to_cart", "app_open"]),
    minute=MINUTES,
    columns=st.fixed_dictionaries({"seconds": st.none() | SMALL, "device": st.none() | WORDS}),
)
IN_THE_APP = st.builds(
    Happening,
    event=st.just("app_open"),
    minute=MINUTES,
    columns=st.fixed_dictionaries({"seconds": st.none() | SMALL, "device": st.none()}),
    in_app=st.just(True),
)
HAPPENINGS = ON_THE_WEB | IN_THE_APP
PEOPLE = st.lists(
    st.builds(Person, fields=st.fixed_dictionaries({"age": st.none() | SMALL, "city": st.none() | WORDS}), events=st.lists(HAPPENINGS, max_size=6)),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    app = "app: {path: data/app.csv, customer: customer_id, time: opened_at, event: {column: name}}"
    return open_shop(tmp_path_factory.mktemp("reference"), {"retention.yml": settings_with(sources=app)})


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
            if not each.in_app
        ],
        "app": [
            {"customer_id": str(n), "name": each.event, "opened_at": at(each.minute), "seconds": each.columns["seconds"]}
            for n, person in enumerate(people)
            for each in person.events
            if each.in_app
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
CAME = [replace(query, not_followed_by=(), followed_by=query.not_followed_by) for query in FOLLOWED]
NESTED = [
    EventQuery(events=VIEW, **{outer: (Follow(events=OPEN, within=span, **{inner: (Follow(events=VIEW, within=then, same=same),)}),)})  # type: ignore[arg-type]  # keys by name
    for outer, inner in product(("followed_by", "not_followed_by"), repeat=2)
    for span, then, same in product(SPANS, SPANS, (None, "device"))
]
NUMBERED = [
    EventQuery(events=events, nth=nth, within=within, older_than=older, not_followed_by=follows)
    for events, nth, within, older in product((VIEW, BOTH), ("1", "2", "last"), SPANS[:3], SPANS[:3])
    for follows in ((), (Follow(events=OPEN, within=Duration(1, "minute"), same="device"),))
]
TWICE_FOLLOWED = [
    EventQuery(events=VIEW, not_followed_by=(Follow(events=OPEN, within=first), Follow(events=VIEW, within=second, same="device")))
    for first, second in product(SPANS, SPANS)
]
SPANNED = [{"within": within, "older_than": older} for within in SPANS for older in SPANS] + [{"during": period} for period in PERIODS]
ONE_SEQUENCE = [
    EventQuery(events=VIEW, nth=nth, not_followed_by=(Follow(events=OPEN, within=Duration(1, "minute")),), **spanned)
    for nth, spanned in product((None, "last"), SPANNED)
]


@pytest.mark.parametrize(
    "queries",
    [WINDOWED, FOLLOWED[::2], FOLLOWED[1::2], CAME[::2], CAME[1::2], NESTED[::7], NESTED[3::7], NUMBERED[::3], TWICE_FOLLOWED, ONE_SEQUENCE],
    ids=[
        "windows",
        "not followed",
        "not followed in a window",
        "followed",
        "followed in a window",
        "nested",
        "nested more",
        "numbered",
        "by two",
        "one in many windows",
    ],
)
def test_windows_and_followers_agree_at_every_edge(shop: Shop, engine: DuckEngine, queries: list[EventQuery]) -> None:
    """Every way that few events can lie within few minutes: ties, both ends of every window, and windows that are not over."""
    once = (Question(op=Op.IS, values=("1",)),)
    agree(shop, engine, crowd(), [Did(query=query, times=times) for query in queries for times in ((), once)])


DEVICES = [Happening(event, minute, {"seconds": None, "device": device}) for event, minute, device in product(BOTH, range(-3, 1), ("a", "b", None))]
FEW = [Person(NOBODYS, list(events)) for n in (1, 2) for events in combinations_with_replacement(DEVICES, n)]
ON_A = FieldTest(field="device", tests=(Question(op=Op.IS, values=("a",)),))


def test_different_values_in_every_window_agree(shop: Shop, engine: DuckEngine) -> None:
    """One column, asked in windows that reach up to now and in others, of different events and with different conditions."""
    asked = product((VIEW, OPEN, BOTH), (None, ON_A), SPANS, (None, Duration(1, "minute")))
    queries = [EventQuery(events=events, where=where, within=within, older_than=older, distinct="device") for events, where, within, older in asked]
    counts = [(Question(op=Op.IS, values=(number,)),) for number in ("1", "2")]
    agree(shop, engine, FEW, [Did(query=query, times=times) for query in queries for times in counts])
