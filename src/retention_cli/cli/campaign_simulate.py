"""The command that tells one person's way through a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention_cli.cli.options import HERE, Format, FormatOption, ProjectOption, TargetOption, moment
from retention_cli.cli.output import say, show_json, show_lines

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from retention_cli.app.simulating import Simulated
    from retention_cli.model.duration import Duration

_MOMENT = "2026-05-01 or 2026-05-01T09:00, by the shop's clock"


def simulate(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="A campaign.")],
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="A customer's id; with --given, one of that file.")],
    given: Annotated[Path | None, typer.Option("--given", help="A made-up person: a file with a test's given and when.", dir_okay=False)] = None,
    from_: Annotated[str | None, typer.Option("--from", help=f"When the campaign first runs: {_MOMENT}.")] = None,
    until: Annotated[str | None, typer.Option("--until", help=f"Up to when: {_MOMENT}.")] = None,
    every: Annotated[str, typer.Option("--every", help="How often to look, besides whenever something is due: 1 day, 6 hours.")] = "1 day",
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    format_: FormatOption = Format.TEXT,
) -> None:
    """Tell one person's way through a campaign: what was looked at, what was decided, and why; writes and sends nothing."""
    from retention_cli.app.simulating import Asked, simulate_customer, simulate_given
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    zone = work.project.zone
    start, end = (moment(text, zone) if text is not None else None for text in (from_, until))
    asked = Asked(campaign, customer, start, end, _duration(every))
    found = simulate_given(work, asked, given) if given is not None else simulate_customer(work, asked, SystemClock().now(), say)
    if format_ is Format.JSON:
        show_json(_as_json(found, zone))
    else:
        _show(found, zone)


def _duration(text: str) -> Duration:
    from retention_cli.errors import UsageError
    from retention_cli.model.duration import Duration

    try:
        return Duration.parse(text)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise UsageError(f"--every: {message}", hint) from error


def _show(found: Simulated, zone: ZoneInfo) -> None:
    from retention_cli.cli.story import story_lines

    show_lines(story_lines(found.story.scenes, zone))
    start, until = (at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for at in (found.span.start, found.span.until))
    say(f"{found.asked.campaign} for {found.asked.customer}, from {start} to {until}; nothing was written or sent")


def _as_json(found: Simulated, zone: ZoneInfo) -> dict[str, Any]:
    from retention_cli.cli.story import scene_json, told

    return {
        "campaign": found.asked.campaign,
        "customer": found.asked.customer,
        "from": told(found.span.start, zone),
        "until": told(found.span.until, zone),
        "story": [scene_json(scene, zone) for scene in found.story.scenes],
    }
