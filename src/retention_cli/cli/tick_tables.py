"""What a plan or a run says to people: one line a campaign, then what became of the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.cli.output import say, show_table
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.app.plan import PlanReport
    from retention_cli.app.run import RunReport
    from retention_cli.app.sending import Sent
    from retention_cli.journey.plan import CampaignPlan

_NUMBERS = ("enter", "send", "waiting")


def plan_table(report: PlanReport) -> None:
    """Print what a run would do."""
    _campaigns(report.campaigns)
    total = sum(each.send for each in report.campaigns)
    say(f"as of {report.as_of:%Y-%m-%d %H:%M} UTC: a run would send {plural(total, 'message')}")
    for each in report.in_flight:
        if each["state"] != "continues":
            left = f"{plural(each['journeys'], 'journey')} and {plural(each['messages'], 'message')}"
            say(f"{each['campaign']} is {each['state']}: {left} stay where they are")


def run_table(report: RunReport) -> None:
    """Print what a run did."""
    _campaigns(report.campaigns)
    sent_table(report.sent)


def sent_table(sent: Sent) -> None:
    """Print what became of the messages."""
    rows = [(state, count) for state, count in sent.counts.items() if count]
    if rows:
        show_table(("messages", "count"), rows, right=("count",))
    else:
        say("no message left and none was stopped")
    if sent.left:
        say(f"{plural(sent.left, 'message')} could not leave yet; the next run or `retention send` goes on")
    if sent.note:
        say(f"sending ended early: {sent.note}")


def _campaigns(campaigns: Sequence[CampaignPlan]) -> None:
    rows = [
        (
            each.campaign,
            each.enter,
            each.send,
            each.waiting,
            reasons(each.exit),
            reasons(each.held_back),
            reasons(each.turned_away),
            each.baseline or "",
        )
        for each in campaigns
    ]
    columns = ("campaign", "enter", "send", "waiting", "exit", "held back", "turned away", "baseline")
    show_table(columns, rows, right=(*_NUMBERS, "baseline"))
    for each in campaigns:
        if each.beyond_limit:
            say(f"{each.campaign}: the limit leaves {plural(each.beyond_limit, 'person', 'people')} for the next run")


def reasons(counts: Mapping[str, int]) -> str:
    """Return `ordered 3, emptied 1`."""
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
