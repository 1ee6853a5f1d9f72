"""Every mistake that a file under cases/ shows is told at its place, in the words written there; nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from project.case_files import Case, cases, told
from project.shop import THANKS, make
from retention_cli.project.loader import load
from retention_cli.project.yaml_tree import read

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "conditions.cases": "segments/s.yml",
    "campaigns.cases": "campaigns/c.yml",
    "steps.cases": "campaigns/c.yml",
    "settings.cases": "retention.yml",
    "metrics.cases": "metrics/m.yml",
    "groups.cases": "groups/g.yml",
    "tests.cases": "tests/t.yml",
    "templates.cases": "templates/t.html",
}
PROJECT_CASES = [(file, case) for name, file in FILES.items() for case in cases(name)]


def _title(value: object) -> str:
    return value.title if isinstance(value, Case) else str(value)


@pytest.mark.parametrize("case", cases("yaml.cases"), ids=_title)
def test_yaml(case: Case) -> None:
    """J17, SEC01, SEC02, SEC03: what strict YAML refuses, each with line, column and a hint."""
    _, problems = read(case.text, "f.yml")
    assert told(problems, "f.yml") == case.problems


@pytest.mark.parametrize(("file", "case"), PROJECT_CASES, ids=_title)
def test_project_file(file: str, case: Case, tmp_path: Path) -> None:
    beside = THANKS if file == FILES["tests.cases"] else {}
    _, problems = load(make(tmp_path, {**beside, file: case.text}), {"SET": "the value, long enough"})
    assert told(problems, file) == case.problems
