"""What a statement says that it comes to nothing without: true of each, over the ticks of a shop in which much happens."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from prove.test_plays import one_play
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.quoting import fill, identifier
from retention_cli.engine.statements import needs_of
from retention_cli.journey.tables import QUERIES
from support.acting import perform

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENTS = {
    path.name: text for path in files(QUERIES).iterdir() if path.name.endswith(".sql") and needs_of(text := path.read_text(encoding="utf-8"))
}
VALUES: dict[str, Any] = {"by_address": True, "drop": True, "limit": 1, "start": "first", "few": 0, "round": 1}
FOLLOWS = {"candidates": "DELETE FROM subjects WHERE is_new"}
"""What is so too where a table is empty: whoever is new was a candidate."""
ENOUGH = 20


def result_of(engine: DuckEngine, text: str) -> list[Any]:
    """Run a statement whatever it needs, and return what it gives, or the rows of the table that it makes."""
    needs = needs_of(text)
    assert needs is not None
    names = set(re.findall(r"\$([a-z_]+)", text))
    given = engine.run(text.replace("Nothing without", "Needs"), {name: VALUES.get(name, 1_777_629_600_000_000) for name in names})
    if needs.makes is not None:
        return engine.run(fill("SELECT * FROM {table}", table=identifier(needs.makes)))
    return [] if given == [(0,)] else given


def whole(engine: DuckEngine, text: str, *, without: tuple[str, ...] = ()) -> bool:
    """Whether a statement comes to anything, without the rows of some tables; one of which this tick lacked a table does not."""
    engine.run("BEGIN")
    for table in without:
        engine.run(fill("DELETE FROM {table}", table=identifier(table)))
        engine.run(FOLLOWS.get(table, "SELECT 1"))
    try:
        return bool(result_of(engine, text))
    except duckdb.CatalogException:
        return False
    finally:
        engine.run("ROLLBACK")


def tables_of(engine: DuckEngine) -> set[object]:
    """Return the names of a session's tables."""
    return {name for (name,) in engine.run("SELECT table_name FROM duckdb_tables()")}


@pytest.fixture
def ticks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[DuckEngine]]:
    """Return the sessions of a play's ticks, as they were left."""
    kept: list[DuckEngine] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckEngine, "close", lambda self: kept.append(self))  # noqa: PLW0108 - a method needs a function
        perform(one_play(9), tmp_path_factory.mktemp("play"))
    yield [each for each in kept if "unsent_settled" in tables_of(each)]
    for each in kept:
        each.close()


def test_without_its_needs_each_comes_to_nothing(ticks: list[DuckEngine]) -> None:
    gave = set()
    assert len(ticks) > 3
    for engine in ticks:
        there = tables_of(engine)
        for name, text in STATEMENTS.items():
            needs = needs_of(text)
            assert needs is not None
            if not set(needs.tables) <= there:
                continue
            gave |= {name} if whole(engine, text) else set()
            assert not whole(engine, text, without=needs.tables), name
    assert len(gave) >= ENOUGH, "the check is not empty"


def test_a_statement_that_says_so_makes_its_table_in_one_way() -> None:
    with pytest.raises(ValueError, match="begins with CREATE OR REPLACE TABLE"):
        needs_of("-- Nothing without: a.\nCREATE TABLE b AS SELECT 1")
