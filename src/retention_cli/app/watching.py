"""`--watch`: ask again whenever a file of the project was saved, with the engine and its snapshots kept open.

Saves are noticed by looking at the files' times, twenty times a second: a few dozen files, on every system alike, and whatever
way an editor saves. Files are left to settle for one look, since an editor may write a file in pieces or swap it.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from retention_cli.app.facts import View, gather
from retention_cli.app.workspace import SETTINGS, open_project
from retention_cli.engine.duck import DuckEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.model.limits import Limits

LOOK = 0.05
"""Seconds from one look at the files to the next."""
_FILES = (SETTINGS, "retention.lock", ".env")
_FOLDERS = ("segments", "groups", "metrics", "campaigns", "templates", "lists", "tests")

Stamps = dict[str, tuple[int, int, int]]


def saves(root: Path, clock: Clock) -> Iterator[int]:
    """Yield how many files are watched: at once, and again after each save, for ever."""
    seen = stamps(root)
    yield len(seen)
    while True:
        clock.sleep(LOOK)
        now = stamps(root)
        if now == seen:
            continue
        while now != seen:
            seen = now
            clock.sleep(LOOK)
            now = stamps(root)
        yield len(seen)


def stamps(root: Path) -> Stamps:
    """Return what tells a saved file from what it was: its time, its size and its number on the disk."""
    found: Stamps = {}
    for name in _FILES:
        _note(root / name, found)
    for folder in _FOLDERS:
        _walk(root / folder, found)
    return found


def _walk(folder: Path, found: Stamps) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    _walk(folder / entry.name, found)
                else:
                    _note(folder / entry.name, found)
    except OSError:
        return  # a folder that is not there, or goes while it is looked at, has no files


def _note(path: Path, found: Stamps) -> None:
    try:
        state = path.stat()
    except OSError:
        return
    found[str(path)] = (state.st_mtime_ns, state.st_size, state.st_ino)


class Warm(AbstractContextManager["Warm"]):
    """Looks at a project again and again with one engine, whose tables change only where the snapshots do."""

    def __init__(self, root: Path, target: str) -> None:
        self._root, self._target = root, target
        self._engine: DuckEngine | None = None
        self._limits: Limits | None = None
        self._attached: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine is not None:
            self._engine.close()

    def look(self, as_of: Callable[[Workspace], datetime], progress: Callable[[str], None]) -> View:
        """Return the project as it is now; raises what opening it and importing its exports raise."""
        work = open_project(self._root, self._target)
        moment = as_of(work)
        facts = gather(work, moment, progress)
        snapshots = facts.imported.snapshots
        engine = self._within(work.project.limits)
        if snapshots.id != self._attached:
            engine.attach_snapshots(snapshots)
            self._attached = snapshots.id
        return View(work, facts, moment, engine)

    def _within(self, limits: Limits) -> DuckEngine:
        if self._engine is not None and limits == self._limits:
            return self._engine
        if self._engine is not None:
            self._engine.close()
        self._engine, self._limits, self._attached = DuckEngine.within(limits), limits, None
        return self._engine
