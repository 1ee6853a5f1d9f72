"""Commands that hold a segment beside others: waterfall, overlap, profile, history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.asking import Ask, ask
from retention_cli.cli.options import (
    HERE,
    AsOfOption,
    FieldsOption,
    ProjectOption,
    SegmentArgument,
    TableFormat,
    TableFormatOption,
    TargetOption,
    names_in,
)

if TYPE_CHECKING:
    from retention_cli.app.facts import View
    from retention_cli.cli.told import Told


def waterfall(name: SegmentArgument, project: ProjectOption = HERE, as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """Show what each condition of a segment leaves: in order, alone, and how many there would be without it."""

    def answer(view: View) -> Told:
        from retention_cli.app.comparing import segment_waterfall
        from retention_cli.cli.compare_tables import waterfall_told
        from retention_cli.cli.local import Local

        return waterfall_told(segment_waterfall(view, name), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)


def overlap(
    names: Annotated[list[str], typer.Argument(help="Two segments or more.")],
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show who is in several segments at once: counts, shares, and every combination."""

    def answer(view: View) -> Told:
        from retention_cli.app.comparing import segment_overlap
        from retention_cli.cli.compare_tables import overlap_told
        from retention_cli.cli.local import Local

        return overlap_told(segment_overlap(view, names), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)


def profile(
    name: SegmentArgument,
    fields: FieldsOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many lines of each table.")] = 10,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show what tells a segment from everyone: values more and less frequent, and where its numbers lie."""

    def answer(view: View) -> Told:
        from retention_cli.app.comparing import segment_profile
        from retention_cli.app.metrics import units_of
        from retention_cli.cli.compare_tables import profile_told
        from retention_cli.cli.local import Local

        found, shop = segment_profile(view, name, names_in(fields)), view.work.project
        return profile_told(found, units_of(shop, [each.field for each in found.profile.numbers]), limit, Local.of(shop))

    ask(Ask(project, as_of, format_), answer)


def history(
    names: Annotated[list[str] | None, typer.Argument(help="Segments; all of them, if left out.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many evaluations.")] = 20,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show how large segments were at each evaluation, and how many entered and left."""
    from retention_cli.app.evaluations import segment_history
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.compare_tables import history_told
    from retention_cli.cli.local import Local
    from retention_cli.cli.told import tell

    work = open_project(find_root(project), target)
    tell(history_told(segment_history(work, names or (), limit), Local.of(work.project)), format_)
