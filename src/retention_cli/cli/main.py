"""The command `retention`: commands are registered here; what they do is in app/. Heavy imports happen inside commands."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Annotated

import typer

from retention_cli.cli import analyze, campaign, data, group, lock, message, metric, project, schedule, segment, state, testing, tick
from retention_cli.cli.exits import guarded

app = typer.Typer(
    name="retention",
    help="Retention marketing as code: who gets which message, when and why, from YAML over your shop's exports.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


_SELDOM = 100_000
"""How many new objects make Python look for cycles: hardly anything that a command loads is ever freed, and looking took a tenth of `validate`."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"retention {version('retention-cli')}")
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False) -> None:
    """Retention marketing as code: who gets which message, when and why, from YAML over your shop's exports."""


app.command()(project.init)
app.command()(project.validate)
app.command()(project.schema)
app.add_typer(data.app, name="data")
app.add_typer(segment.app, name="segment")
app.add_typer(group.app, name="group")
app.add_typer(metric.app, name="metric")
app.add_typer(campaign.app, name="campaign")
app.command()(lock.lock)
app.add_typer(analyze.app, name="analyze")
app.add_typer(message.app, name="message")
app.command("test")(testing.run)
app.add_typer(campaign.app, name="campaign")
app.command()(tick.plan)
app.command()(tick.run)
app.command()(tick.send)
app.command()(schedule.schedule)
app.command()(schedule.cron)
app.command()(state.status)
app.add_typer(state.unknown, name="unknown")


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_SELDOM)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a bar in a pipe of another encoding is written out, as stderr does
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them reads the metadata of every installed package
    sys.exit(guarded(lambda: app(standalone_mode=False)))
