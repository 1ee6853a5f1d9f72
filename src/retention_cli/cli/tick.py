"""Commands that decide and send: plan, run, send."""

from __future__ import annotations

from typing import Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, FormatOption, ProjectOption, TableFormat, TargetOption, moment
from retention_cli.cli.output import say
from retention_cli.cli.progress import Working
from retention_cli.cli.told import tell

ApproveOption = Annotated[list[str] | None, typer.Option("--approve", help="Let this campaign enrol, and end journeys, however many; repeatable.")]
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
    from retention_cli.app.plan import Wanted
    from retention_cli.app.plan import plan as decide
    from retention_cli.app.workspace import find_root, known_campaigns, open_project
    from retention_cli.cli.local import Local
    from retention_cli.cli.tick_tables import plan_told

    work = open_project(find_root(project), target)
    with Working("deciding") as working:
        wanted = Wanted(known_campaigns(work, campaign), limit=limit)
        report = decide(work, moment(as_of, work.project.zone), wanted, progress=working.say)
    if work.stop_file.exists():
        say(f"{work.stop_file.relative_to(work.root)} is there: until it is removed, a run decides and sends nothing")
    tell(plan_told(report, Local.of(work.project)), TableFormat(format_))


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, but record and send nothing: the same as plan.")] = False,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
    campaign: CampaignOption = None,
    approve: ApproveOption = None,
    limit: LimitOption = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Do one tick: import the exports, decide, record, and send. Exit 5 where something is left for later, 3 where a campaign surged."""
    if dry_run:
        plan(project, target, as_of, campaign, limit, format_)
        return 0
    from retention_cli.app.plan import Wanted
    from retention_cli.app.run import run as tick
    from retention_cli.app.workspace import find_root, known_campaigns, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.live import hooks
    from retention_cli.cli.local import Local
    from retention_cli.cli.tick_tables import run_told
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    with hooks(work) as live:
        wanted = Wanted(known_campaigns(work, campaign), known_campaigns(work, approve) or frozenset(), limit)
        report = tick(work, moment(as_of, work.project.zone), SystemClock(), live, wanted)
    code = ExitCode.UNFINISHED if report.sent.is_unfinished else ExitCode.DONE
    for name, count in report.surges.items():
        say(f"{name}: {count:,} would enter at once, so nobody did; look at `retention plan`, then `retention run --approve {name}`")
        code = ExitCode.GUARD
    for name, count in report.exit_surges.items():
        say(f"{name}: {count:,} journeys would end at once, so nothing of it moved; look at `retention plan`, then `retention run --approve {name}`")
        code = ExitCode.GUARD
    tell(run_told(report, int(code), Local.of(work.project)), TableFormat(format_))
    return code


def send(project: ProjectOption = HERE, target: TargetOption = "default", format_: FormatOption = Format.TEXT) -> int:
    """Send what earlier runs planned and what was deferred; decides nothing."""
    from retention_cli.app.sending import send as dispatch
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.live import hooks
    from retention_cli.cli.local import Local
    from retention_cli.cli.tick_tables import sent_told
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    with hooks(work) as live:
        sent = dispatch(work, SystemClock(), live, sender="send")
    code = ExitCode.UNFINISHED if sent.is_unfinished else ExitCode.DONE
    tell(sent_told(sent, int(code), Local.of(work.project)), TableFormat(format_))
    return code
