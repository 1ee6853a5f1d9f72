"""What a plan or a run says: one line a campaign, then what became of the messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.cli.told import Table, Told
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.app.plan import PlanReport
    from retention_cli.app.run import RunReport
    from retention_cli.app.sending import Sent
    from retention_cli.cli.local import Local
    from retention_cli.journey.plan import CampaignPlan

_NUMBERS = ("enter", "send", "waiting")
_REASONS = ("exit", "held back", "turned away")


def plan_told(report: PlanReport, local: Local) -> Told:
    """Tell what a run would do."""
    total = sum(each.send for each in report.campaigns)
    said = [f"as of {local.time(report.as_of)}: a run would send {plural(total, 'message')}"]
    for each in report.in_flight:
        if each["moved"]:
            said.append(f"{each['campaign']}: {plural(each['moved'], 'journey')} move to the steps of now")
        if each["state"] != "continues":
            left = f"{plural(each['journeys'], 'journey')} and {plural(each['messages'], 'message')}"
            said.append(f"{each['campaign']} is {each['state']}: {left} stay where they are")
    return Told(report.as_json(), _campaigns(report.campaigns, local), said=(*_further(report.campaigns), *said))


def run_told(report: RunReport, code: int, local: Local) -> Told:
    """Tell what a run did; `code` is what it ends with."""
    tables = (*_campaigns(report.campaigns, local), *_messages(report.sent, local))
    return Told(report.as_json(code), tables, said=(*_further(report.campaigns), *_remarks(report.sent)))


def sent_told(sent: Sent, code: int, local: Local) -> Told:
    """Tell what became of the messages; `code` is what the command ends with."""
    plain = {"messages": dict(sent.counts), "left": sent.left, "exit": code}
    return Told(plain, _messages(sent, local), said=tuple(_remarks(sent)))


def _further(campaigns: Sequence[CampaignPlan]) -> Iterator[str]:
    for each in campaigns:
        if each.beyond_limit:
            yield f"{each.campaign}: the limit leaves {plural(each.beyond_limit, 'person', 'people')} for the next run"
        if each.update:
            yield f"{each.campaign}: of {plural(each.update, 'customer')} something is written down"
        for name, count in each.start.items():
            yield f"{each.campaign}: {plural(count, 'customer')} enter {visible(name)} at the next run"
        if each.held_exits:
            yield f"{each.campaign}: {plural(each.held_exits, 'journey')} would end at once, which are too many: nothing of it moves"


def _messages(sent: Sent, local: Local) -> tuple[Table, ...]:
    rows = [(state, local.number(count)) for state, count in sent.counts.items() if count]
    return (Table(("messages", "count"), rows, right=("count",)),) if rows else ()


def _remarks(sent: Sent) -> Iterator[str]:
    if not any(sent.counts.values()):
        yield "no message left and none was stopped"
    if sent.left:
        yield f"{plural(sent.left, 'message')} could not leave yet; the next run or `retention send` goes on"
    if sent.note:
        yield f"sending ended early: {sent.note}"


def _campaigns(campaigns: Sequence[CampaignPlan], local: Local) -> tuple[Table, ...]:
    rows = [
        (
            each.campaign,
            *map(local.number, (each.enter, each.send, each.waiting)),
            *(reasons(counts, local) for counts in (each.exit, each.held_back, each.turned_away)),
            local.number(each.baseline) if each.baseline else "",
        )
        for each in campaigns
    ]
    columns = ("campaign", *_NUMBERS, *_REASONS, "baseline")
    return (Table(columns, rows, right=(*_NUMBERS, "baseline"), kept=("campaign",)),)


def reasons(counts: Mapping[str, int], local: Local) -> str:
    """Return `ordered 3, emptied 1`, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{visible(reason)} {local.number(count)}" for reason, count in ordered)
