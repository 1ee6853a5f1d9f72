"""Every rule of the condition language, as a file under cases/, executed in one plan and alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compile.case_files import names, read_case
from compile.shop import fill, open_shop
from retention_cli.compile.segments import members_query, segments_query
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", names())
def test_rule(name: str, tmp_path: Path) -> None:
    """All checks of a file in one plan, as a run evaluates segments; then each alone, which must give the same."""
    case = read_case(name)
    shop = open_shop(tmp_path, case.files, case.as_of)
    asked = {f"check_{n}": check for n, check in enumerate(case.checks)}
    compiler = shop.compiler()
    plan = segments_query(compiler, {key: shop.project.segments[key].where for key in asked})
    assert compiler.problems == []
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, case.given)
        rows = engine.run(plan.sql, plan.values)
        together = {check.written: sorted(row[0] for row in rows if row[n]) for n, check in enumerate(asked.values(), 1)}
        assert together == {check.written: check.members for check in case.checks}, case.rule
        assert all(answer is not None for row in rows for answer in row), "an answer is neither true nor false"
        for key, check in asked.items():
            alone = members_query(shop.compiler(), shop.project.segments[key].where, ())
            assert [row[0] for row in engine.run(alone.sql, alone.values)] == check.members, check.written
