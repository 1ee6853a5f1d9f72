"""Commands about the exports: data check, import, show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, FormatOption, ProjectOption, TargetOption, moment
from retention_cli.cli.output import say, show_json, show_table

if TYPE_CHECKING:
    from retention_cli.app.data import DataReport

app = typer.Typer(help="The shop's exports: what they hold, and whether they can be trusted.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(project: ProjectOption = HERE, target: TargetOption = "default", as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> int:
    """Read the exports, tell what they hold, and ask the guards; exit 3 where one refuses."""
    from retention_cli.app.data import check_data

    return _report(check_data, project, target, as_of, format_)


@app.command("import")
def import_(project: ProjectOption = HERE, target: TargetOption = "default", as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> int:
    """Import the exports, settle their columns in retention.lock, and make them the current snapshots."""
    from retention_cli.app.data import import_data

    return _report(import_data, project, target, as_of, format_)


def _report(read: Callable[..., DataReport], project: Path, target: str, as_of: str | None, format_: Format) -> int:
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.data_tables import report_json, report_tables

    work = open_project(find_root(project), target)
    report = read(work, moment(as_of, work.project.zone), say)
    if format_ is Format.JSON:
        show_json(report_json(report))
    else:
        report_tables(report, work.project.zone)
    for problem in report.drift:
        say(f"{problem.place}: {problem.message}; {problem.hint}")
    return 0 if report.is_sound else 3


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A source of retention.yml.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 10,
    project: ProjectOption = HERE,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the first rows of a source as they were imported."""
    from retention_cli.app.data import first_rows
    from retention_cli.app.workspace import find_root, open_project

    work = open_project(find_root(project))
    columns, rows = first_rows(work, name, limit, say)
    if format_ is Format.JSON:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table(columns, rows, zone=work.project.zone)
