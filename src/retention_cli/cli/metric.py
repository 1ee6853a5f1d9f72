"""Commands about metrics: list."""

from __future__ import annotations

import typer

from retention_cli.cli.options import HERE, ProjectOption, TableFormat, TableFormatOption

app = typer.Typer(help="Numbers about a customer that conditions and templates may name.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Numbers about a customer that conditions and templates may name."""


@app.command("list")
def list_(project: ProjectOption = HERE, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """List the shop's own metrics and the built-in ones: unit, where from, and how each is made."""
    from retention_cli.app.metrics import metric_list
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.local import Local
    from retention_cli.cli.segment_tables import metrics_told
    from retention_cli.cli.told import tell

    work = open_project(find_root(project))
    tell(metrics_told(metric_list(work), Local.of(work.project)), format_)
