"""One source's import: is its snapshot there already, and if not, how it is made.

A snapshot is addressed by what went in: the files' hashes, the settled types, the options and the parent's id; never by
Parquet's own bytes. Before the types are settled the same inputs are found again by a note in the cache.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from retention_cli.engine.duck import DuckEngine
from retention_cli.model.encode import encode
from retention_cli.model.snapshot import Snapshot
from retention_cli.model.source import Column, EventColumn
from retention_cli.sources import catalogue
from retention_cli.sources.atomic import write_text
from retention_cli.sources.catalogue import Stored
from retention_cli.sources.convert import install_macros
from retention_cli.sources.filecache import FileCache, confirm
from retention_cli.sources.infer import settle
from retention_cli.sources.layout import Planned, lent_names, naming_of
from retention_cli.sources.rejects import collect_rejects, write_rejects
from retention_cli.sources.shaping import Parent, Shaping, shape
from retention_cli.sources.staging import stage
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout

IDENTITY_LENGTH = 20


@dataclass
class Session:
    """One import: what is read from, what is known, and the engine, opened when something must really be read."""

    project: Project
    locks: Mapping[str, SourceLock]
    store: Path
    progress: Callable[[str], None]
    resources: ExitStack
    memory_limit: str | None
    done: dict[str, Stored] = field(default_factory=dict)

    @cached_property
    def cache(self) -> FileCache:
        """What is known of unchanged files."""
        return FileCache(self.store / "cache" / "files.json")

    @cached_property
    def engine(self) -> DuckEngine:
        """The engine, with the conversions in it."""
        engine = self.resources.enter_context(DuckEngine(temp_dir=self.store / "tmp", memory_limit=self.memory_limit))
        install_macros(engine)
        return engine


@dataclass(frozen=True)
class Work:
    """One source's import."""

    session: Session
    name: str
    source: Source
    exports: Sequence[Export]
    layout: Layout

    @property
    def zone(self) -> str:
        """The zone of times without an offset."""
        return self.source.timezone or self.session.project.settings.timezone

    @cached_property
    def parent(self) -> Parent | None:
        """What the source borrows, None where it has no parent."""
        if self.source.parent is None or self.layout.roles.parent_key is None:
            return None
        stored = self.session.done[str(self.source.parent)]
        return _parent(self.session.project, self.name, stored, self.layout.roles.parent_key)

    @cached_property
    def definition(self) -> str:
        """Identify what the project says of the source; a guard compares only snapshots of one definition."""
        return digest(definition_of(self.source, self.zone))

    def identity(self, columns: Iterable[Planned | Column]) -> str:
        """Address a snapshot by what goes into it."""
        shapes = [[column.name, column.origin, column.type, column.scale] for column in columns]
        files = [export.facts.sha256 for export in self.exports]
        parent = self.parent.stored.snapshot.id if self.parent else None
        delimiters = [export.header.delimiter for export in self.exports]
        return digest([catalogue.FORMAT, self.name, shapes, files, delimiters, self.definition, parent])

    def known(self) -> Stored | None:
        """Return the snapshot of exactly these inputs, if it was made before."""
        planned = self.identity(self.layout.columns)
        is_settled = all(column.type is not None and column.scale is not None for column in self.layout.columns)
        identity = planned if is_settled else _settled_ids(self.session.store).get(planned)
        return catalogue.find(self.session.store, self.name, identity) if identity else None

    def read(self) -> Stored:
        """Read the files and write the snapshot."""
        engine = self.session.engine
        staged = stage(engine, self.exports, self.layout, self.source.csv.date_format, self.zone)
        rejects = collect_rejects(engine, self.layout, staged)
        settled, warnings = settle(engine, self.layout)
        with catalogue.aside(self.session.store) as folder:
            shaped = shape(engine, self.shaping(settled), folder)
            for export in self.exports:
                confirm(export.file)
            write_rejects(folder / catalogue.REJECTS, rejects)
            snapshot = Snapshot(
                source=self.name,
                id=self.identity(settled),
                path=str(folder / catalogue.DATA),
                rows=shaped.rows,
                rejected=len(rejects) - len(staged.bad_lines) + staged.refused,
                columns=self.shaping(settled).columns,
                newest=shaped.newest,
                events=shaped.events,
                warnings=tuple(visible(said) for said in (*self.layout.warnings, *self._unended(), *warnings, *shaped.warnings)),
            )
            stored = catalogue.keep(self.session.store, folder, self._stored(snapshot, settled, shaped.left_out))
        engine.execute("DROP TABLE IF EXISTS raw")
        _remember(self.session.store, self.identity(self.layout.columns), snapshot.id)
        return stored

    def _stored(self, snapshot: Snapshot, settled: tuple[Column, ...], left_out: Mapping[str, int]) -> Stored:
        shown = tuple(export.file.shown for export in self.exports)
        delimiters = {export.header.delimiter for export in self.exports}
        return Stored(snapshot, shown, left_out, delimiters.pop() if len(delimiters) == 1 else None, self.definition, settled)

    def _unended(self) -> Iterable[str]:
        return (f"{export.file.shown}: its last line has no end; is the file whole?" for export in self.exports if not export.facts.ended)

    def shaping(self, settled: tuple[Column, ...]) -> Shaping:
        """Return how the rows become the snapshot's."""
        is_parent = any(str(other.parent) == self.name for other in self.session.project.sources.values() if other.parent)
        return Shaping(self.name, self.source, self.layout, settled, self.parent, is_parent, self.session.project.zone)


def definition_of(source: Source, zone: str) -> Any:
    """Return what the project says of a source, as far as it decides what its snapshot holds."""
    event = [source.event.column, source.event.names] if isinstance(source.event, EventColumn) else source.event
    roles = [source.key, source.customer, source.time, event, source.parent, source.lookup]
    return [source.path, roles, zone, source.csv.date_format, encode(source.exclude), sorted(source.columns.items()), sorted(source.types.items())]


def _parent(project: Project, child: str, stored: Stored, own_key: str) -> Parent:
    name = stored.snapshot.source
    by_name = {column.name: column for column in stored.snapshot.columns}
    wanted = [column for column in lent_names(project, child) if column in by_name]
    lent = tuple(by_name[column].model_copy(update={"origin": f"{name}.{column}"}) for column in wanted)
    key = naming_of(name, project.sources[name]).role(project.sources[name].key) or own_key
    return Parent(name, key, own_key, lent, stored)


def digest(value: Any) -> str:
    """Return the short SHA-256 of a JSON value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:IDENTITY_LENGTH]


def _settled_ids(store: Path) -> dict[str, str]:
    try:
        known = json.loads((store / "cache" / "settled.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(store: Path, planned: str, settled: str) -> None:
    if planned != settled:
        write_text(store / "cache" / "settled.json", json.dumps({**_settled_ids(store), planned: settled}, indent=1))
