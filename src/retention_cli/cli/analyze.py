"""Commands about the whole shop: cadence, rfm, cohorts, value."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption, moment
from retention_cli.cli.output import say
from retention_cli.insight.cohorts import Period

if TYPE_CHECKING:
    from retention_cli.app.facts import View

app = typer.Typer(help="The shop as a whole: its rhythm, scores, cohorts and value.", no_args_is_help=True, rich_markup_mode=None)


class Measure(StrEnum):
    """What a triangle of cohorts shows."""

    RETURNING = "returning"
    FIRST = "first"
    RECURRING = "recurring"


def _view(project: Path, as_of: str | None) -> View:
    from retention_cli.app.facts import look
    from retention_cli.app.workspace import find_root, open_project

    work = open_project(find_root(project))
    return look(work, moment(as_of, work.project.zone), say)


@app.command()
def cadence(
    by: Annotated[str | None, typer.Option("--by", help="A column of orders or their lines; category, if left out and there is one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of its values to show, the most bought first.")] = 20,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show how long people wait between purchases, and limits for a group to paste."""
    from retention_cli.app.analyze import analyze_cadence
    from retention_cli.cli import cadence_tables as tables

    tables.show(analyze_cadence(_view(project, as_of), by), limit, format_)


@app.command()
def rfm(project: ProjectOption = HERE, as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """Show how customers spread over recency and frequency, with what they paid."""
    from retention_cli.app.analyze import analyze_rfm
    from retention_cli.cli import rfm_tables as tables

    tables.show(analyze_rfm(_view(project, as_of)), format_)


@app.command()
def cohorts(
    period: Annotated[Period, typer.Option("--period", help="How long a cohort and a step are.")] = Period.MONTH,
    measure: Annotated[Measure, typer.Option("--measure", help="Share returning, revenue of first orders, or of repeat orders.")] = Measure.RETURNING,
    periods: Annotated[int, typer.Option("--periods", min=1, max=200, help="How many periods to show behind the first.")] = 8,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show the cohorts of first orders, and how many of each come back."""
    from retention_cli.app.analyze import analyze_cohorts
    from retention_cli.cli import cohort_tables as tables

    tables.show(analyze_cohorts(_view(project, as_of), period), measure, periods, format_)


@app.command()
def value(project: ProjectOption = HERE, as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """Show what buyers are expected to bring within a year, from what was fitted to their orders, and how well that fits."""
    from retention_cli.app.analyze import analyze_value
    from retention_cli.cli import value_tables as tables

    tables.show(analyze_value(_view(project, as_of)), format_)
