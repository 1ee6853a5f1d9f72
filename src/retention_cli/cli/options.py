"""Options that more than one command takes, and what their words mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Format(StrEnum):
    """How a table is printed."""

    TEXT = "text"
    JSON = "json"


class TableFormat(StrEnum):
    """How one table is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


ProjectOption = Annotated[Path, typer.Option("--project", "-C", help="The project's folder, or one inside it.", file_okay=False)]
TargetOption = Annotated[str, typer.Option("--target", "-t", help="A target of retention.yml.")]
FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
TableFormatOption = Annotated[TableFormat, typer.Option("--format", help="text for people, json for programs, csv for spreadsheets.")]
AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Decide as of this time (2026-05-01, 2026-05-01T09:00); now, if left out.")]

SegmentArgument = Annotated[str, typer.Argument(metavar="NAME", help="A segment.")]
FieldsOption = Annotated[str, typer.Option("--fields", help="Fields and metrics, with commas between them.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Answer again after each save of a project file, until Ctrl-C.")]

HERE = Path()


def names_in(text: str) -> list[str]:
    """Return the names of a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def moment(text: str | None, zone: ZoneInfo) -> datetime:
    """Return what `--as-of` says, in the shop's zone unless it has an offset; the present where it says nothing."""
    if text is None:
        from retention_cli.clock import SystemClock

        return SystemClock().now()
    try:
        found = datetime.combine(date.fromisoformat(text), time(0)) if len(text.strip()) == len("2026-05-01") else datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of {text!r} is not a date or a time", "write it like 2026-05-01 or 2026-05-01T09:00") from error
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
