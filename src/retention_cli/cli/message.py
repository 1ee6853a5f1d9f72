"""Commands about messages: preview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TargetOption, moment
from retention_cli.cli.output import say, show

app = typer.Typer(help="What people read.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def preview(
    template: Annotated[str, typer.Argument(help="A template that a campaign sends.")],
    customer: Annotated[str | None, typer.Option("--customer", help="A customer's id; somebody with an address, if left out.")] = None,
    trigger: Annotated[str | None, typer.Option("--trigger", help="The event that began it, as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML part into this file.")] = None,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> None:
    """Show a message as one person would get it: its headers and its text."""
    from retention_cli.app.facts import look
    from retention_cli.app.message import preview as make
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.letters import html_of, letter

    work = open_project(find_root(project), target)
    finished = make(look(work, moment(as_of, work.project.zone), say), template, customer, trigger, say)
    for line in letter(finished.raw):
        show(line)
    if html is not None:
        html.write_text(html_of(finished.raw), encoding="utf-8")
        say(f"wrote {html}")


@app.command("show")
def show_(path: Annotated[Path, typer.Argument(help="An .eml file, such as those in outbox/.", exists=True, dir_okay=False)]) -> None:
    """Show a message file: its headers and its text, decoded."""
    from retention_cli.cli.letters import letter

    for line in letter(path.read_bytes()):
        show(line)
