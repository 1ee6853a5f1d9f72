"""The command `test`: what failed and why, for people, programs and build servers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, ProjectOption
from retention_cli.cli.output import say, show, show_json
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.testing import Ran


class VerdictFormat(StrEnum):
    """How verdicts are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def run(
    paths: Annotated[list[Path] | None, typer.Argument(help="Only tests in these files and folders.")] = None,
    names: Annotated[list[str] | None, typer.Option("-k", help="Only tests with this text in their name, file or segment; may be repeated.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name every test, not only those that fail.")] = False,
    format_: Annotated[VerdictFormat, typer.Option("--format", help="text, json, or junit (for build servers).")] = VerdictFormat.TEXT,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show which steps and conditions of each campaign the tests came by.")] = False,
    coverage_min: Annotated[str | None, typer.Option("--coverage-min", help="Fail where less than this share was come by: 80%.")] = None,
    project: ProjectOption = HERE,
) -> int:
    """Run the tests of segments, metrics, groups and campaigns on their made-up people; exit 2 where one fails."""
    from retention_cli.app.testing import chosen, run_tests
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.coverage_tables import as_least, coverage_json, percent, show_coverage
    from retention_cli.cli.verdicts import as_json, as_junit, show_verdict
    from retention_cli.proof.coverage import coverage as covered_by
    from retention_cli.proof.coverage import share

    least = as_least(coverage_min) if coverage_min is not None else None
    work = open_project(find_root(project))
    ran: list[Ran] = []
    for each in run_tests(work, chosen(work, paths or (), names or ())):
        ran.append(each)
        if format_ is VerdictFormat.TEXT:
            show_verdict(each, work.project.zone, verbose=verbose)
    covered = covered_by(work.project, [each.verdict for each in ran]) if coverage or least is not None else None
    if format_ is VerdictFormat.JSON:
        verdicts = [as_json(each, work.project.zone) for each in ran]
        show_json(verdicts if covered is None else {"tests": verdicts, "coverage": coverage_json(covered)})
    elif format_ is VerdictFormat.JUNIT:
        show(as_junit(ran, work.project.zone))
    elif covered is not None:
        show_coverage(covered)
    say(_summary(ran))
    too_little = covered is not None and least is not None and share(covered) < least
    if too_little and covered is not None and least is not None:
        say(f"the tests came by {percent(share(covered))} of the campaigns, and --coverage-min asks for {percent(least)}")
    return 2 if too_little or any(not each.verdict.passed for each in ran) else 0


def _summary(ran: Sequence[Ran]) -> str:
    if not ran:
        return "there are no tests; write one into tests/NAME.yml"
    failed = sum(not each.verdict.passed for each in ran)
    return f"{failed:,} of {plural(len(ran), 'test')} failed" if failed else f"{plural(len(ran), 'test')} passed"
