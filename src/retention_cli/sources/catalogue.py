"""The store of snapshots below `.retention/`: folders that are there whole or not at all, and which set is current.

    snapshots/<source>-<id>/   data.parquet, meta.json, rejects.csv, and left_out.parquet where children may ask for it
    snapshots/current.json     the last two published sets
    cache/                     what is known of unchanged files; may be deleted

A folder is written aside under `.tmp-PID-…` and renamed; what a killed process left aside is swept by the next import.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_cli.model.dress import CsvFormat
from retention_cli.model.snapshot import Drift, Snapshot, SnapshotSet
from retention_cli.model.source import Column
from retention_cli.sources.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FORMAT = 2
KEPT_SETS = 2
KEPT_FOR = timedelta(days=30)
DATA, META, REJECTS, LEFT_OUT = "data.parquet", "meta.json", "rejects.csv", "left_out.parquet"


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot with what its import had to say.

    `left_out` counts rows by why they are not in it; `settled` are the columns of its files, as the lock keeps
    them, and `csv` how all of them are written. `drifts` are types that the files
    would have otherwise; `carried` rows are of people whom the export of the snapshot `base` lacks.
    """

    snapshot: Snapshot
    files: tuple[str, ...]
    left_out: Mapping[str, int]
    csv: CsvFormat
    definition: str
    settled: tuple[Column, ...]
    drifts: tuple[Drift, ...] = ()
    base: str | None = None
    carried: int = 0

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return Path(self.snapshot.path).parent

    @property
    def rejects_path(self) -> Path | None:
        """The list of rejects, None where there is none."""
        return self.folder / REJECTS if self.snapshot.rejected else None


def folder_of(store: Path, source: str, identity: str) -> Path:
    """Return where a snapshot lies, or would; a source's name is plain by its model."""
    return store / "snapshots" / f"{source}-{identity}"


def find(store: Path, source: str, identity: str) -> Stored | None:
    """Return a stored snapshot; None where there is none, or where it is not whole."""
    folder = folder_of(store, source, identity)
    try:
        raw = json.loads((folder / META).read_text(encoding="utf-8"))
        whole = raw["format"] == FORMAT and raw["size"] == (folder / DATA).stat().st_size
    except (OSError, ValueError, KeyError):
        return None
    return _stored(folder, raw) if whole else None


def _stored(folder: Path, raw: dict[str, Any]) -> Stored:
    snapshot = Snapshot(
        source=raw["source"],
        id=raw["id"],
        path=str(folder / DATA),
        rows=raw["rows"],
        rejected=raw["rejected"],
        columns=_columns(raw["columns"]),
        newest=datetime.fromisoformat(raw["newest"]) if raw["newest"] else None,
        events=None if raw["events"] is None else tuple(raw["events"]),
        warnings=tuple(raw["warnings"]),
    )
    drifts = tuple(Drift(*drift) for drift in raw["drifts"])
    return Stored(
        snapshot,
        tuple(raw["files"]),
        raw["left_out"],
        CsvFormat(**raw["csv"]),
        raw["definition"],
        _columns(raw["settled"]),
        drifts,
        raw["base"],
        raw["carried"],
    )


def _columns(raw: list[dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(Column(**column) for column in raw)


def _meta(stored: Stored, size: int) -> dict[str, Any]:
    snapshot = stored.snapshot
    return {
        "format": FORMAT,
        "source": snapshot.source,
        "id": snapshot.id,
        "size": size,
        "rows": snapshot.rows,
        "rejected": snapshot.rejected,
        "newest": snapshot.newest.isoformat() if snapshot.newest else None,
        "columns": [column.model_dump(mode="json") for column in snapshot.columns],
        "events": snapshot.events,
        "warnings": snapshot.warnings,
        "files": stored.files,
        "left_out": dict(stored.left_out),
        "csv": stored.csv.model_dump(),
        "base": stored.base,
        "carried": stored.carried,
        "drifts": [list(astuple(drift)) for drift in stored.drifts],
        "definition": stored.definition,
        "settled": [column.model_dump(mode="json") for column in stored.settled],
    }


def describe(folder: Path, stored: Stored) -> None:
    """Write what is known of a snapshot beside its data."""
    (folder / META).write_text(json.dumps(_meta(stored, (folder / DATA).stat().st_size), indent=1), encoding="utf-8")


def move(store: Path, folder: Path, stored: Stored) -> Stored:
    """Move a folder that is durable to its place; where another process was quicker, its folder stays."""
    snapshot = stored.snapshot
    place = folder_of(store, snapshot.source, snapshot.id)
    if find(store, snapshot.source, snapshot.id) is None:
        shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):
            folder.rename(place)
    return find(store, snapshot.source, snapshot.id) or stored


def sweep(store: Path) -> None:
    """Remove what processes that are no more left half written."""
    for folder in (*store.glob("snapshots/.tmp-*"), *store.glob("tmp/duckdb-*")):
        words = folder.name.split("-")
        if len(words) > 1 and words[1].isdigit() and not _alive(int(words[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def publish(store: Path, snapshots: SnapshotSet) -> None:
    """Make a set the current one, at once for every reader; the one before it is remembered."""
    named = {source: snapshot.id for source, snapshot in sorted(snapshots.snapshots.items())}
    published = _published(store)
    for source, identity in named.items():
        with suppress(OSError):
            os.utime(folder_of(store, source, identity) / META)
    if published and published[0] == named:
        return
    sets = [named, *(older for older in published if older != named)][:KEPT_SETS]
    write_text(_pointer(store), json.dumps({"format": FORMAT, "sets": sets}, indent=1))


def _pointer(store: Path) -> Path:
    return store / "snapshots" / "current.json"


def _published(store: Path) -> list[dict[str, str]]:
    try:
        raw = json.loads(_pointer(store).read_text(encoding="utf-8"))
        return [dict(named) for named in raw["sets"]] if raw["format"] == FORMAT else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def current(store: Path) -> SnapshotSet | None:
    """Return the set that was published last, as far as its snapshots are there; None where there is none."""
    found = {source: stored.snapshot for source, stored in current_stored(store).items()}
    return SnapshotSet(found) if found else None


def current_stored(store: Path) -> dict[str, Stored]:
    """Return the current set's snapshots with what their imports had to say."""
    named = next(iter(_published(store)), {})
    found = {source: find(store, source, identity) for source, identity in named.items()}
    return {source: stored for source, stored in found.items() if stored is not None}


def collect(store: Path, keep_ids: Collection[str], *, now: datetime) -> tuple[str, ...]:
    """Remove snapshots that nobody needs; return their folders' names.

    Kept are the last two published sets, the ids in `keep_ids`, and what was made or published in the 30 days before `now`.
    """
    wanted = {folder_of(store, source, identity).name for named in _published(store) for source, identity in named.items()}
    oldest = (now - KEPT_FOR).timestamp()
    gone = []
    for folder in sorted(store.glob("snapshots/*-*")):
        identity = folder.name.rpartition("-")[2]
        if folder.name.startswith(".") or folder.name in wanted or identity in keep_ids or _used_at(folder) >= oldest:
            continue
        aside_name = folder.with_name(f".tmp-{os.getpid()}-{secrets.token_hex(4)}")
        folder.rename(aside_name)
        shutil.rmtree(aside_name, ignore_errors=True)
        gone.append(folder.name)
    return tuple(gone)


def _used_at(folder: Path) -> float:
    try:
        return (folder / META).stat().st_mtime
    except OSError:
        return 0.0
