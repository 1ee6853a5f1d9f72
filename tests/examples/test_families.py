"""The tests that the examples bring along: who is in each segment and who is not, what each metric and group says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.cases import Case, failures, read_cases, schema_of
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.condition import All, AnyOf, Did
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.schema import Schema
    from retention_cli.model.project import Project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CASES = read_cases(EXAMPLES / "tests")


@pytest.fixture(scope="module")
def project() -> Project:
    found, problems = load(EXAMPLES, {})
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def schema(project: Project) -> Schema:
    return schema_of(project, EXAMPLES)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckEngine]:
    with DuckEngine(threads=1) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_expected_is_so(engine: DuckEngine, project: Project, schema: Schema, case: Case) -> None:
    assert failures(engine, project, schema, case) == []


def test_every_segment_metric_and_group_is_tested_by_who_is_in_it_and_who_is_not(project: Project) -> None:
    """Exactly these people, some and not all; a metric and a group by at least two values."""
    proven: set[str] = set()
    for case in CASES:
        everybody = {row["customer_id"] for rows in case.said["given"].values() for row in rows if "customer_id" in row}
        for expect in case.expected:
            if "segment" in expect and 0 < len(expect["is"]) < len(everybody):
                proven.add(expect["segment"])
            if len(set(expect.get("values", {}).values())) > 1:
                proven.add(expect.get("metric") or expect["group"])
    wanted = {*project.segments, *project.metrics, *project.groups}
    assert sorted(wanted - proven) == []


def test_the_iphone_segment_is_word_for_word_what_was_asked(project: Project) -> None:
    """More than two mails opened in three months, and at least one of five Apple signs."""
    where = project.segments["iphone_fans"].where
    assert isinstance(where, All)
    opened, signs = where.parts
    assert isinstance(opened, Did)
    assert (opened.query.events, opened.query.distinct, str(opened.query.within)) == (("email_opened",), "message", "3 months")
    assert isinstance(signs, AnyOf)
    assert len(signs.parts) == 5
