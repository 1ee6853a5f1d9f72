"""What was read of the exports, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from retention_cli.cli.output import say, show_table
from retention_cli.sources.drift import told

if TYPE_CHECKING:
    from retention_cli.app.data import DataReport
    from retention_cli.sources.report import SourceReport


def report_json(report: DataReport) -> list[dict[str, Any]]:
    """Return the stable shape of `data check --format json`."""
    return [
        {**_source(each), "guards": [{"name": guard.name, "ok": guard.ok, "said": guard.said} for guard in report.guards_of(each.source)]}
        for each in report.sources
    ]


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


def report_tables(report: DataReport, zone: ZoneInfo) -> None:
    """Print one line a source, then what the guards and the import had to say."""
    rows = [
        (each.source, len(each.files), each.rows, each.rejected, len(each.columns), each.newest, "read" if each.fresh else "unchanged")
        for each in report.sources
    ]
    show_table(("source", "files", "rows", "rejected", "columns", "newest", ""), rows, right=("files", "rows", "rejected", "columns"), zone=zone)
    for each in report.sources:
        for warning in each.warnings:
            say(f"{each.source}: {warning}")
        for drift in each.drifts:
            say(f"{each.source}: {told(drift)}")
        if each.rejected and each.rejects_path:
            say(f"{each.source}: rows that were set aside are in {each.rejects_path}")
    for guard in report.guards:
        if not guard.ok:
            say(f"{guard.source}: {guard.name} refuses: {guard.said}")
