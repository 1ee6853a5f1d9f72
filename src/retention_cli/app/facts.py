"""The facts of a command: snapshots of all sources, checked by their guards, opened in an engine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli import crash
from retention_cli.app.offers import offer
from retention_cli.app.predicted import with_predictions
from retention_cli.compile.check import check
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.kept import clashes
from retention_cli.compile.moment import Moment
from retention_cli.compile.scans import EVERY_CUSTOMER
from retention_cli.compile.schema import Schema
from retention_cli.engine.duck import DuckEngine
from retention_cli.errors import GuardStopped, ProjectInvalid
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.lock import Lock
from retention_cli.sources.catalogue import current, current_stored
from retention_cli.sources.guards import check_guards
from retention_cli.sources.importing import import_all
from retention_cli.sources.report import Imported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from retention_cli.app.workspace import Workspace
    from retention_cli.compile.scans import Subject
    from retention_cli.model.snapshot import SnapshotSet
    from retention_cli.sources.guards import GuardVerdict


@dataclass(frozen=True, slots=True)
class Facts:
    """What a command knows: the import, the lock that it settled, the guards' verdicts, and the schema."""

    imported: Imported
    lock: Lock
    guards: tuple[GuardVerdict, ...]
    schema: Schema

    def demand_sound(self) -> None:
        """Raise GuardStopped where a guard refuses, with all that they said."""
        refused = [f"{verdict.source}: {verdict.said}" for verdict in self.guards if not verdict.ok]
        if refused:
            raise GuardStopped(
                "the exports are not to be trusted: " + "; ".join(refused), "look at `retention data check`; nothing was decided or sent"
            )


def gather(work: Workspace, as_of: datetime, progress: Callable[[str], None] | None = None, *, fetch: bool = False, lenient: bool = False) -> Facts:
    """Import what changed and check it; raise ProjectInvalid where the project names what the sources do not have.

    `fetch`: exports that are far away are fetched anew, else read as they were fetched last. `lenient`: bad rows stop nothing.
    """
    imported = import_all(work.project, work.lock.sources, work.store, progress=progress, fetch=fetch, lenient=lenient)
    crash.point("sources-imported")
    lock = Lock(imported.locks, work.lock.learned)
    guards = check_guards(work.project, imported, current_stored(work.store), as_of=as_of)
    schema = with_predictions(Schema.of(work.project.sources, seen(imported.snapshots)), imported.snapshots, work.project.settings)
    problems = [*check(work.project, schema), *clashes(work.project, schema)]
    if any(problem.is_error for problem in problems):
        raise ProjectInvalid([*work.warnings, *problems])
    return Facts(imported, lock, tuple(guards), schema)


def seen(snapshots: SnapshotSet) -> Catalog:
    """Return the schemas of what was imported: a child has its parent's customer and time there too."""
    found = {name: {column.name: column for column in each.columns} for name, each in snapshots.snapshots.items()}
    return Catalog({name: SourceSchema(name, columns, snapshots.snapshots[name].events) for name, columns in found.items()})


@dataclass(frozen=True, slots=True)
class View:
    """A project with its facts, as of one moment: what every question is asked of. `held` is an engine that is kept open."""

    work: Workspace
    facts: Facts
    as_of: datetime
    held: DuckEngine | None = None

    def compiler(self, subject: Subject = EVERY_CUSTOMER) -> Compiler:
        """Return a fresh compiler at this moment."""
        moment = Moment(self.as_of, self.work.project.zone)
        return Compiler(self.facts.schema, moment, self.work.project, subject)

    @contextmanager
    def engine(self) -> Iterator[DuckEngine]:
        """Open an engine that sees the snapshots as tables."""
        if self.held is not None:
            yield self.held
            return
        with DuckEngine.within(self.work.project.limits) as engine:
            engine.attach_snapshots(self.facts.imported.snapshots)
            offer(engine, self.work, self.facts.imported.snapshots, self.as_of)
            yield engine


def published(work: Workspace, as_of: datetime) -> View | None:
    """Return the facts that were imported last, without reading an export; None where there are none."""
    snapshots = current(work.store)
    if snapshots is None or not work.project.sources.keys() <= snapshots.snapshots.keys():
        return None
    schema = with_predictions(Schema.of(work.project.sources, seen(snapshots)), snapshots, work.project.settings)
    return View(work, Facts(Imported(snapshots, work.lock.sources, ()), work.lock, (), schema), as_of)


def look(work: Workspace, as_of: datetime, progress: Callable[[str], None] | None = None) -> View:
    """Return the project's facts as of a moment; guards are not asked, for a look decides nothing."""
    return View(work, gather(work, as_of, progress), as_of)
