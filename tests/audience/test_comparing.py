"""Waterfall, overlap and profile against plain Python over the same people; each in a few queries however many parts there are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from compile.shop import Given, Shop, fill, open_shop
from retention_cli.audience.overlap import overlap
from retention_cli.audience.profile import Profile, profile
from retention_cli.audience.waterfall import waterfall
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PEOPLE = 240
SEGMENTS = """\
- name: stepped
  where:
    - {country: CZ, age: {at_least: 30}}
    - none: [{did: visit}, {newsletter: true}]
    - any: [{city: Praha}, {did: order}]
- {name: either, where: {any: [{country: SK}, {any: [{age: {at_least: 60}}, {did: visit}]}]}}
- {name: single, where: {not: {country: CZ}}}
- {name: czech, where: {country: CZ}}
- {name: elders, where: {age: {at_least: 60}}}
- {name: visitors, where: {did: visit}}
- {name: everybody, where: {everyone: true}}
- {name: nobody, where: {country: XX}}
"""


def person(n: int) -> dict[str, Any]:
    """Return a customer made by rule; every tenth has no country, every seventh no age."""
    return {
        "customer_id": f"c{n:03}",
        "email": f"c{n:03}@example.com",
        "country": None if n % 10 == 9 else "SK" if n % 3 == 0 else "CZ",
        "city": ("Praha", "Brno", "Ostrava", "")[n % 4],
        "age": None if n % 7 == 6 else 20 + n % 60,
        "newsletter": n % 2 == 0,
        "hobbies": ["cycling", "tea"] if n % 3 == 0 else ["tea"],
    }


CUSTOMERS = [person(n) for n in range(PEOPLE)]
GIVEN: Given = {
    "customers": CUSTOMERS,
    "orders": [{"order_id": f"{n}", "customer_id": f"c{n:03}", "ordered_at": "2026-04-01", "total": n} for n in range(0, PEOPLE, 5)],
    "visits": [{"customer_id": f"c{n:03}", "visited_at": "2026-04-02"} for n in range(0, PEOPLE, 8)],
}


class Counting(DuckEngine):
    """An engine that keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self.asked: list[str] = []

    def run(self, sql: str, values: Any = {}) -> list[tuple[Any, ...]]:  # noqa: B006 - as in the class
        """Run and remember."""
        self.asked.append(sql)
        return super().run(sql, values)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path, {"segments/all.yml": SEGMENTS})


@pytest.fixture
def engine(shop: Shop) -> Iterator[Counting]:
    with Counting() as opened:
        fill(opened, shop, GIVEN)
        opened.asked.clear()
        yield opened


def did(source: str, customer: dict[str, Any]) -> bool:
    return any(row["customer_id"] == customer["customer_id"] for row in GIVEN[source])


STEPS: list[Callable[[dict[str, Any]], bool]] = [
    lambda each: each["country"] == "CZ",
    lambda each: (each["age"] or 0) >= 30,
    lambda each: not did("visits", each),
    lambda each: not each["newsletter"],
    lambda each: each["city"] == "Praha" or did("orders", each),
]


def test_a_waterfall_is_what_counting_by_hand_gives(shop: Shop, engine: Counting) -> None:
    found = waterfall(engine, shop.compiler(), shop.project.segments["stepped"])
    assert [step.text for step in found.steps] == [
        "country = CZ",
        "age >= 30",
        "not did visit",
        "not newsletter = true",
        "(city = Praha or did order)",
    ]
    for n, step in enumerate(found.steps):
        others = [test for m, test in enumerate(STEPS) if m != n]
        assert step.alone == sum(STEPS[n](each) for each in CUSTOMERS)
        assert step.left == sum(all(test(each) for test in STEPS[: n + 1]) for each in CUSTOMERS)
        assert step.without == sum(all(test(each) for test in others) for each in CUSTOMERS)
    assert (found.size, found.of, found.every) == (found.steps[-1].left, PEOPLE, True)
    assert sum(step.change for step in found.steps) == found.size - found.of
    assert [(step.path, step.line) for step in found.steps[:3]] == [("where[0].country", 3), ("where[0].age", 3), ("where[1].none[0]", 4)]


def test_of_any_the_steps_add_up(shop: Shop, engine: Counting) -> None:
    found = waterfall(engine, shop.compiler(), shop.project.segments["either"])
    assert [step.text for step in found.steps] == ["country = SK", "age >= 60", "did visit"]
    assert not found.every
    assert [step.left for step in found.steps] == sorted(step.left for step in found.steps)
    assert sum(step.change for step in found.steps) == found.size
    assert found.steps[2].without == sum(each["country"] == "SK" or (each["age"] or 0) >= 60 for each in CUSTOMERS)


def test_what_cannot_be_taken_apart_is_one_step(shop: Shop, engine: Counting) -> None:
    found = waterfall(engine, shop.compiler(), shop.project.segments["single"])
    assert [(step.text, step.alone, step.left, step.without) for step in found.steps] == [("not country = CZ", found.size, found.size, PEOPLE)]
    nobody = waterfall(engine, shop.compiler(), shop.project.segments["nobody"])
    assert (nobody.size, nobody.steps[0].left) == (0, 0)


def test_a_waterfall_is_one_query_that_reads_each_event_table_once(shop: Shop, engine: Counting) -> None:
    waterfall(engine, shop.compiler(), shop.project.segments["stepped"])
    [asked] = engine.asked
    assert (asked.count("FROM visits"), asked.count("FROM orders")) == (1, 1)


def test_an_overlap_is_what_sets_give(shop: Shop, engine: Counting) -> None:
    names = ("czech", "elders", "visitors")
    tests: list[Callable[[dict[str, Any]], bool]] = [STEPS[0], lambda each: (each["age"] or 0) >= 60, lambda each: did("visits", each)]
    sets = {name: {each["customer_id"] for each in CUSTOMERS if test(each)} for name, test in zip(names, tests, strict=True)}
    found = overlap(engine, shop.compiler(), {name: shop.project.segments[name].where for name in names})
    assert len(engine.asked) == 1
    assert found.of == PEOPLE
    for a in names:
        assert found.alone(a) == len(sets[a] - set().union(*(sets[b] for b in names if b != a)))
        for b in names:
            assert found.size(a, b) == len(sets[a] & sets[b])
    assert found.together() == len(set().union(*sets.values()))
    counted = Counter(frozenset(name for name in names if each["customer_id"] in sets[name]) for each in CUSTOMERS)
    assert dict(found.combinations) == dict(counted)
    assert [count for _, count in found.combinations] == sorted(counted.values(), reverse=True)


def profiled(shop: Shop, engine: DuckEngine, name: str, *fields: str) -> Profile:
    return profile(engine, shop.compiler, shop.project.segments[name].where, fields)


def test_a_profile_is_what_counting_by_hand_gives(shop: Shop, engine: Counting) -> None:
    found = profiled(shop, engine, "visitors", "city", "newsletter", "country", "email", "hobbies", "age", "orders_count", "birthday")
    assert len(engine.asked) == 4, "the table, the summary, the values, the positions"
    members = [each for each in CUSTOMERS if did("visits", each)]
    assert (found.size, found.of) == (len(members), PEOPLE)
    [praha] = [each for each in found.over if (each.field, each.value) == ("city", "Praha")]
    assert (praha.here, praha.everyone) == (len(members), 60)
    assert (praha.share_here, praha.share_everyone, praha.lift) == (1.0, 0.25, 4.0)
    assert [(each.value, each.lift) for each in found.under if each.field == "newsletter"] == [("false", 0.0)]
    assert (None, 0.0) in [(each.value, each.lift) for each in found.under if each.field == "city"], "no city at all is a value too"
    assert found.left_out == {"email": "nearly everybody has another one", "birthday": "nobody has one"}
    assert not [each for each in (*found.over, *found.under) if each.field in ("country", "hobbies")], "what chance explains is not told"


def test_a_list_counts_by_its_elements(shop: Shop, engine: Counting) -> None:
    found = profiled(shop, engine, "czech", "hobbies")
    assert [(each.value, each.lift) for each in found.under] == [("cycling", 0.0)]
    assert not found.over


def test_numbers_have_a_middle_and_a_place_among_all(shop: Shop, engine: Counting) -> None:
    found = profiled(shop, engine, "elders", "age", "orders_count")
    ages = sorted(each["age"] for each in CUSTOMERS if each["age"] is not None)
    old = sorted(age for age in ages if age >= 60)
    age, orders = found.numbers
    assert (age.field, age.known_here, age.known_everyone) == ("age", len(old), len(ages))
    assert age.here is not None
    assert age.here[1] == old[(len(old) - 1) // 2]
    below = sum(each < age.here[1] for each in ages) + sum(each == age.here[1] for each in ages) / 2
    assert age.position == pytest.approx(below / len(ages), abs=1e-6)
    assert orders.here == (0, 0, 0)


@pytest.mark.parametrize("name", ["everybody", "nobody"])
def test_everybody_and_nobody_stand_out_by_nothing(shop: Shop, engine: Counting, name: str) -> None:
    found = profiled(shop, engine, name, "city", "age")
    assert (found.over, found.under) == ((), ())
    assert found.numbers[0].position == (None if name == "nobody" else pytest.approx(0.5, abs=0.02))
