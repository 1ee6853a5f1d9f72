"""How `analyze cohorts` is told: a triangle of periods since the first order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.figures import percent, short
from retention_cli.cli.local import MISSING
from retention_cli.cli.told import Table, Told
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.cli.analyze import Measure
    from retention_cli.cli.local import Local
    from retention_cli.insight.cohorts import Cell, Cohort

_LEFT, _EACH = 24, 8
"""Columns that the cohorts and their people take, and each period."""
_COLUMNS = ("cohort", "people", "first_revenue", "period", "returning", "share", "recurring_revenue")


def cohorts_told(found: Sequence[Cohort], measure: Measure, periods: int, local: Local) -> Told:
    """Tell the cohorts, `periods` behind the first at most; JSON and CSV have every measure of every period."""
    plain, cells = [_json(cohort) for cohort in found], [row for cohort in found for row in _rows(cohort)]
    if not found:
        return Told(plain, (), _COLUMNS, cells, said=("nobody has ordered yet",))
    if measure == "first":
        return Told(plain, (_first(found, local),), _COLUMNS, cells)
    longest = max(cohort.cells[-1].later for cohort in found)
    shown = min(periods, longest)
    hidden = f"{plural(longest - shown, 'later period is', 'later periods are')} not shown: --periods or --format csv shows them"
    table = _triangle(found, measure, shown, local)
    return Told(plain, (table,), _COLUMNS, cells, said=(hidden,) if shown < longest else ())


def periods_that_fit(width: int | None, periods: int) -> int:
    """Return how many periods behind the first have room on a terminal of so many columns; None is endless."""
    return periods if width is None else min(periods, max(1, (width - _LEFT) // _EACH - 1))


def _json(cohort: Cohort) -> dict[str, Any]:
    cells = [dict(zip(_COLUMNS[3:], row[3:], strict=True)) for row in _rows(cohort)]
    return {"cohort": cohort.start, "people": cohort.people, "first_revenue": cohort.first_revenue, "periods": cells}


def _rows(cohort: Cohort) -> list[tuple[Any, ...]]:
    head = (cohort.start, cohort.people, cohort.first_revenue)
    return [(*head, cell.later, cell.returning, cohort.share(cell), cell.recurring_revenue) for cell in cohort.cells]


def _first(found: Sequence[Cohort], local: Local) -> Table:
    columns = ("people", "first orders", "each", "repeat orders", "repeat each")
    rows = []
    for cohort in found:
        repeat = sum(cell.recurring_revenue for cell in cohort.cells)
        values = (cohort.first_revenue, cohort.first_revenue / cohort.people, repeat, repeat / cohort.people)
        rows.append((local.cell(cohort.start), local.number(cohort.people), *(short(value, local) for value in values)))
    return Table(
        ("cohort", *columns), rows, right=columns, kept=("cohort",), title="cohorts by first order: its value, and that of all repeat orders since"
    )


def _triangle(found: Sequence[Cohort], measure: Measure, shown: int, local: Local) -> Table:
    columns = ("people", *(str(later) for later in range(shown + 1)))
    rows = [(local.cell(cohort.start), local.number(cohort.people), *_figures(cohort, measure, shown, local)) for cohort in found]
    what = "share that ordered again" if measure == "returning" else "value of repeat orders a head"
    title = f"{what}, by periods since the first; the last is not over"
    return Table(("cohort", *columns), rows, right=columns, kept=("cohort",), title=title)


def _figures(cohort: Cohort, measure: Measure, shown: int, local: Local) -> list[str]:
    cells = cohort.cells[: shown + 1]
    return [_figure(cohort, cell, measure, local) for cell in cells] + [""] * (shown + 1 - len(cells))


def _figure(cohort: Cohort, cell: Cell, measure: Measure, local: Local) -> str:
    if measure == "returning":
        return percent(cohort.share(cell), local) if cell.returning else MISSING
    return short(cell.recurring_revenue / cohort.people, local) if cell.recurring_revenue else MISSING
