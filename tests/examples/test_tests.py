"""The tests that the examples ship: one for each segment, all green, and each able to fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retention_cli.app import init
from retention_cli.app.testing import Ran, run_tests
from retention_cli.app.workspace import open_project
from retention_cli.engine.duck import DuckEngine
from retention_cli.model.case import Who
from retention_cli.proof.coverage import coverage
from retention_cli.proof.harness import Harness
from retention_cli.sources.peek import peek
from support.shell import retention

if TYPE_CHECKING:
    from retention_cli.app.workspace import Workspace

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def work() -> Workspace:
    return open_project(EXAMPLES)


@pytest.fixture(scope="module")
def ran(work: Workspace) -> list[Ran]:
    return list(run_tests(work, work.project.cases))


def test_every_test_passes(ran: list[Ran]) -> None:
    assert ran
    assert [(str(each.verdict.case.test.place), each.verdict.failures) for each in ran if not each.verdict.passed] == []


def test_every_step_way_exit_and_audience_of_every_campaign_is_tested(work: Workspace, ran: list[Ran]) -> None:
    covered = coverage(work.project, [each.verdict for each in ran])
    assert {each.point.campaign for each in covered} == work.project.campaigns.keys()
    assert [each.point for each in covered if not each.tests] == []


def test_every_segment_is_tested_by_who_is_in_it_and_who_is_not(work: Workspace) -> None:
    """Exactly these people, some and not all: a segment of nobody, or of everybody, would be noticed."""
    proven = set()
    with DuckEngine(threads=1) as engine:
        harness = Harness(engine, work.project, peek(work.project, work.lock.sources))
        for case in (case for case in work.project.cases if not case.courses):
            everybody = len(harness.answers(case))
            exact = [each for each in case.expect if isinstance(each, Who) and each.segment and each.exactly is not None]
            proven |= {str(each.segment) for each in exact if 0 < len(each.exactly or ()) < everybody}
    assert sorted(work.project.segments.keys() - proven) == []


def test_a_new_project_passes_its_test_before_and_after_its_first_import(tmp_path: Path) -> None:
    init.init(tmp_path)
    assert (retention(tmp_path, "test").code, retention(tmp_path, "validate").code) == (0, 0)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/customers.csv").write_text("customer_id,email\n1,a@example.com\n", encoding="utf-8")
    (tmp_path / "data/orders.csv").write_text("order_id,customer_id,ordered_at\n1,1,2026-01-01 10:00\n", encoding="utf-8")
    assert retention(tmp_path, "data", "import", "--as-of", "2026-01-02").code == 0
    ran = retention(tmp_path, "test", "-v")
    assert (ran.code, ran.said) == (0, "2 tests passed\n")
    segment = tmp_path / "segments/lapsed.yml"
    segment.write_text(segment.read_text(encoding="utf-8").replace("90 days", "110 days"), encoding="utf-8")
    assert retention(tmp_path, "test").code == 2
