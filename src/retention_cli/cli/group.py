"""Commands about groups: show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.asking import Ask, ask
from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption

if TYPE_CHECKING:
    from retention_cli.app.facts import View
    from retention_cli.cli.told import Told

app = typer.Typer(help="All customers, or a segment, divided.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """All customers, or a segment, divided."""


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A group: the shop's own, or a built-in one such as lifecycle.")],
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show how many are in each division, who is in none, and who fits two."""

    def answer(view: View) -> Told:
        from retention_cli.app.groups import group_show
        from retention_cli.cli.group_tables import divided_told
        from retention_cli.cli.local import Local

        return divided_told(group_show(view, name), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)
