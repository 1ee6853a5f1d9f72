"""Commands that make runs happen: schedule (the daemon) and cron (what to give to the machine's own scheduler)."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from retention_cli.cli.options import HERE, ProjectOption, TargetOption

_SCRIPT = Path(sys.executable).with_name("retention")
PROGRAM = (str(_SCRIPT),) if _SCRIPT.is_file() else (sys.executable, "-c", "from retention_cli.cli.main import main; main()")
"""This program, whatever it was started by."""


def schedule(
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    now: Annotated[bool, typer.Option("--now", help="Run once at the beginning too, whatever the time is.")] = False,
) -> int:
    """Run at the times of `daemon:` in retention.yml until it is stopped: a run in a process of its own each time."""
    from retention_cli.app.daemon import Stopping, serve
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.output import say
    from retention_cli.clock import SystemClock

    work, stopping = open_project(find_root(project), target), Stopping()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopping)
    serve(work, PROGRAM, SystemClock(), say, stopping, at_once=now)
    return ExitCode.INTERRUPTED if stopping.number == signal.SIGINT else ExitCode.DONE


def cron(
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer of systemd instead of a line for crontab.")] = False,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
) -> None:
    """Print what makes the machine's own scheduler run this project at the times of `daemon:`."""
    from retention_cli.app.timetables import crontab, units
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.output import say, show

    work = open_project(find_root(project), target)
    show(units(work, PROGRAM) if systemd else crontab(work, PROGRAM))
    say("save each part under the name that stands above it" if systemd else "add it with `crontab -e`")
