"""What a session knows of its tables: it saves work, and is never wrong about a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = {"n": "BIGINT"}
DOUBLED = "-- Nothing without: numbers.\nCREATE OR REPLACE TABLE doubled AS\nSELECT n * 2 AS n FROM numbers"
LISTED = "-- Nothing without: doubled.\nSELECT n FROM doubled ORDER BY n"


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as session:
        yield session


def numbers(engine: DuckEngine) -> list[object]:
    """Return what is in `numbers`."""
    return [row[0] for row in engine.run("SELECT n FROM numbers ORDER BY n")]


CHANGES = (
    "INSERT INTO numbers VALUES (9)",
    'INSERT INTO "numbers" BY NAME SELECT 9 AS n',
    "-- A comment.\n-- And one more.\nINSERT INTO numbers VALUES (9)",
    "DELETE FROM numbers; INSERT INTO numbers VALUES (9)",
    "CREATE OR REPLACE TABLE numbers AS SELECT 9 AS n",
    "CREATE OR REPLACE TABLE other AS SELECT 1; INSERT INTO numbers VALUES (9)",
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("rows", [[], [(1,), (2,)]])
def test_a_table_that_was_changed_is_made_anew(engine: DuckEngine, change: str, rows: list[tuple[int]]) -> None:
    engine.table("numbers", COLUMNS, rows)
    engine.execute(change)
    assert 9 in numbers(engine)
    engine.table("numbers", COLUMNS, rows)
    assert numbers(engine) == [n for (n,) in rows]


@pytest.mark.parametrize(
    "change", ["UPDATE numbers SET n = 9", "DELETE FROM numbers", "TRUNCATE numbers", "DROP TABLE numbers", "ALTER TABLE numbers ADD x BIGINT"]
)
def test_so_is_one_that_lost_or_changed_rows(engine: DuckEngine, change: str) -> None:
    engine.table("numbers", COLUMNS, [(1,)])
    engine.execute(change)
    engine.table("numbers", COLUMNS, [(1,)])
    assert engine.run("SELECT * FROM numbers") == [(1,)]


def test_other_columns_are_another_table(engine: DuckEngine) -> None:
    engine.table("numbers", {"n": "BIGINT", "m": "BIGINT"}, [])
    engine.table("numbers", {"m": "BIGINT", "n": "BIGINT"}, [])
    assert list(engine.columns("SELECT * FROM numbers")) == ["m", "n"]
    engine.table("numbers", {"m": "VARCHAR", "n": "BIGINT"}, [])
    assert engine.columns("SELECT * FROM numbers")["m"] == "VARCHAR"


def test_the_rows_of_a_caller_may_change_behind_it(engine: DuckEngine) -> None:
    rows = [(1,)]
    engine.table("numbers", COLUMNS, rows)
    rows.append((2,))
    engine.table("numbers", COLUMNS, rows)
    assert numbers(engine) == [1, 2]


def test_a_statement_with_nothing_to_do_leaves_what_it_would_have_made(engine: DuckEngine) -> None:
    """Made once, emptied when its source is empty, made again when it is not."""
    for rows in ([], [(1,), (2,)], [], [], [(3,)]):
        engine.table("numbers", COLUMNS, rows)
        engine.execute(DOUBLED)
        assert engine.run(LISTED) == [(n * 2,) for (n,) in rows]
    engine.execute("INSERT INTO numbers VALUES (4)")
    engine.execute(DOUBLED)
    assert engine.run(LISTED) == [(6,), (8,)]
