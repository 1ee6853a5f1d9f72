"""One source's import: is its snapshot there already, and if not, how it is made.

A snapshot is addressed by what went in: the files' hashes, the settled types, the options and the parent's id; never by
Parquet's own bytes. Before the types are settled the same inputs are found again by a note in the cache.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from retention_cli.engine.duck import DuckEngine
from retention_cli.model.dress import CsvFormat
from retention_cli.model.encode import encode
from retention_cli.model.snapshot import Snapshot
from retention_cli.model.source import CUSTOMERS, IDENTITIES, Column
from retention_cli.sources import catalogue
from retention_cli.sources.atomic import write_text
from retention_cli.sources.catalogue import Stored
from retention_cli.sources.convert import install_macros
from retention_cli.sources.drift import drifts
from retention_cli.sources.filecache import FileCache, confirm
from retention_cli.sources.infer import settle
from retention_cli.sources.keeper import Keeper
from retention_cli.sources.keeping import Shaping
from retention_cli.sources.lending import adders_of, parent_of, refuse_twins
from retention_cli.sources.plain import Plains
from retention_cli.sources.rejects import collect_rejects, write_rejects
from retention_cli.sources.shaping import shape
from retention_cli.sources.staging import stage
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import ExitStack
    from pathlib import Path

    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.model.source import Source
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout, Planned
    from retention_cli.sources.lending import Lender

IDENTITY_LENGTH = 20
MEMORY = "1500MB"
"""What an import takes where `duckdb:` sets no limit: it holds and sorts whole sources, and would take what there is."""


@dataclass
class Session:
    """One import: what is read from, what is known, and the engine, opened when something must really be read."""

    project: Project
    locks: Mapping[str, SourceLock]
    store: Path
    progress: Callable[[str], None]
    resources: ExitStack
    done: dict[str, Stored] = field(default_factory=dict)
    opening: Future[DuckEngine] | None = None

    @cached_property
    def keeper(self) -> Keeper:
        """Where snapshots wait to be kept."""
        return self.resources.enter_context(Keeper(self.store))

    @cached_property
    def plains(self) -> Plains:
        """Files in the form that the reader takes."""
        return self.resources.enter_context(Plains(self.store / "tmp"))

    @cached_property
    def cache(self) -> FileCache:
        """What is known of unchanged files."""
        cache = FileCache(self.store / "cache" / "files.json", self.plains)
        self.resources.callback(cache.close)
        return cache

    @cached_property
    def engine(self) -> DuckEngine:
        """The engine, with the conversions in it."""
        return self.opening.result() if self.opening is not None else self._open()

    def prepare(self) -> None:
        """Open the engine in the background, for something must be read."""
        opener = self.resources.enter_context(ThreadPoolExecutor(1, thread_name_prefix="engine"))
        self.opening = opener.submit(self._open)

    def _open(self) -> DuckEngine:
        engine = DuckEngine.within(self.project.limits, temp_dir=self.store / "tmp", enough=MEMORY)
        install_macros(engine)
        return self.resources.enter_context(engine)  # at the very end: an import that needs no engine may be ending by now


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
    def lenders(self) -> tuple[Lender, ...]:
        """What the source takes from others: its parent's customer, or what others add to the customers."""
        project, done = self.session.project, self.session.done
        if self.name == CUSTOMERS:
            return adders_of(project, done)
        if self.source.parent is None or self.layout.roles.parent_key is None:
            return ()
        return (parent_of(project, self.name, self.layout.roles.parent_key, done[str(self.source.parent)]),)

    @property
    def identities(self) -> Stored | None:
        """Who the visitors are, for a source that names customers, and for the customers: who of them is another one."""
        names_customers = self.layout.roles.customer is not None or self.name == CUSTOMERS
        return self.session.done.get(IDENTITIES) if names_customers and self.name != IDENTITIES else None

    @cached_property
    def definition(self) -> str:
        """Identify what the project says of the source; a guard compares only snapshots of one definition."""
        return digest(definition_of(self.source, self.zone))

    def identity(self, columns: Iterable[Planned | Column]) -> str:
        """Address a snapshot by what goes into it."""
        shapes = [[column.name, column.origin, column.type, column.scale] for column in columns]
        files = [[export.facts.sha256, str(export.header.csv)] for export in self.exports]
        lent = [[lender.stored.snapshot.id, str(lender.currency)] for lender in self.lenders]
        known = self.identities.snapshot.id if self.identities else None
        home = self.session.project.settings.currency if self.source.currency or any(lender.currency for lender in self.lenders) else None
        return digest([catalogue.FORMAT, self.name, shapes, files, self.definition, lent, known, home])

    def known(self) -> Stored | None:
        """Return the snapshot of exactly these inputs, if it was made before."""
        planned = self.identity(self.layout.columns)
        is_settled = all(column.type is not None and column.scale is not None for column in self.layout.columns)
        identity = planned if is_settled else _settled_ids(self.session.store).get(planned)
        return catalogue.find(self.session.store, self.name, identity) if identity else None

    def read(self) -> Stored:
        """Read the files and write the snapshot."""
        engine = self.session.engine
        staged = stage(engine, self.exports, self.layout, self.zone)
        settled, warnings = settle(engine, self.layout)
        folder = self.session.keeper.folder()
        shaping = self.shaping(settled)
        shaped = shape(engine, shaping, folder)
        rejects = collect_rejects(engine, self.layout, staged)
        write_rejects(folder / catalogue.REJECTS, rejects)
        for export in self.exports:
            confirm(export.file)
            self.session.plains.forget(export.file.path)
        snapshot = Snapshot(
            source=self.name,
            id=self.identity(settled),
            path=str(folder / catalogue.DATA),
            rows=shaped.rows,
            rejected=len(rejects) - len(staged.bad_lines) + staged.refused,
            columns=shaping.columns,
            newest=shaped.newest,
            events=shaped.events,
            warnings=tuple(visible(said) for said in (*self.layout.warnings, *self._unended(), *warnings, *shaped.warnings)),
        )
        stored = self.session.keeper.keep(folder, self._stored(snapshot, settled, shaped.left_out))
        engine.execute("DROP TABLE IF EXISTS raw")
        _remember(self.session.store, self.identity(self.layout.columns), snapshot.id)
        return stored

    def _stored(self, snapshot: Snapshot, settled: tuple[Column, ...], left_out: Mapping[str, int]) -> Stored:
        shown = tuple(export.file.shown for export in self.exports)
        return Stored(snapshot, shown, left_out, self._csv(), self.definition, settled, drifts(self.session.engine, self.layout))

    def _csv(self) -> CsvFormat:
        """Return how all files are written, as far as they are alike."""
        if any(export.facts.kind != "csv" for export in self.exports):
            return self.layout.dress
        dresses = [dict(export.header.csv) for export in self.exports]
        alike = {name: value for name, value in dresses[0].items() if all(dress[name] == value for dress in dresses)}
        return self.layout.dress.over(CsvFormat(**alike))

    def _unended(self) -> Iterable[str]:
        texts = (export for export in self.exports if export.facts.kind == "csv")
        return (f"{export.file.shown}: its last line has no end; is the file whole?" for export in texts if not export.facts.ended)

    def shaping(self, settled: tuple[Column, ...]) -> Shaping:
        """Return how the rows become the snapshot's."""
        project = self.session.project
        is_parent = any(str(other.parent) == self.name for other in project.sources.values() if other.parent)
        if self.name == CUSTOMERS:
            refuse_twins(settled, self.lenders)
        home = project.settings.currency
        return Shaping(self.name, self.source, self.layout, settled, self.lenders, self.identities, is_parent, project.zone, home)


def definition_of(source: Source, zone: str) -> Any:
    """Return what the project says of a source, as far as it decides what its snapshot holds."""
    said = source.model_dump(
        mode="json", exclude={"name", "preset", "guard", "checks", "max_bad_rows", "description", "where", "exclude", "url", "allow_private"}
    )
    return [said, zone, encode(source.where), encode(source.exclude), source.known.model_dump(mode="json")]


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
        write_text(store / "cache" / "settled.json", json.dumps({**_settled_ids(store), planned: settled}, indent=1), durable=False)
