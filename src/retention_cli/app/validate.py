"""`retention validate`: every mistake in the project's files, and in what they say of the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.app.template_checks import check_templates
from retention_cli.app.workspace import Workspace, read_project
from retention_cli.compile.check import check
from retention_cli.compile.schema import Schema
from retention_cli.model.target import DEFAULT_TARGET
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retention_cli.model.problem import Problem


def validate(root: Path, target: str = "default", paths: Sequence[Path] = ()) -> list[Problem]:
    """Return the project's problems by place; `paths` restricts them to these files and folders."""
    project, lock, problems = read_project(root, target)
    if project is not None:
        schema = Schema.of(project.sources, peek(project, lock.sources))
        problems = [*problems, *check(project, schema), *check_templates(project, schema)]
        if lock.learned and not any(problem.is_error for problem in problems):
            problems += _drift(Workspace(root, project, lock, project.target(target) or DEFAULT_TARGET, target))
    shown = [problem for problem in problems if _is_asked(root, problem, paths)]
    return sorted(dict.fromkeys(shown), key=lambda problem: (problem.place, problem.code, problem.message))


def _drift(work: Workspace) -> list[Problem]:
    """Return how far the lock is from what was imported last; no export is read, and where nothing was, nothing is said."""
    from retention_cli.app.drift import drifted  # noqa: PLC0415 - it reads an engine, and most projects learn nothing
    from retention_cli.app.facts import published  # noqa: PLC0415 - as above
    from retention_cli.clock import SystemClock  # noqa: PLC0415 - as above

    view = published(work, SystemClock().now())
    return [] if view is None else drifted(view)


def _is_asked(root: Path, problem: Problem, paths: Sequence[Path]) -> bool:
    place = (root / problem.place.file).resolve()
    return not paths or any(place.is_relative_to(path.resolve()) for path in paths)
