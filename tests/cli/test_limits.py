"""K18: what needs more memory than it may take ends with a sentence that names the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.cli.exits import ExitCode, guarded
from retention_cli.engine.duck import DuckEngine
from support.shell import retention
from support.tiny_shop import SETTINGS, make_shop

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

GREEDY = "SELECT list(hash(i)) FROM range(40000000) t(i)"
SMALL = SETTINGS + "duckdb: {memory_limit: 100MB, threads: 1}\n"


def test_k18_a_query_that_needs_too_much_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    def ask() -> None:
        with DuckEngine(memory_limit="100MB", threads=1) as engine:
            engine.run(GREEDY)

    assert guarded(ask) == ExitCode.UNTRUSTED
    said = capsys.readouterr().err
    assert "error: a query needs more than 100MB of memory" in said
    assert "hint: raise `memory_limit` of `duckdb` in retention.yml" in said


def test_a_shop_with_little_memory_and_one_thread_is_answered(tmp_path: Path) -> None:
    files = {"retention.yml": SMALL, "segments/czech.yml": "where: {country: CZ}\n"}
    shop = make_shop(tmp_path / "shop", files)
    [size] = retention(shop, "segment", "size", "czech", "--as-of", "2026-05-01", "--format", "json").json
    assert size["size"] == 2
