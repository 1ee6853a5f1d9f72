"""`retention validate`: every mistake in the project's files, and in what they say of the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.app.template_checks import check_templates
from retention_cli.app.workspace import read_project
from retention_cli.compile.check import check
from retention_cli.compile.schema import Schema
from retention_cli.proof.check import check as check_cases
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
        problems = [*problems, *check(project, schema), *check_cases(project, schema.catalog), *check_templates(project, schema)]
    shown = [problem for problem in problems if _is_asked(root, problem, paths)]
    return sorted(dict.fromkeys(shown), key=lambda problem: (problem.place, problem.code, problem.message))


def _is_asked(root: Path, problem: Problem, paths: Sequence[Path]) -> bool:
    place = (root / problem.place.file).resolve()
    return not paths or any(place.is_relative_to(path.resolve()) for path in paths)
