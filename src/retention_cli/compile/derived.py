"""Tables by customer that are derived outside the language: given from above as a query over `purchases`, joined like a metric.

Whoever opens the project puts a function into `Schema.derived`; it is asked only when a metric of `COLUMNS` is named. Where
no data is known yet there is none, and the metric is typed but empty, so that `validate` needs no data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.purchases import over_purchases, purchases
from retention_cli.compile.typed import Typed
from retention_cli.model.fitted import Unfit
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.scans import Scans
    from retention_cli.compile.schema import EventTable

COLUMNS = ("expected_orders_90d", "probability_alive", "predicted_value_1y")
NAME = "predictions"


@dataclass(frozen=True, slots=True)
class Derived:
    """A query over the table `purchases` that gives `customer_id` and `columns`; `values` are its bound numbers (None: unknown)."""

    query: exp.Query
    values: Mapping[str, float | None]
    missing: Mapping[str, Unfit]


def derived(name: str, scans: Scans, order: EventTable) -> Typed | None:
    """Return a derived number of a customer; None where it cannot be, `why_not` says why."""
    if scans.schema.derived is None:
        return Typed(exp.cast(exp.Null(), "double", dialect=sql.DIALECT), ColumnType.DECIMAL)
    found = scans.schema.derived()
    if isinstance(found, Unfit) or name in found.missing:
        return None
    table = scans.own_by_customer(NAME, _bound(found, scans, purchases(scans, order)))
    return Typed(sql.col(name, table), ColumnType.DECIMAL)


def why_not(name: str, scans: Scans) -> Unfit | None:
    """Return why a derived number cannot be, None where it can or is no such number."""
    if name not in COLUMNS or scans.schema.derived is None or not scans.schema.tables_of("order"):
        return None
    found = scans.schema.derived()
    return found if isinstance(found, Unfit) else found.missing.get(name)


def _bound(found: Derived, scans: Scans, source: str) -> exp.Query:
    """Return the query with its numbers bound among the plan's values, and over the plan's purchases."""
    query = over_purchases(found.query, source)
    for place in list(query.find_all(exp.Placeholder)):
        bound = scans.values.bind(found.values[place.name], f"fitted {place.name}")
        place.replace(exp.cast(bound, "double", dialect=sql.DIALECT))
    return query
