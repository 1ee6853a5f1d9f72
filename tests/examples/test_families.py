"""The families of segments that the examples bring along: each segment, metric and group is held by people in it and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from retention_cli.model.condition import All, AnyOf, Did
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from retention_cli.model.project import Project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def project() -> Project:
    found, problems = load(EXAMPLES, {})
    assert problems == []
    assert found is not None
    return found


def written() -> list[dict[str, Any]]:
    """Return every test of the examples as it is written."""
    found: list[dict[str, Any]] = []
    for path in sorted((EXAMPLES / "tests").glob("*.yml")):
        tests = yaml.load(path.read_text(encoding="utf-8"), yaml.CBaseLoader)  # noqa: S506 - it makes only text
        found += tests if isinstance(tests, list) else [tests]
    return found


def test_every_segment_metric_and_group_is_tested_by_who_is_in_it_and_who_is_not(project: Project) -> None:
    """Exactly these people, some and not all; a metric and a group by at least two values."""
    proven: set[str] = set()
    for test in written():
        rows = [row for rows in test["given"].values() for row in rows]
        everybody = {row if isinstance(row, str) else row.get("customer_id") for row in rows} - {None}
        for expect in test["expect"] if isinstance(test["expect"], list) else [test["expect"]]:
            if "segment" in expect and 0 < len(expect.get("is", [])) < len(everybody):
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
