"""Every rule of the condition language, as a file under cases/, executed in one plan, alone, and asked of journeys."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from compile.case_files import names, read_case
from compile.shop import fill, open_shop
from retention_cli.compile.members import listed_table
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.segments import members_query, segments_query
from retention_cli.compile.subjects import Questions, subjects_query
from retention_cli.engine.duck import DuckEngine
from retention_cli.journey.effects import keep_fields
from retention_cli.model.condition import Everyone

if TYPE_CHECKING:
    from pathlib import Path

    from compile.case_files import Case
    from compile.shop import Shop


@pytest.mark.parametrize("name", names())
def test_rule(name: str, tmp_path: Path) -> None:
    """All checks of a file in one plan, as a run evaluates segments; then each alone, which must give the same."""
    case = read_case(name)
    shop = open_shop(tmp_path, case.files, case.as_of, case.columns)
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, case.given, case.columns)
        for file, ids in case.lists.items():
            engine.table(listed_table(file), {"customer_id": "VARCHAR"}, [(None if each == "null" else each,) for each in ids])
        keep_fields(engine, [tuple(row) for row in case.kept])
        members_are_found(engine, shop, case)
        fields_are_given(engine, shop, case)
        journeys_are_told_the_same(engine, shop, case)


def members_are_found(engine: DuckEngine, shop: Shop, case: Case) -> None:
    """Ask who is in which segment."""
    asked = {f"check_{n}": check for n, check in enumerate(case.checks) if check.gives is None}
    compiler = shop.compiler()
    plan = segments_query(compiler, {key: shop.project.segments[key].where for key in asked})
    assert compiler.problems == []
    rows = engine.run(plan.sql, plan.values)
    together = {check.written: sorted(row[0] for row in rows if row[n]) for n, check in enumerate(asked.values(), 1)}
    assert together == {check.written: check.members for check in asked.values()}, case.rule
    assert all(answer is not None for row in rows for answer in row), "an answer is neither true nor false"
    for key, check in asked.items():
        alone = members_query(shop.compiler(), shop.project.segments[key].where, ())
        assert [row[0] for row in engine.run(alone.sql, alone.values)] == check.members, check.written


def fields_are_given(engine: DuckEngine, shop: Shop, case: Case) -> None:
    """Ask what a metric, group or column gives to whom; `gives` names every customer."""
    asked = [check for check in case.checks if check.gives is not None]
    compiler = shop.compiler()
    query = members_query(compiler, Everyone(), [check.written for check in asked])
    assert compiler.problems == []
    rows = engine.run(query.sql, query.values)
    for n, check in enumerate(asked, 1):
        assert {row[0]: said(row[n], shop) for row in rows} == check.gives, f"{check.written}: {case.rule}"


def journeys_are_told_the_same(engine: DuckEngine, shop: Shop, case: Case) -> None:
    """A condition that asks nothing of the entry holds of each journey of whoever fits, and shares are of all customers still."""
    people = sorted({row["customer_id"] for row in case.given.get("customers", []) if "customer_id" in row})
    some = people[::2]
    rows = [(n, who, "2020-01-01 00:00:00", None) for n, who in enumerate([*some, *some])]
    engine.table("subjects", {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR"}, rows)
    asked = {f"check_{n}": check for n, check in enumerate(case.checks) if check.gives is None}
    compiler = shop.compiler(JOURNEYS)
    query = subjects_query(compiler, Questions({key: shop.project.segments[key].where for key in asked}))
    assert compiler.problems == []
    found = {row[0]: row[1:] for row in engine.run(query.sql, query.values)}
    assert found == {n: tuple(who in check.members for check in asked.values()) for n, who, *_ in rows}, case.rule


def said(value: object, shop: Shop) -> str:
    """Return a value as a case writes it: times by the shop's clock, numbers without trailing zeros."""
    if value is None:
        return "missing"
    if isinstance(value, datetime):
        local = value.replace(tzinfo=UTC).astimezone(shop.project.zone).replace(tzinfo=None)
        return local.isoformat(timespec="auto" if local.second else "minutes")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | float | int):
        written = f"{Decimal(str(value)):f}"
        return written.rstrip("0").rstrip(".") if "." in written else written
    return str(value)
