"""What an engine may take: sizes as DuckDB reads them, and no engine over the shop's data that goes beyond."""

from __future__ import annotations

from pathlib import Path

import pytest

import retention_cli
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.limits import Limits, in_bytes
from retention_cli.model.word import Word

SOURCES = Path(retention_cli.__file__).parent
SIZES = ("100MB", "1.5GiB", "500 MiB", "250000KB", "400000KiB", "2GB", "0.25TB", "1TiB")


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_what_duckdb_takes_it_for(size: str) -> None:
    with DuckEngine(memory_limit=size) as written, DuckEngine(memory_limit=f"{in_bytes(size)}B") as counted:
        ours, theirs = (engine.run("SELECT current_setting('memory_limit')") for engine in (written, counted))
    assert ours == theirs


@pytest.mark.parametrize("size", ["2G", "2gb", "80%", "-1", "GB", "1e9B", "2  GB", "2GB ", "9999999TB", "\u0662GB"])
def test_what_duckdb_writes_otherwise_is_no_size(size: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        in_bytes(size)


def test_the_lower_of_two_limits_holds() -> None:
    shop = Limits(memory_limit=Word("500MB"), threads=4)
    assert shop.lowered(memory_limit="2GB", threads=2) == Limits(memory_limit=Word("500MB"), threads=2)
    assert Limits().lowered(memory_limit="2GB") == Limits(memory_limit=Word("2GB"))
    assert shop.lowered() == shop


def test_every_engine_of_the_program_is_opened_within_the_limits_of_the_shop() -> None:
    bare = [path.name for path in SOURCES.rglob("*.py") if "DuckEngine(" in path.read_text(encoding="utf-8")]
    assert bare == []
