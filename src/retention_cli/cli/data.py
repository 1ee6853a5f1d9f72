"""Commands about the exports: data check, import, show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption, TargetOption, moment
from retention_cli.cli.progress import Working
from retention_cli.cli.told import tell

if TYPE_CHECKING:
    from retention_cli.app.data import DataReport

app = typer.Typer(help="The shop's exports: what they hold, and whether they can be trusted.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(
    project: ProjectOption = HERE, target: TargetOption = "default", as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT
) -> int:
    """Read the exports, tell what they hold, and ask the guards; exit 3 where one refuses."""
    from retention_cli.app.data import check_data

    return _report(check_data, project, target, as_of, format_)


@app.command("import")
def import_(
    project: ProjectOption = HERE, target: TargetOption = "default", as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT
) -> int:
    """Import the exports, settle their columns in retention.lock, and make them the current snapshots."""
    from retention_cli.app.data import import_data

    return _report(import_data, project, target, as_of, format_)


def _report(read: Callable[..., DataReport], project: Path, target: str, as_of: str | None, format_: TableFormat) -> int:
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.data_tables import report_told
    from retention_cli.cli.local import Local

    work = open_project(find_root(project), target)
    with Working("reading the exports") as working:
        report = read(work, moment(as_of, work.project.zone), working.say)
    tell(report_told(report, Local.of(work.project)), format_)
    return 0 if report.is_sound else 3


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A source of retention.yml.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 10,
    project: ProjectOption = HERE,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show the first rows of a source as they were imported."""
    from retention_cli.app.data import first_rows
    from retention_cli.app.metrics import units_of
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.data_tables import rows_told
    from retention_cli.cli.local import Local

    work = open_project(find_root(project))
    with Working("reading the exports") as working:
        columns, rows = first_rows(work, name, limit, working.say)
    tell(rows_told(columns, rows, units_of(work.project, columns), Local.of(work.project)), format_)
