"""`retention segment export`: all members, on stdout or in a file of the kind that its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from retention_cli.app.segments import known_fields, named
from retention_cli.audience.export import demand_kind, write_csv, write_csv_file, write_parquet, write_xlsx
from retention_cli.compile.segments import members_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retention_cli.app.facts import View
    from retention_cli.compile import sql


def export_csv(view: View, name: str, fields: Sequence[str], file: TextIO, *, raw: bool) -> int:
    """Write the members as CSV; return how many ids a spreadsheet would have run, and so were changed."""
    query = _query(view, name, fields)
    with view.engine() as engine:
        return write_csv(file, query.tree.named_selects, engine.stream(query.sql, query.values), raw=raw)


def export_file(view: View, name: str, fields: Sequence[str], path: Path, *, raw: bool) -> int:
    """Write the members into a file of the kind that its name ends with; return what `export_csv` does."""
    demand_kind(path)
    query = _query(view, name, fields)
    columns = query.tree.named_selects
    with view.engine() as engine:
        if path.suffix.lower() == ".csv":
            return write_csv_file(path, columns, engine.stream(query.sql, query.values), raw=raw)
        if path.suffix.lower() == ".parquet":
            write_parquet(engine, query, path)
        else:
            write_xlsx(path, columns, engine.stream(query.sql, query.values), view.work.project.zone, view.as_of)
    return 0


def _query(view: View, name: str, fields: Sequence[str]) -> sql.Query:
    condition = named(view.work, name).where
    known_fields(view, fields)
    return members_query(view.compiler(), condition, fields)
