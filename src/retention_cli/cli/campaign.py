"""Commands about campaigns: list, show, graph, simulate, preview, send-test."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from retention_cli.cli.campaign_simulate import simulate
from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption, TargetOption, moment

app = typer.Typer(help="When something begins for a customer, and what happens then.", no_args_is_help=True, rich_markup_mode=None)

CampaignArgument = Annotated[str, typer.Argument(metavar="NAME", help="A campaign.")]


class GraphFormat(StrEnum):
    """How a campaign is drawn."""

    TEXT = "text"
    MERMAID = "mermaid"
    JSON = "json"


@app.callback()
def group() -> None:
    """When something begins for a customer, and what happens then."""


@app.command("list")
def list_(project: ProjectOption = HERE, target: TargetOption = "default", format_: TableFormatOption = TableFormat.TEXT) -> None:
    """List the campaigns: what begins each, who is under way, what was sent in 30 days, and when somebody is due next."""
    from retention_cli.app.campaigns import campaign_list
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.campaign_tables import list_told
    from retention_cli.cli.local import Local
    from retention_cli.cli.told import tell
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    tell(list_told(*campaign_list(work, SystemClock().now()), Local.of(work.project)), format_)


@app.command()
def show(
    name: CampaignArgument, project: ProjectOption = HERE, target: TargetOption = "default", format_: TableFormatOption = TableFormat.TEXT
) -> None:
    """Show where a campaign's people stand, by revision and step, and what became of its messages and goals."""
    from retention_cli.app.campaigns import campaign_show
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.campaign_tables import shown_told
    from retention_cli.cli.local import Local
    from retention_cli.cli.told import tell
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    tell(shown_told(campaign_show(work, name, SystemClock().now()), Local.of(work.project)), format_)


@app.command()
def graph(
    name: CampaignArgument,
    project: ProjectOption = HERE,
    format_: Annotated[GraphFormat, typer.Option("--format", help="text for people, mermaid for pages, json for programs.")] = GraphFormat.TEXT,
) -> None:
    """Draw a campaign: its steps with their ids, and the ways between them."""
    from retention_cli.app.campaigns import campaign_graph
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.drawing import as_json, drawn, mermaid
    from retention_cli.cli.output import can_draw, show_json, width
    from retention_cli.cli.output import show as print_

    found = campaign_graph(open_project(find_root(project)), name)
    match format_:
        case GraphFormat.JSON:
            show_json(as_json(found))
        case GraphFormat.MERMAID:
            print_(mermaid(found))
        case GraphFormat.TEXT:
            print_("\n".join(drawn(found, width(), plain=not can_draw())))


app.command()(simulate)


CustomerOption = Annotated[str | None, typer.Option("--customer", help="A customer's id; somebody with an address, if left out.")]
TriggerOption = Annotated[str | None, typer.Option("--trigger", help="The event that began it, as JSON.")]


@app.command()
def preview(
    name: CampaignArgument,
    customer: CustomerOption = None,
    trigger: TriggerOption = None,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> None:
    """Show every message of a campaign as one person would get it."""
    from retention_cli.app.facts import look
    from retention_cli.app.trial import drafts, shown
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.letters import letter
    from retention_cli.cli.output import say
    from retention_cli.cli.output import show as print_

    work = open_project(find_root(project), target)
    view = look(work, moment(as_of, work.project.zone), say)
    for place, (draft, finished) in enumerate(shown(view, name, drafts(view, name, customer, trigger), say)):
        print_(("" if place == 0 else "\n") + f"── {draft.told}")
        for line in letter(finished.raw):
            print_(line)


@app.command("send-test")
def send_test(
    name: CampaignArgument,
    to: Annotated[str, typer.Option("--to", help="The address that gets every message of the campaign.")],
    customer: CustomerOption = None,
    trigger: TriggerOption = None,
    project: ProjectOption = HERE,
    target: TargetOption = "default",
    as_of: AsOfOption = None,
) -> int:
    """Send every message of a campaign to an address of your own, made for one customer. Nothing is written down of it."""
    from retention_cli.app.facts import look
    from retention_cli.app.trial import drafts
    from retention_cli.app.trial import send_test as send
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.exits import ExitCode
    from retention_cli.cli.live import hooks
    from retention_cli.cli.output import say
    from retention_cli.cli.output import show as print_
    from retention_cli.clock import SystemClock

    work = open_project(find_root(project), target)
    view = look(work, moment(as_of, work.project.zone), say)
    with hooks(work) as live:
        counts = send(view, name, drafts(view, name, customer, trigger), to, SystemClock(), live)
    for state, count in counts.items():
        if count:
            print_(f"{state}: {count}")
    return ExitCode.DONE if sum(counts.values()) == counts["sent"] else ExitCode.UNFINISHED
