"""`retention validate`: every mistake in the project's files, in what they say of the sources, and in what data disproves.

Data is not needed: what was published last is looked at where it is there, and nothing is imported for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.app.template_checks import check_templates
from retention_cli.app.workspace import Workspace, read_project
from retention_cli.compile.check import check, conditions_over
from retention_cli.compile.kept import clashes
from retention_cli.compile.schema import Schema
from retention_cli.model.target import DEFAULT_TARGET
from retention_cli.proof.check import check as check_cases
from retention_cli.sources.catalogue import current
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from retention_cli.model.problem import Problem


def validate(root: Path, target: str = "default", paths: Sequence[Path] = (), as_of: datetime | None = None) -> list[Problem]:
    """Return the project's problems by place; `paths` restricts them to these files and folders.

    With `as_of` also what the published data disproves: groups that are no division, values that no row has, thresholds
    that have drifted.
    """
    project, lock, problems = read_project(root, target)
    if project is not None:
        schema = Schema.of(project.sources, peek(project, lock.sources))
        problems = [
            *problems,
            *check(project, schema),
            *clashes(project, schema),
            *check_cases(project, schema.catalog),
            *check_templates(project, schema),
        ]
        if target != "default" and not any(problem.is_error for problem in problems):
            from retention_cli.app.plan import removed_steps  # noqa: PLC0415 - without a target no ledger is asked

            problems += removed_steps(Workspace(root, project, lock, project.target(target) or DEFAULT_TARGET, target))
        if as_of is not None and not any(problem.is_error for problem in problems):
            problems += _by_data(Workspace(root, project, lock, project.target(target) or DEFAULT_TARGET, target), as_of)
    shown = [problem for problem in problems if _is_asked(root, problem, paths)]
    return sorted(dict.fromkeys(shown), key=lambda problem: (problem.place, problem.code, problem.message))


def _by_data(work: Workspace, as_of: datetime) -> Iterator[Problem]:
    """Yield what the data that were imported last say; no export is read, and where nothing was imported, nothing is said."""
    if current(work.store) is None:
        return
    from retention_cli.app.drift import drifted  # noqa: PLC0415 - without data no engine is needed
    from retention_cli.app.facts import published  # noqa: PLC0415 - as above
    from retention_cli.app.groups import proved  # noqa: PLC0415 - as above
    from retention_cli.audience.values import unheard  # noqa: PLC0415 - as above

    view = published(work, as_of)
    if view is None:
        return
    schema, snapshots = view.facts.schema, view.facts.imported.snapshots.snapshots
    with view.engine() as engine:
        yield from proved(work.project, schema, engine, as_of)
        yield from unheard(engine, schema, conditions_over(work.project), snapshots.keys())
        yield from drifted(replace(view, held=engine))


def _is_asked(root: Path, problem: Problem, paths: Sequence[Path]) -> bool:
    place = (root / problem.place.file).resolve()
    return not paths or any(place.is_relative_to(path.resolve()) for path in paths)
