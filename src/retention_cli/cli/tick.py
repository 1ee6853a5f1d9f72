"""Commands that decide and send: plan, run, send."""

from __future__ import annotations

from typing import Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, FormatOption, ProjectOption, TargetOption, moment
from retention_cli.cli.output import say, show_json

CampaignOption = Annotated[list[str] | None, typer.Option("--campaign", help="Only this campaign; may be given more than once.")]

LimitOption = Annotated[int | None, typer.Option("--limit", min=0, help="Plan at most so many messages; the people beyond wait for the next run.")]


def plan(
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
    campaign: CampaignOption = None,
    limit: LimitOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show what a run would do now, by campaign and reason; writes no decision and opens no socket."""
    from retention_cli.app.plan import plan as decide
    from retention_cli.app.workspace import find_root, known_campaigns, open_project
    from retention_cli.cli.tick_tables import plan_table

    work = open_project(find_root(project), target)
    report = decide(work, moment(as_of, work.project.zone), only=known_campaigns(work, campaign), limit=limit, progress=say)
    if work.stop_file.exists():
        say(f"{work.stop_file.relative_to(work.root)} is there: until it is removed, a run decides and sends nothing")
    if format_ is Format.JSON:
        show_json(report.as_json())
    else:
        plan_table(report)


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, but record and send nothing: the same as plan.")] = False,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
    campaign: CampaignOption = None,
    limit: LimitOption = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Do one tick: import the exports, decide, record, and send. Exit 5 where something is left for later."""
    if dry_run:
        plan(project, target, as_of, campaign, limit, format_)
        return 0
    from retention_cli.app.run import Wanted
    from retention_cli.app.run import run as tick
    from retention_cli.app.workspace import find_root, known_campaigns, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.live import hooks
    from retention_cli.cli.tick_tables import run_table
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    with hooks(work) as live:
        report = tick(work, moment(as_of, work.project.zone), SystemClock(), live, Wanted(known_campaigns(work, campaign), limit))
    code = ExitCode.UNFINISHED if report.sent.is_unfinished else ExitCode.DONE
    if format_ is Format.JSON:
        show_json(report.as_json(int(code)))
    else:
        run_table(report)
    return code


def send(project: ProjectOption = HERE, target: TargetOption = "default", format_: FormatOption = Format.TEXT) -> int:
    """Send what earlier runs planned and what was deferred; decides nothing."""
    from retention_cli.app.sending import send as dispatch
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.live import hooks
    from retention_cli.cli.tick_tables import sent_table
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    with hooks(work) as live:
        sent = dispatch(work, SystemClock(), live, sender="send")
    code = ExitCode.UNFINISHED if sent.is_unfinished else ExitCode.DONE
    if format_ is Format.JSON:
        show_json({"messages": dict(sent.counts), "left": sent.left, "exit": int(code)})
    else:
        sent_table(sent)
    return code
