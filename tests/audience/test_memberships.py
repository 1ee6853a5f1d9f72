"""Memberships as bitmaps: what is in goes out and comes back the same, over more than one word; and who came and went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from sqlglot import exp

from compile.shop import Shop, fill, open_shop, settings
from retention_cli.audience.fingerprints import fingerprint
from retention_cli.audience.memberships import (
    BEFORE,
    NOW,
    Generation,
    delta_blob,
    evaluate,
    joined,
    load_before,
    was_in,
    whole_blob,
)
from retention_cli.compile import sql
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

COUNT = 70


@dataclass(frozen=True)
class Stored:
    """A generation as a ledger gives it back."""

    segments: Mapping[str, str]
    whole: bytes


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


def shop_of(root: Path, names: Iterable[str], extra: str = "") -> Shop:
    """Return a shop with a segment `s_N` for each: those who are at least N."""
    listed = "".join(f"- {{name: {name}, where: {{age: {{at_least: {name[2:]}}}}}}}\n" for name in names)
    return open_shop(root, {"segments/all.yml": listed + extra})


def names(start: int, end: int) -> list[str]:
    """Return s_00 … in order."""
    return [f"s_{n:02}" for n in range(start, end)]


def aged(engine: DuckEngine, shop: Shop, ages: Mapping[str, int | None]) -> Generation:
    """Give customers their ages and evaluate all segments."""
    fill(engine, shop, {"customers": [{"customer_id": who, "age": age} for who, age in ages.items()]})
    return evaluate(shop.project, shop.schema, shop.moment, engine)


def was(engine: DuckEngine, before: Generation, segment: str) -> list[str]:
    """Return who had a segment's bit."""
    select = exp.Select().select(sql.col("customer_id"), copy=False).from_(sql.table(BEFORE), copy=False).where(was_in(before, segment), copy=False)
    return sorted(row[0] for row in engine.run(select.sql(dialect="duckdb")))


def rows_of(engine: DuckEngine, blob: bytes, root: Path) -> list[tuple[object, ...]]:
    """Return the rows of a Parquet blob."""
    path = root / "blob.parquet"
    path.write_bytes(blob)
    return sorted(engine.run("SELECT * FROM read_parquet($path)", {"path": str(path)}))


def test_seventy_segments_go_into_two_words_and_come_back(tmp_path: Path, engine: DuckEngine) -> None:
    """Also the first and the last bit of a word (63 is the sign of a signed one), for nobody, and for everybody."""
    ages = {"nobody": None, "none": -1, "zero": 0, "one": 1, "sixtythree": 63, "sixtyfour": 64, "all": 99}
    now = aged(engine, shop_of(tmp_path, names(0, COUNT)), ages)
    assert now.names == names(0, COUNT)
    blob = whole_blob(engine)
    assert [len(row) for row in rows_of(engine, blob, tmp_path)] == [3] * len(ages)
    before = load_before(engine, Stored(now.segments, blob))
    assert before == now
    for position, name in enumerate(now.names):
        assert was(engine, before, name) == sorted(who for who, age in ages.items() if age is not None and age >= position), name


def test_before_the_first_generation_nobody_was_anywhere(engine: DuckEngine) -> None:
    before = load_before(engine, None)
    assert before.segments == {}
    assert was(engine, before, "s_00") == []


def test_a_generation_of_no_segments_is_one_too(tmp_path: Path, engine: DuckEngine) -> None:
    now = aged(engine, open_shop(tmp_path, {}), {"a": 1})
    before = load_before(engine, Stored(now.segments, whole_blob(engine)))
    assert before.names == []
    assert rows_of(engine, delta_blob(engine, now, before), tmp_path) == []


def test_the_delta_tells_who_entered_and_who_left(tmp_path: Path, engine: DuckEngine) -> None:
    """A customer who is gone has left; one who is new has entered; a segment that is new has no delta yet."""
    first = shop_of(tmp_path / "first", names(0, 66))
    then = aged(engine, first, {"up": 0, "down": 1, "stays": 64, "gone": 0})
    before = load_before(engine, Stored(then.segments, whole_blob(engine)))
    second = shop_of(tmp_path / "second", [*names(0, 2), *names(64, 68)])
    now = aged(engine, second, {"up": 1, "down": -1, "stays": 65, "new": 0, "blank": None})
    assert rows_of(engine, delta_blob(engine, now, before), tmp_path) == [
        ("down", "s_00", False),
        ("down", "s_01", False),
        ("gone", "s_00", False),
        ("new", "s_00", True),
        ("stays", "s_65", True),
        ("up", "s_01", True),
    ]


def test_a_delta_of_the_same_is_empty(tmp_path: Path, engine: DuckEngine) -> None:
    now = aged(engine, shop_of(tmp_path, names(0, COUNT)), {"a": 5, "b": 64, "c": None})
    before = load_before(engine, Stored(now.segments, whole_blob(engine)))
    assert rows_of(engine, delta_blob(engine, now, before), tmp_path) == []


def test_the_same_memberships_are_the_same_rows_whatever_their_order(tmp_path: Path, engine: DuckEngine) -> None:
    shop = shop_of(tmp_path, names(0, 3))
    aged(engine, shop, {"a": 5, "b": 1})
    one = whole_blob(engine)
    aged(engine, shop, {"b": 1, "a": 5})
    other = whole_blob(engine)
    assert rows_of(engine, one, tmp_path) == rows_of(engine, other, tmp_path)


def test_only_the_asked_segments_are_evaluated(tmp_path: Path, engine: DuckEngine) -> None:
    shop = shop_of(tmp_path, names(0, 5))
    fill(engine, shop, {"customers": [{"customer_id": "a", "age": 3}]})
    found = evaluate(shop.project, shop.schema, shop.moment, engine, ["s_03", "s_01"])
    assert found.names == ["s_01", "s_03"]
    assert engine.columns(f"SELECT * FROM {NOW}") == {"customer_id": "VARCHAR", "s_01": "BOOLEAN", "s_03": "BOOLEAN"}  # noqa: S608 - a constant


def test_now_and_before_meet_by_customer(tmp_path: Path, engine: DuckEngine) -> None:
    shop = shop_of(tmp_path, names(0, 1))
    then = aged(engine, shop, {"a": 1, "b": 1})
    load_before(engine, Stored(then.segments, whole_blob(engine)))
    aged(engine, shop, {"b": 1, "c": 1})
    select = joined("full").select(sql.col("customer_id", NOW), sql.col("customer_id", BEFORE), copy=False)
    assert sorted(engine.run(select.sql(dialect="duckdb")), key=str) == [("b", "b"), ("c", None), (None, "a")]


SEGMENTS = """\
- {name: plain, where: {country: CZ}}
- {name: outer, where: [{segment: inner}, {age: 1}]}
- {name: inner, where: {spent: {at_least: 10}}}
- {name: other, where: {country: CZ, age: 1}}
"""
METRIC = "spent: {total_of: {did: order, field: total, within: 1 year}}\n"


def prints(root: Path, segments: str = SEGMENTS, metric: str = METRIC) -> dict[str, str]:
    """Return the fingerprint of each segment."""
    project = open_shop(root, {"segments/all.yml": segments, "metrics/own.yml": metric}).project
    return {name: fingerprint(project, name) for name in project.segments}


def test_a_fingerprint_is_of_the_meaning(tmp_path: Path) -> None:
    """Words about a segment, spaces and the place in the file mean nothing; every segment has its own."""
    plain = prints(tmp_path / "plain")
    assert len(set(plain.values())) == 4
    moved = "# a comment\n" + SEGMENTS.replace("name: inner,", "name: inner, description: those who spent,").replace(
        "{country: CZ}", "{country:  CZ}"
    )
    assert prints(tmp_path / "moved", moved) == plain


@pytest.mark.parametrize(
    ("segments", "metric", "changed"),
    [
        (SEGMENTS.replace("at_least: 10", "at_least: 11"), METRIC, {"inner", "outer"}),
        (SEGMENTS, METRIC.replace("1 year", "2 years"), {"inner", "outer"}),
        (SEGMENTS, METRIC.replace("field: total", "field: total, where: {status: paid}"), {"inner", "outer"}),
        (SEGMENTS.replace("name: plain, where: {country: CZ}", "name: plain, where: {country: SK}"), METRIC, {"plain"}),
        (SEGMENTS.replace("{segment: inner}, {age: 1}", "{segment: inner}, {age: 2}"), METRIC, {"outer"}),
    ],
)
def test_a_fingerprint_changes_with_what_a_segment_stands_on(tmp_path: Path, segments: str, metric: str, changed: set[str]) -> None:
    before, after = prints(tmp_path / "before"), prints(tmp_path / "after", segments, metric)
    assert {name for name in before if before[name] != after[name]} == changed


def test_the_next_question_means_another_with_other_questions(tmp_path: Path) -> None:
    """Their order and their fields decide who is asked what; what can be answered does not."""

    def print_of(name: str, *questions: str) -> str:
        files = {
            "segments/asked.yml": "where: {next_question: hobby}\n",
            "retention.yml": settings(questions="\n".join(f"- {{{each}}}" for each in questions)),
        }
        return fingerprint(open_shop(tmp_path / name, files).project, "asked")

    hobby, town = "ask: hobby, field: hobbies, answers: [cycling]", "ask: town, field: city, answers: [Brno]"
    before = print_of("before", hobby, town)
    assert print_of("labels", hobby.replace("[cycling]", "{cycling: Kolo, running: B\u011bh}"), town) == before
    assert len({before, print_of("order", town, hobby), print_of("field", hobby.replace("hobbies", "country"), town), print_of("one", hobby)}) == 4


def test_a_metric_that_takes_a_fields_name_changes_the_meaning(tmp_path: Path) -> None:
    before, after = prints(tmp_path / "before"), prints(tmp_path / "after", metric=METRIC + "age: {count_of: {did: order}}\n")
    assert {name for name in before if before[name] != after[name]} == {"outer", "other"}
