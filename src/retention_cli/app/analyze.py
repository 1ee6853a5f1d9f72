"""`retention analyze`: what the shop's orders say of its rhythm, its customers' scores, its cohorts and its value."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from retention_cli.compile.moment import Moment
from retention_cli.errors import UsageError
from retention_cli.features.predictions import fitted
from retention_cli.insight.cadence import CATEGORY, cadence
from retention_cli.insight.cohorts import cohorts
from retention_cli.insight.orders import Orders
from retention_cli.insight.rfm import rfm
from retention_cli.insight.value import value
from retention_cli.model.fitted import Unfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.app.facts import View
    from retention_cli.insight.cadence import Cadence
    from retention_cli.insight.cohorts import Cohort, Period
    from retention_cli.insight.rfm import Rfm
    from retention_cli.insight.value import Value


def analyze_cadence(view: View, by: str | None) -> Cadence:
    """Return the shop's rhythm by a column of orders or their lines; left out, by category where there is one."""
    with _orders(view) as orders:
        return cadence(orders, by or (CATEGORY if orders.has(CATEGORY) else None))


def analyze_rfm(view: View) -> Rfm:
    """Return how the customers spread over recency and frequency."""
    with view.engine() as engine:
        return rfm(engine, view.compiler())


def analyze_cohorts(view: View, period: Period) -> tuple[Cohort, ...]:
    """Return the cohorts by first order."""
    with _orders(view) as orders:
        return cohorts(orders, period)


def analyze_value(view: View) -> Value:
    """Return the fit of repeat buying and what it predicts; raise UsageError where there is none."""
    found = fitted(view.facts.schema, view.facts.imported.snapshots, view.work.project.settings)
    if isinstance(found, Unfit):
        raise UsageError(f"nothing can be predicted: {found.why}", found.hint)
    with view.engine() as engine:
        return value(engine, view.compiler(), found)


@contextmanager
def _orders(view: View) -> Iterator[Orders]:
    with view.engine() as engine:
        yield Orders(engine, view.facts.schema, Moment(view.as_of, view.work.project.zone))
