"""I19: a missing value is never neither true nor false: every operator decides, and exclusion is an anti-join."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlglot import exp

from retention_cli.compile import fitting, operators, sql
from retention_cli.compile.moment import Moment
from retention_cli.engine.duck import DuckEngine
from retention_cli.model import question
from retention_cli.model.duration import Duration
from retention_cli.model.question import NEGATIONS, Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.model.problem import Problem

_NAMES = (
    "is is_not in not_in at_least at_most more_than less_than between contains starts_with ends_with matches has_any has_all has_none "
    "present missing within older_than in_next before after"
)
SOURCES = Path(__file__).parents[2] / "src"
SAMPLES = {ColumnType.INTEGER: "1", ColumnType.DECIMAL: "1", ColumnType.BOOLEAN: "true", ColumnType.DATE: "2026-01-01", ColumnType.TIME: "2026-01-01"}
OPS = {op for name in _NAMES.split() for op in [Op(name)]}
SPANS = (Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT)
NULLS = {ColumnType.DECIMAL: "DECIMAL(18, 2)", ColumnType.LIST: "VARCHAR[]", ColumnType.TIME: "TIMESTAMP", ColumnType.INTEGER: "BIGINT"}
ASKED = [(kind, op) for kind, ops in fitting.FITTING.items() for op in sorted(ops & OPS)]


@pytest.mark.parametrize(("kind", "op"), ASKED, ids=str)
def test_i19_every_operator_decides_about_a_missing_value(kind: ColumnType, op: Op) -> None:
    """I19: a comparison is false of it, a negation true; never NULL."""
    problems: list[Problem] = []
    values = sql.Values()
    tests = operators.Tests(Moment(datetime(2026, 5, 1, tzinfo=UTC), ZoneInfo("UTC")), values, problems.append)
    sample = SAMPLES.get(kind, "a")
    given = () if op in SPANS else (sample, sample) if op in (Op.BETWEEN, Op.IN, Op.NOT_IN) else (sample,)
    test = question.Test(op, given, Duration(3, "day") if op in SPANS else None)
    tree = tests.holds(operators.Typed(exp.column("x"), kind), test, "x")
    assert problems == []
    select = (
        exp.Select().select(tree).from_(f"(SELECT CAST(NULL AS {NULLS.get(kind, str(kind) if kind is not ColumnType.TEXT else 'VARCHAR')}) AS x)")
    )
    with DuckEngine() as engine:
        found = engine.run(select.sql(dialect=sql.DIALECT), values.by_name)
    assert found == [(op in NEGATIONS,)]


def test_i19_nobody_is_excluded_by_not_in() -> None:
    """I19: `NOT IN (SELECT …)` keeps nobody once one row of it is NULL; suppressions are anti-joins."""
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES.rglob("*") if path.suffix in {".sql", ".py"}}
    about_people = {path: text for path, text in texts.items() if "compile" in path.parts or "suppressions" in text}
    assert about_people
    assert [path for path, text in about_people.items() if re.search(r"NOT\s+IN\s*\(\s*SELECT", text, re.IGNORECASE)] == []
