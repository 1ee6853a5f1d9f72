"""The next question, said once more in plain Python, over whatever customers may have told the shop."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compile.shop import COLUMNS, Shop, fill, open_shop
from compile.shop import settings as settings_with
from retention_cli.compile.segments import members_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import Everyone

if TYPE_CHECKING:
    from collections.abc import Iterator


FIELDS = {"hobby": "hobbies", "town": "city", "how_many": "age", "letters": "newsletter"}
ANSWERS = {"hobby": "[cycling]", "town": "[Brno]", "how_many": "[2, 4]", "letters": "{true: Ano, false: Ne}"}
ORDERS = list(permutations(FIELDS))[::5]
NOTHING: tuple[Any, ...] = (None, "", [])

TOLD = st.fixed_dictionaries({
    "hobbies": st.sampled_from([None, [], ["cycling"], ["running", "cycling"]]),
    "city": st.sampled_from([None, "", "Brno"]),
    "age": st.sampled_from([None, 0, 4]),
    "newsletter": st.sampled_from([None, False, True]),
})  # fmt: skip
HEARD = st.lists(st.tuples(st.sampled_from([*FIELDS, "nps"]), st.integers(-2, 2)), max_size=4)
PEOPLE = st.lists(st.tuples(TOLD, HEARD), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[tuple[str, ...], Shop]]:
    """Return a shop for each of some orders in which the questions may stand."""

    def shop(order: tuple[str, ...]) -> Shop:
        written = "\n".join(f"- {{ask: {name}, field: {FIELDS[name]}, answers: {ANSWERS[name]}}}" for name in order)
        return open_shop(tmp_path_factory.mktemp("questions"), {"retention.yml": settings_with(questions=written)})

    return [(order, shop(order)) for order in ORDERS]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


def asked_next(order: tuple[str, ...], told: dict[str, Any], heard: list[tuple[str, int]]) -> str | None:
    """Return the first question without a value and without an answer up to now."""
    answered = {name for name, minute in heard if minute <= 0}
    return next((name for name in order if told[FIELDS[name]] in NOTHING and name not in answered), None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people=PEOPLE)
def test_the_next_question_is_what_plain_python_says(
    shops: list[tuple[tuple[str, ...], Shop]], engine: DuckEngine, people: list[tuple[dict[str, Any], list[tuple[str, int]]]]
) -> None:
    for order, shop in shops:
        answers = [
            {"customer_id": str(n), "question": name, "answered_at": (shop.moment.as_of + timedelta(minutes=minute)).isoformat()}
            for n, (_, heard) in enumerate(people)
            for name, minute in heard
        ]
        customers = [{"customer_id": str(n), **told} for n, (told, _) in enumerate(people)]
        fill(engine, shop, {"customers": customers, "answers": answers}, {name: COLUMNS[name] for name in ("customers", "answers")})
        compiler = shop.compiler()
        query = members_query(compiler, Everyone(), ["next_question"])
        assert compiler.problems == []
        found = {int(row[0]): row[1] for row in engine.run(query.sql, query.values)}
        assert found == {n: asked_next(order, told, heard) for n, (told, heard) in enumerate(people)}
