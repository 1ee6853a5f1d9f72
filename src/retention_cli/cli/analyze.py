"""Commands about the whole shop: cadence, rfm, cohorts, value."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from retention_cli.cli.asking import Ask, ask
from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption
from retention_cli.insight.cohorts import Period

if TYPE_CHECKING:
    from retention_cli.app.facts import View
    from retention_cli.cli.told import Told

app = typer.Typer(help="The shop as a whole: its rhythm, scores, cohorts and value.", no_args_is_help=True, rich_markup_mode=None)


class Measure(StrEnum):
    """What a triangle of cohorts shows."""

    RETURNING = "returning"
    FIRST = "first"
    RECURRING = "recurring"


@app.command()
def cadence(
    by: Annotated[str | None, typer.Option("--by", help="A column of orders or their lines; category, if left out and there is one.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of its values to show, the most bought first.")] = 20,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Show how long people wait between purchases, and limits for a group to paste."""

    def answer(view: View) -> Told:
        from retention_cli.app.analyze import analyze_cadence
        from retention_cli.cli.cadence_tables import cadence_told
        from retention_cli.cli.local import Local

        return cadence_told(analyze_cadence(view, by), limit, Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)


@app.command()
def rfm(project: ProjectOption = HERE, as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """Show how customers spread over recency and frequency, with what they paid."""

    def answer(view: View) -> Told:
        from retention_cli.app.analyze import analyze_rfm
        from retention_cli.cli.local import Local
        from retention_cli.cli.rfm_tables import rfm_told

        return rfm_told(analyze_rfm(view), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)


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

    def answer(view: View) -> Told:
        from retention_cli.app.analyze import analyze_cohorts
        from retention_cli.cli.cohort_tables import cohorts_told, periods_that_fit
        from retention_cli.cli.local import Local
        from retention_cli.cli.output import width

        return cohorts_told(analyze_cohorts(view, period), measure, periods_that_fit(width(), periods), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)


@app.command()
def value(project: ProjectOption = HERE, as_of: AsOfOption = None, format_: TableFormatOption = TableFormat.TEXT) -> None:
    """Show what buyers are expected to bring within a year, from what was fitted to their orders, and how well that fits."""

    def answer(view: View) -> Told:
        from retention_cli.app.analyze import analyze_value
        from retention_cli.cli.local import Local
        from retention_cli.cli.value_tables import value_told

        return value_told(analyze_value(view), Local.of(view.work.project))

    ask(Ask(project, as_of, format_), answer)
