"""Every rule of the condition language, as a file under cases/, executed in one plan and alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compile.case_files import names, read_case
from compile.shop import open_shop
from retention_cli.compile.segments import members_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.case import Who
from retention_cli.proof.harness import Harness

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", names())
def test_rule(name: str, tmp_path: Path) -> None:
    """All checks of a file in one plan, as a run evaluates segments; then each alone, which must give the same."""
    found = read_case(name)
    shop = open_shop(tmp_path, found.files)
    with DuckEngine(threads=1) as engine:
        harness = Harness(engine, shop.project, shop.schema.catalog, as_written=True)
        assert harness.problems(found.case) == ()
        rows = harness.answers(found.case)
        assert all(answer is not None for row in rows for answer in row), "an answer is neither true nor false"
        assert harness.judge(found.case).failures == ()
        for check in found.case.expect:
            assert isinstance(check, Who)
            alone = members_query(harness.compiler(found.case), check.condition, ())
            assert [row[0] for row in engine.run(alone.sql, alone.values)] == sorted(check.exactly or ()), str(check.place)
