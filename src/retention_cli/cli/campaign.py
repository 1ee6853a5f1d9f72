"""Commands about campaigns: list, show, graph, simulate."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from retention_cli.cli.campaign_simulate import simulate
from retention_cli.cli.options import HERE, ProjectOption, TableFormat, TableFormatOption, TargetOption

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

    work = open_project(find_root(project), target)
    tell(shown_told(campaign_show(work, name), Local.of(work.project)), format_)


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
