"""Commands about campaigns: what one would do to somebody."""

from __future__ import annotations

import typer

from retention_cli.cli.campaign_simulate import simulate

app = typer.Typer(help="What a campaign does: one person's way through it, day by day.", no_args_is_help=True, rich_markup_mode=None)
app.callback()(lambda: None)  # one command alone would otherwise take the place of the group
app.command()(simulate)
