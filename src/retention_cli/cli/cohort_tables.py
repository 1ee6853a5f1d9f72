"""How `analyze cohorts` is shown: a triangle of periods since the first order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.figures import MISSING, share, short, width
from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show_csv, show_json, show_table
from retention_cli.cli.output import show as show_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.cli.analyze import Measure
    from retention_cli.insight.cohorts import Cell, Cohort

_LEFT, _EACH = 24, 8
"""Columns that the cohorts and their people take, and each period."""


def show(found: Sequence[Cohort], measure: Measure, periods: int, format_: TableFormat) -> None:
    """Show the cohorts; JSON and CSV have every measure of every period."""
    if format_ is TableFormat.JSON:
        show_json([_json(cohort) for cohort in found])
    elif format_ is TableFormat.CSV:
        show_csv(_COLUMNS, [row for cohort in found for row in _rows(cohort)])
    elif not found:
        say("nobody has ordered yet")
    elif measure == "first":
        _show_first(found)
    else:
        _show_triangle(found, measure, periods)


_COLUMNS = ("cohort", "people", "first_revenue", "period", "returning", "share", "recurring_revenue")


def _json(cohort: Cohort) -> dict[str, Any]:
    cells = [dict(zip(_COLUMNS[3:], row[3:], strict=True)) for row in _rows(cohort)]
    return {"cohort": cohort.start, "people": cohort.people, "first_revenue": cohort.first_revenue, "periods": cells}


def _rows(cohort: Cohort) -> list[tuple[Any, ...]]:
    head = (cohort.start, cohort.people, cohort.first_revenue)
    return [(*head, cell.later, cell.returning, cohort.share(cell), cell.recurring_revenue) for cell in cohort.cells]


def _show_first(found: Sequence[Cohort]) -> None:
    columns = ("people", "first orders", "each", "repeat orders", "repeat each")
    rows = []
    for cohort in found:
        repeat = sum(cell.recurring_revenue for cell in cohort.cells)
        each = (short(cohort.first_revenue / cohort.people), short(repeat), short(repeat / cohort.people))
        rows.append((str(cohort.start), cohort.people, short(cohort.first_revenue), *each))
    show_text("cohorts by first order: its value, and that of all repeat orders since")
    show_table(("cohort", *columns), rows, right=columns)


def _show_triangle(found: Sequence[Cohort], measure: Measure, periods: int) -> None:
    longest = max(cohort.cells[-1].later for cohort in found)
    shown = min(periods, longest, max(1, (width() - _LEFT) // _EACH - 1))
    columns = tuple(str(later) for later in range(shown + 1))
    rows = [(str(cohort.start), cohort.people, *_figures(cohort, measure, shown)) for cohort in found]
    what = "share that ordered again" if measure == "returning" else "value of repeat orders a head"
    show_text(f"{what}, by periods since the first; the last is not over")
    show_table(("cohort", "people", *columns), rows, right=("people", *columns))
    if shown < longest:
        say(f"{longest - shown} later periods are not shown: --periods, a wider window or --format csv shows them")


def _figures(cohort: Cohort, measure: Measure, shown: int) -> list[str]:
    cells = cohort.cells[: shown + 1]
    return [_figure(cohort, cell, measure) for cell in cells] + [""] * (shown + 1 - len(cells))


def _figure(cohort: Cohort, cell: Cell, measure: Measure) -> str:
    if measure == "returning":
        return share(cohort.share(cell)) if cell.returning else MISSING
    return short(cell.recurring_revenue / cohort.people) if cell.recurring_revenue else MISSING
