"""What was read of the exports, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.told import Cells, Table, Told, values_table
from retention_cli.sources.drift import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.app.data import DataReport
    from retention_cli.cli.local import Local
    from retention_cli.model.unit import Unit
    from retention_cli.sources.report import SourceReport


def report_told(report: DataReport, local: Local) -> Told:
    """Tell one line a source, then what the guards and the import had to say."""
    rows = [
        (
            each.source,
            *map(local.number, (len(each.files), each.rows, each.rejected, len(each.columns))),
            local.cell(each.newest),
            "read" if each.fresh else "unchanged",
        )
        for each in report.sources
    ]
    numbers = ("files", "rows", "rejected", "columns")
    table = Table(("source", *numbers, "newest", ""), rows, right=numbers, kept=("source", "newest", ""))
    cells = [(each.source, len(each.files), each.rows, each.rejected, len(each.columns), each.newest, each.snapshot) for each in report.sources]
    plain = [
        {**_source(each), "guards": [{"name": guard.name, "ok": guard.ok, "said": guard.said} for guard in report.guards_of(each.source)]}
        for each in report.sources
    ]
    return Told(plain, (table,), ("source", *numbers, "newest", "snapshot"), cells, said=tuple(_remarks(report)))


def _source(each: SourceReport) -> dict[str, Any]:
    return {
        "source": each.source,
        "files": list(each.files),
        "rows": each.rows,
        "rejected": each.rejected,
        "columns": [{"name": column.name, "type": str(column.type), "from": column.origin} for column in each.columns],
        "newest": each.newest,
        "snapshot": each.snapshot,
        "warnings": list(each.warnings),
        "left_out": dict(each.left_out),
        "written": each.csv.model_dump(exclude_none=True),
        "type_changes": [asdict(drift) for drift in each.drifts],
    }


def _remarks(report: DataReport) -> Iterator[str]:
    for each in report.sources:
        for warning in each.warnings:
            yield f"{each.source}: {warning}"
        for drift in each.drifts:
            yield f"{each.source}: {told(drift)}"
        if each.rejected and each.rejects_path:
            yield f"{each.source}: rows that were set aside are in {each.rejects_path}"
    for guard in report.guards:
        if not guard.ok:
            yield f"{guard.source}: {guard.name} refuses: {guard.said}"
    for problem in report.drift:
        yield f"{problem.place}: {problem.message}; {problem.hint}"


def rows_told(columns: Sequence[str], rows: Cells, units: Mapping[str, Unit], local: Local) -> Told:
    """Tell rows of a source as they were imported."""
    plain = [dict(zip(columns, row, strict=True)) for row in rows]
    return Told(plain, (values_table(columns, rows, units, local),), columns, rows)
