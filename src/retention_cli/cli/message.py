"""Commands about messages: preview, lint, matrix, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, ProjectOption, TableFormat, TargetOption, moment
from retention_cli.cli.output import say, show
from retention_cli.errors import UsageError

if TYPE_CHECKING:
    from retention_cli.app.facts import View

app = typer.Typer(help="What people read.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def preview(
    template: Annotated[str | None, typer.Argument(help="A template that a campaign sends; needed without --web.")] = None,
    customer: Annotated[list[str] | None, typer.Option("--customer", help="A customer's id; somebody with an address, if left out.")] = None,
    trigger: Annotated[str | None, typer.Option("--trigger", help="The event that began it, as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML part into this file.")] = None,
    web: Annotated[bool, typer.Option("--web", help="Show all templates in the browser, for these customers and edge cases, until Ctrl-C.")] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where --web listens on 127.0.0.1; any free port, if left out.")] = 0,
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
    view = look(work, moment(as_of, work.project.zone), say)
    if web:
        _gallery(view, customer or [], port)
        return
    if template is None or len(customer or []) > 1:
        raise UsageError("name one template, and one customer", "or see all of them with --web")
    finished = make(view, template, next(iter(customer or []), None), trigger, say)
    for line in letter(finished.raw):
        show(line)
    if html is not None:
        html.write_text(html_of(finished.raw), encoding="utf-8")
        say(f"wrote {html}")


def _gallery(view: View, customers: list[str], port: int) -> None:
    """Serve the gallery until Ctrl-C."""
    from retention_cli.app.gallery import Gallery, serve

    server = serve(Gallery(view, customers, say), port)
    show(f"http://127.0.0.1:{server.server_port}/")
    say("all templates are there; saved files show at once; Ctrl-C ends")
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        say("ended")
    finally:
        server.server_close()


@app.command()
def lint(
    what: Annotated[list[str] | None, typer.Argument(help="Templates, or .eml files; all, if left out.", metavar="[TEMPLATE|FILE]...")] = None,
    client: Annotated[list[str] | None, typer.Option("--client", help="A mail program to ask about, or all; four usual ones, if left out.")] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Also what is lost without harm.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> int:
    """Check finished messages: their bytes and headers, the page, what mail programs show of it. Exit 2 where something is wrong."""
    from retention_cli.app.facts import look
    from retention_cli.app.linting import lint as check
    from retention_cli.app.linting import lint_file, programs
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.linted import show_linted

    asked = programs([name.strip() for each in client or () for name in each.split(",")])
    paths = [Path(each) for each in what or () if each.endswith(".eml")]
    templates = [each for each in what or () if not each.endswith(".eml")]
    if missing := next((path for path in paths if not path.is_file()), None):
        raise UsageError(f"there is no file {str(missing)!r}", "name templates without their ending")
    found = [lint_file(str(path), path.read_bytes(), asked) for path in paths]
    if templates or not paths:
        work = open_project(find_root(project), target)
        found += check(look(work, moment(as_of, work.project.zone), say), templates, asked, say)
    return show_linted(found, notes=notes, strict=strict, as_json=format_ is Format.JSON)


@app.command()
def matrix(
    templates: Annotated[list[str] | None, typer.Argument(help="Templates; all that a campaign sends, if left out.")] = None,
    format_: Annotated[TableFormat, typer.Option("--format", help="text, json or csv.")] = TableFormat.TEXT,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> int:
    """Try every template on the edge members of its real audience, counted. Exit 2 where one of them must not be sent."""
    from retention_cli.app.facts import look
    from retention_cli.app.matrix import matrix as edges
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.linted import show_matrix

    work = open_project(find_root(project), target)
    view = look(work, moment(as_of, work.project.zone), say)
    return show_matrix(edges(view, templates or (), say), format_)


@app.command("show")
def show_(path: Annotated[Path, typer.Argument(help="An .eml file, such as those in outbox/.", exists=True, dir_okay=False)]) -> None:
    """Show a message file: its headers and its text, decoded."""
    from retention_cli.cli.letters import letter

    for line in letter(path.read_bytes()):
        show(line)
