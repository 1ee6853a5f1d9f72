"""What campaigns are warned of: every case of rules.cases says all of it, and nothing else is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compile.shop import read, schema_of, settings
from project.case_files import Case, cases, told
from retention_cli.compile.check import check

if TYPE_CHECKING:
    from pathlib import Path

DAILY = "event: order, guard: {max_age: 26 hours}}"
CAPS = "caps: [{at_most: 1, per: 14 days, kind: brand}, {at_most: 1, per: day, kind: post_purchase}]"
FILE = "campaigns/c.yml"


@pytest.mark.parametrize("case", cases("rules.cases"), ids=lambda case: case.title)
def test_what_is_said_of_a_campaign(case: Case, tmp_path: Path) -> None:
    files = {
        "retention.yml": settings(daemon="tick: every 15 minutes", policies=CAPS).replace("event: order}", DAILY),
        "segments/vip.yml": "where: {total_spent: {at_least: 1000}}\n",
        "templates/hello.html": "---\nsubject: Hello\n---\n<p>Hello</p>\n",
        FILE: case.text,
    }
    project, problems = read(tmp_path, files)
    assert [problem for problem in problems if problem.is_error and problem.code != "no-sender"] == []
    found = sorted(check(project, schema_of(project)), key=lambda problem: (problem.place, problem.code))
    assert told(found, FILE) == case.problems
