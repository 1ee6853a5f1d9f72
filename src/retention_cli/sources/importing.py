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
from retention_cli.model.source import CUSTOMERS, IDENTITIES
from retention_cli.sources import catalogue
from retention_cli.sources.absence import with_absent
from retention_cli.sources.asked import asked_of
from retention_cli.sources.derived import derive_customers
from retention_cli.sources.dress import told
from retention_cli.sources.layout import lay_out
from retention_cli.sources.places.fetch import files_of
from retention_cli.sources.report import Imported, Outcome, refuse_too_many_rejects, report_of, settled_lock
from retention_cli.sources.work import Session, Work
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source
    from retention_cli.sources.files import ExportFile


def import_all(
    project: Project,
    locks: Mapping[str, SourceLock],
    store: Path,
    *,
    progress: Callable[[str], None] | None = None,
    lenient: bool = False,
    fetch: bool = True,
) -> Imported:
    """Import every source into `store` (`.retention/`); what has not changed is not read. `lenient`: bad rows stop nothing.

    Without `fetch` no socket is opened: what is far away is read as it was fetched last.

    Raises DataUnreachable (a file is missing, damaged or still written), GuardStopped (columns are missing, too many bad
    rows) or ProjectInvalid (an `exclude:` that does not fit the columns).
    """
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    catalogue.sweep(store)
    with ExitStack() as resources:
        session = Session(project, locks, store, progress or (lambda _: None), resources)
        names = in_order(project.sources)
        found = {name: files_of(name, project.sources[name], Path(project.root), store, fetch=fetch) for name in names}
        session.cache.expect(file for name in names for file in found[name])
        if session.cache.is_reading:
            session.prepare()
        try:
            outcomes = [_import_source(session, name, found[name], lenient=lenient) for name in names]
            if CUSTOMERS not in project.sources:
                outcomes.append(derive_customers(session))
        finally:
            kept = session.keeper.finish()
        outcomes = [outcome.kept(kept) for outcome in outcomes]
        session.cache.save()
    snapshots = SnapshotSet({outcome.stored.snapshot.source: outcome.stored.snapshot for outcome in outcomes})
    settled = {outcome.stored.snapshot.source: outcome.lock for outcome in outcomes if outcome.lock is not None}
    return Imported(snapshots, {**locks, **settled}, tuple(outcome.report for outcome in outcomes))


def in_order(sources: Mapping[str, Source]) -> list[str]:
    """Return the names, each after those that it takes something from."""
    placed: dict[str, None] = {}

    def place(name: str, below: tuple[str, ...]) -> None:
        for lender in _lenders(name, sources):
            if lender in sources and lender not in below and lender not in placed:
                place(lender, (*below, name))
        placed[name] = None

    for name in sources:
        if name not in placed:
            place(name, (name,))
    return list(placed)


def _lenders(name: str, sources: Mapping[str, Source]) -> list[str]:
    source = sources[name]
    adders = [other for other, spec in sources.items() if spec.adds_to == name]
    return [*([] if name == IDENTITIES else [IDENTITIES]), *adders, *([str(source.parent)] if source.parent else [])]


def _import_source(session: Session, name: str, files: Sequence[ExportFile], *, lenient: bool) -> Outcome:
    source, lock = session.project.sources[name], session.locks.get(name)
    asked = asked_of(session.project, source, lock)
    exports = [session.cache.look(file, asked, lambda: session.engine) for file in files]
    layout = lay_out(session.project, name, [(export.file.shown, export.header) for export in exports], lock)
    work = Work(session, name, source, exports, layout)
    stored = work.known()
    fresh = stored is None
    if stored is None:
        stored = work.read()
    if not lenient:
        refuse_too_many_rejects(stored, source, session.store)
    stored = with_absent(session, stored) if name == CUSTOMERS else stored
    session.done[name] = stored
    if fresh:
        dressed = f" ({told(stored.csv)})" if lock is None and told(stored.csv) else ""
        session.progress(f"{name}: read {plural(stored.snapshot.rows, 'row')}{dressed}")
    modified = datetime.fromtimestamp(max(export.file.stamp.mtime_ns for export in exports) / 1e9, UTC)
    return Outcome(stored, report_of(stored, modified, lock, fresh=fresh), settled_lock(stored, lock))
