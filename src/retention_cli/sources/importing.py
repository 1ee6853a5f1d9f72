"""Exports → snapshots: one set, of one moment, for one run.

An unchanged file is not read again, a changed parent makes its children anew, and whoever imports first has done it for
all. Nothing here writes the lock file or says which set is current: the caller does, once it believes the data.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.model.snapshot import SnapshotSet
from retention_cli.model.source import CUSTOMERS
from retention_cli.sources import catalogue
from retention_cli.sources.derived import derive_customers
from retention_cli.sources.files import expand
from retention_cli.sources.layout import lay_out
from retention_cli.sources.report import Imported, Outcome, refuse_too_many_rejects, report_of, settled_lock
from retention_cli.sources.work import Session, Work
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source


def import_all(
    project: Project,
    locks: Mapping[str, SourceLock],
    store: Path,
    *,
    progress: Callable[[str], None] | None = None,
    memory_limit: str | None = None,
) -> Imported:
    """Import every source into `store` (`.retention/`); what has not changed is not read.

    Raises DataUnreachable (a file is missing, damaged or still written), GuardStopped (columns are missing, too many bad
    rows) or ProjectInvalid (an `exclude:` that does not fit the columns).
    """
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    catalogue.sweep(store)
    with ExitStack() as resources:
        session = Session(project, locks, store, progress or (lambda _: None), resources, memory_limit)
        outcomes = [_import_source(session, name) for name in _in_order(project.sources)]
        if CUSTOMERS not in project.sources:
            outcomes.append(derive_customers(session))
        session.cache.save()
    snapshots = SnapshotSet({outcome.stored.snapshot.source: outcome.stored.snapshot for outcome in outcomes})
    settled = {outcome.stored.snapshot.source: outcome.lock for outcome in outcomes if outcome.lock is not None}
    return Imported(snapshots, {**locks, **settled}, tuple(outcome.report for outcome in outcomes))


def _in_order(sources: Mapping[str, Source]) -> list[str]:
    """Return the names, parents before their children."""
    placed: dict[str, None] = {}

    def place(name: str, below: tuple[str, ...]) -> None:
        parent = sources[name].parent
        if parent is not None and str(parent) in sources and str(parent) not in below:
            place(str(parent), (*below, name))
        placed[name] = None

    for name in sources:
        if name not in placed:
            place(name, ())
    return list(placed)


def _import_source(session: Session, name: str) -> Outcome:
    source, lock = session.project.sources[name], session.locks.get(name)
    delimiter = source.csv.delimiter or (lock.delimiter if lock else None)
    exports = [session.cache.look(file, delimiter, lambda: session.engine) for file in expand(Path(session.project.root), str(source.path))]
    layout = lay_out(session.project, name, [(export.file.shown, export.header) for export in exports], lock)
    work = Work(session, name, source, exports, layout)
    stored = work.known()
    fresh = stored is None
    if stored is None:
        stored = work.read()
    session.done[name] = stored
    refuse_too_many_rejects(stored, source)
    if fresh:
        session.progress(f"{name}: read {plural(stored.snapshot.rows, 'row')}")
    modified = datetime.fromtimestamp(max(export.file.stamp.mtime_ns for export in exports) / 1e9, UTC)
    return Outcome(stored, report_of(stored, modified, fresh=fresh), settled_lock(stored, lock))
