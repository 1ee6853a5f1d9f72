"""The command that gives all members of a segment to other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from retention_cli.cli.asking import Ask, view_of
from retention_cli.cli.options import HERE, AsOfOption, FieldsOption, ProjectOption, SegmentArgument, names_in
from retention_cli.cli.output import say
from retention_cli.cli.progress import Working
from retention_cli.text import plural


def export(
    name: SegmentArgument,
    fields: FieldsOption = "",
    to: Annotated[Path | None, typer.Option("--to", help="A file: .csv, .parquet or .xlsx; stdout, if left out.", dir_okay=False)] = None,
    raw: Annotated[bool, typer.Option("--raw", help="CSV without apostrophes before what a spreadsheet would run.")] = False,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
) -> None:
    """Give out all members as CSV, or in a file: customer_id, and the fields that you name."""
    from retention_cli.app.exporting import export_csv, export_file
    from retention_cli.audience.export import demand_kind

    asked = names_in(fields)
    if to is not None:
        demand_kind(to)
    with Working("reading the exports") as working:
        view = view_of(Ask(project, as_of), working)
        working.step("exporting")
        changed = export_csv(view, name, asked, sys.stdout, raw=raw) if to is None else export_file(view, name, asked, to, raw=raw)
    if changed:
        say(f"{plural(changed, 'id')} got an apostrophe, for a spreadsheet would run them as formulas; --raw leaves them as they are")
