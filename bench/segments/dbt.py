"""The same fifty segments as dbt models on DuckDB, one table each, over the same exports; left out where dbt is not installed.

dbt has an environment of its own (`RETENTION_BENCH_DBT` names its Python, or a `dbt` beside it in PATH): its versions of common
libraries are not ours.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import duckdb
from kit.measure import Missing

from retention_cli.app.facts import look
from retention_cli.app.workspace import open_project
from retention_cli.compile.segments import members_query
from segments.child import AS_OF

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kit.place import Place

    from retention_cli.model.snapshot import Snapshot

PROJECT = "name: segments\nversion: '1.0.0'\nprofile: segments\nmodel-paths: [models]\nmodels: {+materialized: table}\non-run-start:\n"
PROFILE = "segments:\n  target: dev\n  outputs: {{dev: {{type: duckdb, path: '{path}', threads: 2}}}}\n"


class Dbt:
    """A dbt project beside ours."""

    def __init__(self, place: Place, project: Path) -> None:
        self.place = place
        self.project = project
        self.folder = place.folder / "dbt"
        self.names: list[str] = []

    def prepare(self) -> None:
        """Write the models; raises Missing where dbt cannot run."""
        self.program = os.environ.get("RETENTION_BENCH_DBT") or shutil.which("dbt") or ""
        if not self.program:
            raise Missing("dbt is not installed; RETENTION_BENCH_DBT names its program")
        view = look(open_project(self.project), AS_OF)
        (self.folder / "models").mkdir(parents=True)
        views = _views(view.facts.imported.snapshots.snapshots)
        (self.folder / "dbt_project.yml").write_text(PROJECT + "".join(f'- "{each}"\n' for each in views), encoding="utf-8")
        (self.folder / "profiles.yml").write_text(PROFILE.format(path=self.folder / "out.duckdb"), encoding="utf-8")
        for name, segment in view.work.project.segments.items():
            select = members_query(view.compiler(), segment.where, ()).readable()
            (self.folder / "models" / f"{name}.sql").write_text(select, encoding="utf-8")
            self.names.append(name)

    def run(self) -> tuple[float, list[int]]:
        """Run every model; return the seconds of the whole command, and the sizes."""
        ended = self.place.process([self.program, "--quiet", "run", "--profiles-dir", str(self.folder)], self.folder)
        with duckdb.connect(str(self.folder / "out.duckdb"), read_only=True) as database:
            sizes = [database.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in self.names]
        return ended.seconds, sizes


def _views(snapshots: Mapping[str, Snapshot]) -> list[str]:
    """Return the statements that show a snapshot as a table; dbt runs them itself, for its DuckDB may be older than ours."""
    return [f"CREATE VIEW IF NOT EXISTS {source} AS SELECT * FROM '{snapshot.path}'" for source, snapshot in snapshots.items()]
