"""The engine on real DuckDB: what is uploaded comes back as it was, and the session is shut in."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_cli.engine.duck import DuckEngine
from retention_cli.errors import OutOfMemory
from retention_cli.model.limits import Limits
from retention_cli.model.snapshot import Snapshot, SnapshotSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC).replace(tzinfo=None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckEngine]:
    with DuckEngine(temp_dir=tmp_path, threads=2) as session:
        yield session


def test_uploaded_rows_come_back_as_they_were(engine: DuckEngine) -> None:
    columns = {"id": "BIGINT", "name": "VARCHAR", "paid": "DECIMAL(18, 2)", "at": "TIMESTAMP", "on": "DATE", "yes": "BOOLEAN"}
    rows = [
        (1, 'a "quoted", one', Decimal("12.50"), NOON, date(2026, 5, 1), True),
        (2, "", Decimal("-0.01"), None, None, False),
        (-(2**63), None, None, None, None, None),
        (3, "line\r\nbreak\rand\nmore\x00\t", Decimal("9999999999999999.99"), datetime(1970, 1, 1), date(1, 1, 1), None),  # noqa: DTZ001 - times are naive UTC in the engine
    ]
    engine.table("t", columns, rows)
    assert engine.run('SELECT * FROM "t"') == rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.none() | st.text(alphabet=st.characters(codec="utf-8")), st.none() | st.integers(-(2**63), 2**63 - 1)), max_size=20))
def test_any_text_survives_the_upload(rows: list[tuple[str | None, int | None]]) -> None:
    with DuckEngine() as engine:
        engine.table("t", {"text": "VARCHAR", "n": "BIGINT"}, rows)
        assert engine.run("SELECT * FROM t") == rows


def test_many_rows_keep_their_order_and_a_table_is_made_anew(engine: DuckEngine) -> None:
    engine.table("t", {"n": "BIGINT"}, [(0,)])
    rows = [(n, f"c{n}", None if n % 3 else "x") for n in range(60_000)]
    engine.table("t", {"n": "BIGINT", "c": "VARCHAR", "x": "VARCHAR"}, rows)
    assert engine.run("SELECT * FROM t") == rows


def test_an_empty_table_has_its_columns(engine: DuckEngine) -> None:
    engine.table("t", {"n": "BIGINT", "c": "VARCHAR"}, [])
    assert engine.columns("SELECT * FROM t") == {"n": "BIGINT", "c": "VARCHAR"}


def test_a_column_type_is_a_type_and_nothing_else(engine: DuckEngine) -> None:
    with pytest.raises(ValueError, match="not an SQL type"):
        engine.table("t", {"n": "BIGINT); DROP TABLE t; --"}, [])


def test_values_are_bound_and_hostile_names_are_only_names(engine: DuckEngine) -> None:
    engine.table('o"; DROP TABLE x; --', {'a"b': "VARCHAR"}, [("'; DROP TABLE x; --",)])
    found = engine.run('SELECT "a""b" FROM "o""; DROP TABLE x; --" WHERE "a""b" = $wanted', {"wanted": "'; DROP TABLE x; --"})
    assert found == [("'; DROP TABLE x; --",)]


def test_streaming_yields_everything_in_lists(engine: DuckEngine) -> None:
    parts = list(engine.stream("SELECT i FROM range(25) t(i) ORDER BY i", size=10))
    assert [len(part) for part in parts] == [10, 10, 5]
    assert [row[0] for part in parts for row in part] == list(range(25))


def test_views_over_snapshots_are_named_for_their_source(engine: DuckEngine, tmp_path: Path) -> None:
    path = tmp_path / "it's.parquet"
    engine.execute(f"COPY (SELECT 'o1' AS order_id) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
    snapshot = Snapshot("orders", "abc", str(path), 1, 0, (), None)
    engine.attach_snapshots(SnapshotSet({"orders": snapshot}))
    assert engine.run("SELECT order_id FROM orders") == [("o1",)]


def test_explain_shows_the_scans(engine: DuckEngine) -> None:
    engine.table("t", {"n": "BIGINT"}, [(1,)])
    assert "scan" in engine.explain("SELECT sum(n) FROM t WHERE n > $least", {"least": 0}).lower()


def test_times_are_utc_and_python_variables_are_out_of_reach(engine: DuckEngine) -> None:
    secret = [(1,)]
    assert engine.run("SELECT CAST(TIMESTAMPTZ '2026-05-01 12:00:00+02' AS VARCHAR)") == [("2026-05-01 10:00:00+00",)]
    with pytest.raises(duckdb.Error):
        engine.run("SELECT * FROM secret")
    assert secret


def test_interrupt_stops_the_running_statement(engine: DuckEngine) -> None:
    timer = threading.Timer(0.2, engine.interrupt)
    timer.start()
    with pytest.raises(duckdb.InterruptException):
        engine.run("SELECT count(*) FROM range(10000000) a(i), range(10000000) b(j) WHERE i * j % 7 = 3")
    timer.join()
    assert engine.run("SELECT 1") == [(1,)]


def test_what_was_spilt_goes_with_the_session(tmp_path: Path) -> None:
    with DuckEngine(memory_limit="60MB", threads=1, temp_dir=tmp_path) as engine:
        assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]
        assert engine.run("SELECT count(*) FROM (SELECT hash(i) h, i FROM range(4000000) t(i) ORDER BY h OFFSET 1)") == [(3_999_999,)]
    assert list(tmp_path.iterdir()) == []


BIG_SORT = "CREATE TABLE sorted AS SELECT hash(i) AS h, i FROM range(4000000) t(i) ORDER BY h"


def _setting(engine: DuckEngine, name: str) -> object:
    return engine.run("SELECT current_setting($name)", {"name": name})[0][0]


def test_a_session_keeps_to_the_limits_of_a_shop(tmp_path: Path) -> None:
    limits = Limits.model_validate({"memory_limit": "512MiB", "threads": "3"})
    with DuckEngine.within(limits, temp_dir=tmp_path, enough="200MB") as engine:
        assert (_setting(engine, "memory_limit"), _setting(engine, "threads")) == ("512.0 MiB", 3)
        assert engine.memory_limit == "512MiB", "it is told as it was written"


def test_without_a_limit_a_session_takes_what_is_enough() -> None:
    with DuckEngine.within(Limits(), enough="512MiB") as engine:
        assert _setting(engine, "memory_limit") == "512.0 MiB"


def test_what_is_enough_never_raises_what_the_machine_gives() -> None:
    with DuckEngine() as own, DuckEngine.within(Limits(), enough="999999GB") as engine:
        assert _setting(engine, "memory_limit") == _setting(own, "memory_limit")


def test_k18_a_query_that_needs_too_much_memory_names_the_setting(tmp_path: Path) -> None:
    with DuckEngine(memory_limit="60MB", threads=1, temp_dir=tmp_path) as engine:
        with pytest.raises(OutOfMemory) as ended:
            engine.run("SELECT list(hash(i)) FROM range(40000000) t(i)")
        assert str(ended.value) == "a query needs more than 60MB of memory"
        assert "`memory_limit` of `duckdb` in retention.yml" in ended.value.hint
        assert engine.run("SELECT 1") == [(1,)], "the session goes on"


def test_k18_a_stream_that_needs_too_much_memory_names_the_setting(tmp_path: Path) -> None:
    with DuckEngine(memory_limit="60MB", threads=1, temp_dir=tmp_path) as engine, pytest.raises(OutOfMemory, match="more than 60MB"):
        list(engine.stream("SELECT list(hash(i)) FROM range(40000000) t(i)"))


def test_k18_rows_that_do_not_fit_name_the_setting(tmp_path: Path) -> None:
    with DuckEngine(memory_limit="10MB", threads=1, temp_dir=tmp_path) as engine, pytest.raises(OutOfMemory, match="more than 10MB"):
        engine.table("t", {"a": "VARCHAR"}, [("x" * 20_000_000,)])


def test_k18_a_disk_without_room_for_what_is_over_is_named(tmp_path: Path) -> None:
    with DuckEngine(memory_limit="60MB", threads=1, temp_dir=tmp_path) as engine:
        engine.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(OutOfMemory) as ended:
            engine.execute(BIG_SORT)
    assert str(ended.value) == f"a query needs more than 60MB of memory, and the disk has no room for what is over ({tmp_path})"
    assert ended.value.hint.startswith("make room there")


def test_a_long_statement_draws_nothing() -> None:
    """What stands on stdout is data: DuckDB's own progress bar, which it draws there after two seconds, stays off."""
    with DuckEngine() as engine:
        assert engine.run("SELECT current_setting('enable_progress_bar')") == [(False,)]
