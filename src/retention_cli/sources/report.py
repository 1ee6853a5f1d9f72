"""What an import tells: a report a source, what is settled now, and whether too many rows were bad."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retention_cli.errors import GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.model.lock import SourceLock
from retention_cli.sources import catalogue
from retention_cli.sources.rejects import read_rejects
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from retention_cli.model.snapshot import Drift, SnapshotSet
    from retention_cli.model.source import Column, Source
    from retention_cli.sources.catalogue import Stored


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a source's import gave. `modified` is when its newest file was written; `fresh`: its files were read now."""

    source: str
    files: tuple[str, ...]
    rows: int
    rejected: int
    rejects_path: str | None
    columns: tuple[Column, ...]
    newest: datetime | None
    snapshot: str
    fresh: bool
    modified: datetime | None
    left_out: Mapping[str, int]
    warnings: tuple[str, ...]
    definition: str
    csv: CsvFormat = field(default_factory=CsvFormat)
    carried: int = 0
    drifts: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """The snapshots of all sources, what is settled now, and a report a source."""

    snapshots: SnapshotSet
    locks: Mapping[str, SourceLock]
    reports: tuple[SourceReport, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One source's import."""

    stored: Stored
    report: SourceReport
    lock: SourceLock | None

    def kept(self, kept: Mapping[str, Stored]) -> Outcome:
        """Return the same with the snapshot in its place."""
        stored = kept.get(self.stored.snapshot.id, self.stored)
        rejects = str(stored.rejects_path) if stored.rejects_path else None
        return replace(self, stored=stored, report=replace(self.report, rejects_path=rejects))


def refuse_too_many_rejects(stored: Stored, source: Source, store: Path) -> None:
    """Raise GuardStopped where more rows are bad than the source allows; the list of them is kept in `store`."""
    snapshot = stored.snapshot
    seen = snapshot.rows + snapshot.rejected + sum(stored.left_out.values())
    if snapshot.rejected <= source.max_bad_rows * seen:
        return
    first = read_rejects(stored.folder / catalogue.REJECTS, 1)
    message = f"{snapshot.source}: {snapshot.rejected:,} of {plural(seen, 'row')} are bad, more than {source.max_bad_rows:.0%}; the first: {first[0]}"
    path = catalogue.folder_of(store, snapshot.source, snapshot.id) / catalogue.REJECTS
    raise GuardStopped(message, f"all of them: {path}; `max_bad_rows` moves the limit, `types:` settles a column")


def report_of(stored: Stored, modified: datetime | None, lock: SourceLock | None = None, *, fresh: bool) -> SourceReport:
    """Return the report of a stored snapshot."""
    snapshot = stored.snapshot
    return SourceReport(
        source=snapshot.source,
        files=stored.files,
        rows=snapshot.rows,
        rejected=snapshot.rejected,
        rejects_path=str(stored.rejects_path) if stored.rejects_path else None,
        columns=snapshot.columns,
        newest=snapshot.newest,
        snapshot=snapshot.id,
        fresh=fresh,
        modified=modified,
        left_out=stored.left_out,
        warnings=snapshot.warnings,
        definition=stored.definition,
        csv=stored.csv,
        carried=stored.carried,
        drifts=tuple(drift for drift in stored.drifts if drift.now not in _settled(drift.column, lock)),
    )


def _settled(origin: str, lock: SourceLock | None) -> list[str]:
    """Return the type that the lock has by now for a column."""
    return [str(column.type) for column in lock.columns if column.origin == origin] if lock else []


def settled_lock(stored: Stored, lock: SourceLock | None) -> SourceLock:
    """Return what is settled now: what the lock had, and what is new."""
    now = {column.origin: column for column in stored.settled}
    before = {column.origin: column for column in lock.columns} if lock else {}
    columns = {origin: now.get(origin, column) for origin, column in before.items()} | now
    events = set(stored.snapshot.events or ()) | set(lock.events if lock else ())
    return SourceLock(tuple(columns.values()), stored.csv.over(lock.csv) if lock else stored.csv, tuple(sorted(events)))
