"""Commands about segments: list, size, preview, sql, explain. What compares and exports them stands in files beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli import segment_compare, segment_export
from retention_cli.cli.asking import Ask, ask, view_of
from retention_cli.cli.options import (
    HERE,
    AsOfOption,
    FieldsOption,
    ProjectOption,
    SegmentArgument,
    TableFormat,
    TableFormatOption,
    TargetOption,
    WatchOption,
    names_in,
)
from retention_cli.cli.output import show
from retention_cli.cli.progress import Working

if TYPE_CHECKING:
    from retention_cli.app.facts import View
    from retention_cli.cli.told import Told

app = typer.Typer(help="Who: how many, which people, by what SQL, and why this one.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    project: ProjectOption = HERE, target: TargetOption = "default", as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT
) -> None:
    """List the segments: size, share, change since the last evaluation, and how they moved before."""

    def answer(view: View) -> Told:
        from retention_cli.app.evaluations import segment_list
        from retention_cli.cli.local import Local
        from retention_cli.cli.segment_tables import list_told

        return list_told(segment_list(view), Local.of(view.work.project))

    ask(Ask(project, as_of, format_, target), answer)


@app.command()
def size(
    names: Annotated[list[str] | None, typer.Argument(help="Segments; all of them, if left out.")] = None,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
    watch: WatchOption = False,
) -> None:
    """Tell how many customers are in each segment, all from one plan."""

    def answer(view: View) -> Told:
        from retention_cli.app.segments import segment_sizes
        from retention_cli.cli.local import Local
        from retention_cli.cli.segment_tables import size_told

        return size_told(segment_sizes(view, names or ()), Local.of(view.work.project))

    ask(Ask(project, as_of, format_, watch=watch), answer)


@app.command()
def preview(
    name: SegmentArgument,
    fields: FieldsOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 10,
    seed: Annotated[int | None, typer.Option("--seed", help="Members at random; the same seed shows the same ones.")] = None,
    top: Annotated[str | None, typer.Option("--top", help="Those with most of a field or metric.")] = None,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
    watch: WatchOption = False,
) -> None:
    """Show some members of a segment, with fields that tell something: the first, a random few, or the top by a metric."""

    def answer(view: View) -> Told:
        from retention_cli.app.metrics import units_of
        from retention_cli.app.segments import pick, segment_preview
        from retention_cli.cli.local import Local
        from retention_cli.cli.segment_tables import preview_told

        found = segment_preview(view, name, names_in(fields), pick(limit, seed, top))
        return preview_told(name, found, units_of(view.work.project, found.columns), Local.of(view.work.project))

    ask(Ask(project, as_of, format_, watch=watch), answer)


@app.command()
def sql(
    names: Annotated[list[str] | None, typer.Argument(help="One segment, or several in one plan; all, if left out.")] = None,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
) -> None:
    """Print the SQL that finds a segment's members, ready to run over the snapshots."""
    from retention_cli.app.segments import segment_sql

    with Working("reading the exports") as working:
        text = segment_sql(view_of(Ask(project, as_of), working), names or ())
    show(text)


@app.command()
def explain(
    name: SegmentArgument,
    customer: Annotated[str, typer.Argument(help="A customer's id.")],
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
    watch: WatchOption = False,
) -> None:
    """Tell why a customer is, or is not, in a segment, part by part, with the rows that decided."""

    def answer(view: View) -> Told:
        from retention_cli.app.metrics import units_of
        from retention_cli.app.segments import segment_explain
        from retention_cli.cli.local import Local
        from retention_cli.cli.segment_tables import explain_told

        found, shop = segment_explain(view, name, customer), view.work.project
        return explain_told(found, units_of(shop, (part.of for part in found.conditions)), Local.of(shop))

    ask(Ask(project, as_of, format_, watch=watch), answer)


app.command()(segment_compare.waterfall)
app.command()(segment_compare.overlap)
app.command()(segment_compare.profile)
app.command()(segment_compare.history)
app.command()(segment_export.export)
