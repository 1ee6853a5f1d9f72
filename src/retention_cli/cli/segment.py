"""Commands about segments: list, size, preview, sql, explain, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, FormatOption, ProjectOption, moment
from retention_cli.cli.output import say, show, show_csv, show_json, show_table

if TYPE_CHECKING:
    from retention_cli.app.facts import View

app = typer.Typer(help="Who: how many, which people, by what SQL, and why this one.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="A segment.")]
Fields = Annotated[str, typer.Option("--fields", help="Fields and metrics, with commas between them.")]


def _view(project: Path, as_of: str | None) -> View:
    from retention_cli.app.facts import look
    from retention_cli.app.workspace import find_root, open_project

    work = open_project(find_root(project))
    return look(work, moment(as_of, work.project.zone), say)


def _fields(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@app.command("list")
def list_(project: ProjectOption = HERE, format_: FormatOption = Format.TEXT) -> None:
    """List the segments, and who uses them."""
    from dataclasses import asdict

    from retention_cli.app.segments import segment_list
    from retention_cli.app.workspace import find_root, open_project

    found = segment_list(open_project(find_root(project)))
    if format_ is Format.JSON:
        show_json([asdict(each) for each in found])
    else:
        show_table(
            ("segment", "description", "file", "used by"), [(each.segment, each.description, each.file, ", ".join(each.used_by)) for each in found]
        )


@app.command()
def size(
    names: Annotated[list[str] | None, typer.Argument(help="Segments; all of them, if left out.")] = None,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Tell how many customers are in each segment, all from one plan."""
    from retention_cli.app.segments import segment_sizes

    found = segment_sizes(_view(project, as_of), names or ())
    if format_ is Format.JSON:
        show_json([{"segment": each.segment, "size": each.size, "of": each.of, "share": each.share} for each in found])
    else:
        rows = [(each.segment, each.size, each.of, f"{each.share:.1%}") for each in found]
        show_table(("segment", "size", "of", "share"), rows, right=("size", "of", "share"))


@app.command()
def preview(
    name: Name,
    fields: Fields = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 10,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show some members of a segment, with fields that tell something."""
    from retention_cli.app.segments import segment_preview

    view = _view(project, as_of)
    found = segment_preview(view, name, _fields(fields), limit)
    if format_ is Format.JSON:
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        show_json({"segment": name, "size": found.size, "of": found.of, "columns": found.columns, "rows": rows})
        return
    show_table(found.columns, found.rows, zone=view.work.project.zone)
    say(f"{len(found.rows):,} of {found.size:,} members, out of {found.of:,} customers")


@app.command()
def sql(
    names: Annotated[list[str] | None, typer.Argument(help="One segment, or several in one plan; all, if left out.")] = None,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
) -> None:
    """Print the SQL that finds a segment's members, ready to run over the snapshots."""
    from retention_cli.app.segments import segment_sql

    show(segment_sql(_view(project, as_of), names or ()))


@app.command()
def explain(
    name: Name,
    customer: Annotated[str, typer.Argument(help="A customer's id.")],
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Tell why a customer is, or is not, in a segment, part by part."""
    from retention_cli.app.segments import segment_explain
    from retention_cli.cli.explained import explained_json, explained_text

    view = _view(project, as_of)
    found = segment_explain(view, name, customer)
    if format_ is Format.JSON:
        show_json(explained_json(found))
    else:
        explained_text(found, view.work.project.zone)


@app.command()
def export(name: Name, fields: Fields = "", project: ProjectOption = HERE, as_of: AsOfOption = None) -> None:
    """Print all members as CSV: customer_id, and the fields that you name."""
    from retention_cli.app.segments import segment_members

    found = segment_members(_view(project, as_of), name, _fields(fields))
    show_csv(found.columns, found.rows)
