"""An opened project: its folder, what its files say, and what is known of its sources' columns."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.errors import ProjectInvalid, UsageError
from retention_cli.ledger.location import Location
from retention_cli.project.checks_learned import check_learned
from retention_cli.project.loader import load
from retention_cli.project.lock_file import read_lock
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from retention_cli.model.lock import Lock
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.model.target import Target

STATE = ".retention"
STOP_FILE = "stop"
DEFAULT = "default"
SETTINGS = "retention.yml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A sound project with its lock and the target that was asked for."""

    root: Path
    project: Project
    lock: Lock
    target: Target
    target_name: str = DEFAULT
    warnings: tuple[Problem, ...] = ()

    @property
    def location(self) -> Location:
        """Where this target keeps its decisions. A plain `sqlite` is a file of the target's own: a rehearsal into a folder is not a sending."""
        written = self.target.ledger
        plain = written is None or str(written) == "sqlite"
        if plain and self.target_name != DEFAULT:
            return Location.parse(f"sqlite:{STATE}/ledger-{self.target_name}.db", self.root)
        return Location.parse(None if plain else str(written), self.root)

    @property
    def store(self) -> Path:
        """The folder that the tool makes for itself."""
        return self.root / STATE

    @property
    def stop_file(self) -> Path:
        """The file that stops everything as long as it is there."""
        return self.store / STOP_FILE


def find_root(start: Path) -> Path:
    """Return the folder with retention.yml: `start` or the nearest above it; `start` itself where there is none."""
    return next((folder for folder in (start, *start.resolve().parents) if (folder / SETTINGS).is_file()), start).resolve()


def read_project(root: Path, target: str, environ: Mapping[str, str] | None = None) -> tuple[Project | None, Lock, list[Problem]]:
    """Read a project's files and its lock; problems are values."""
    project, problems = load(root, os.environ if environ is None else environ, target=target)
    lock, lock_problems = read_lock(root)
    if project is None:
        return project, lock, [*problems, *lock_problems]
    project = project.model_copy(update={"pinned": dict(lock.learned)})
    return project, lock, [*problems, *lock_problems, *check_learned(project, lock)]


def open_project(root: Path, target: str = DEFAULT) -> Workspace:
    """Open a sound project; raise ProjectInvalid with every problem, UsageError for an unknown target."""
    project, lock, problems = read_project(root, target)
    errors = [problem for problem in problems if problem.is_error]
    if project is None or errors:
        raise ProjectInvalid(problems)
    found = project.target(target)
    if found is None:
        raise UsageError(f"there is no target {target!r}", did_you_mean(target, [*map(str, project.settings.targets), DEFAULT]))
    return Workspace(root, project, lock, found, target, tuple(problems))


def known_campaigns(work: Workspace, names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the campaigns to restrict a tick to, None for all; raise UsageError for one that is not there."""
    for name in names or ():
        if name not in work.project.campaigns:
            raise UsageError(f"there is no campaign {name!r}", did_you_mean(name, work.project.campaigns))
    return frozenset(names) if names else None
