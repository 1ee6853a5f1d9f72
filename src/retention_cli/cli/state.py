"""Commands about what was decided: status, unknown list, unknown resolve."""

from __future__ import annotations

from typing import Annotated

import typer

from retention_cli.cli.options import HERE, Format, FormatOption, ProjectOption, TableFormat, TableFormatOption, TargetOption
from retention_cli.cli.output import say
from retention_cli.cli.told import tell

unknown = typer.Typer(help="Messages that may or may not have left: list them, and settle them.", no_args_is_help=True, rich_markup_mode=None)


def status(project: ProjectOption = HERE, target: TargetOption = "default", format_: FormatOption = Format.TEXT) -> None:
    """Show where everything stands: the last runs, people under way, messages by state, the daemon."""
    from retention_cli.app.health import read_health
    from retention_cli.app.status import status as read
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.local import Local
    from retention_cli.cli.state_tables import Standing, status_told

    work = open_project(find_root(project), target)
    standing = Standing(read_health(work), work.stop_file.exists())
    tell(status_told(read(work), standing, Local.of(work.project)), TableFormat(format_))


@unknown.command("list")
def list_(project: ProjectOption = HERE, target: TargetOption = "default", format_: TableFormatOption = TableFormat.TEXT) -> None:
    """List messages whose sender died, or whose server fell silent, at the last moment."""
    from retention_cli.app.status import unknown_list
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.local import Local
    from retention_cli.cli.state_tables import unknown_told

    work = open_project(find_root(project), target)
    tell(unknown_told(unknown_list(work), Local.of(work.project)), format_)


@unknown.command()
def resolve(
    messages: Annotated[list[int] | None, typer.Argument(help="Numbers from `unknown list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are in doubt.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="They have left: count them as sent.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="They have not: send them again, at the risk of a second copy.")] = False,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
) -> None:
    """Settle messages in doubt by hand."""
    from retention_cli.app.status import unknown_list, unknown_resolve
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.clock import SystemClock
    from retention_cli.errors import UsageError

    if sent is resend or bool(messages) is everything:
        raise UsageError("say which messages (numbers, or --all) and what became of them (--sent or --resend)")
    work = open_project(find_root(project), target)
    wanted = [row.message for row in unknown_list(work)] if everything else messages or []
    settled = unknown_resolve(work, SystemClock(), wanted, "sent" if sent else "planned")
    say(f"{len(settled):,} settled as {'sent' if sent else 'planned again'}")
