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
    project: ProjectOption = HERE,
) -> int:
    """Run the tests of segments, metrics and groups on their made-up people; exit 2 where one fails."""
    from retention_cli.app.testing import chosen, run_tests
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.verdicts import as_json, as_junit, show_verdict

    work = open_project(find_root(project))
    ran: list[Ran] = []
    for each in run_tests(work, chosen(work, paths or (), names or ())):
        ran.append(each)
        if format_ is VerdictFormat.TEXT:
            show_verdict(each, work.project.zone, verbose=verbose)
    if format_ is VerdictFormat.JSON:
        show_json([as_json(each, work.project.zone) for each in ran])
    elif format_ is VerdictFormat.JUNIT:
        show(as_junit(ran, work.project.zone))
    say(_summary(ran))
    return 2 if any(not each.verdict.passed for each in ran) else 0


def _summary(ran: Sequence[Ran]) -> str:
    if not ran:
        return "there are no tests; write one into tests/NAME.yml"
    failed = sum(not each.verdict.passed for each in ran)
    return f"{failed:,} of {plural(len(ran), 'test')} failed" if failed else f"{plural(len(ran), 'test')} passed"
