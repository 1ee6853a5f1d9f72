"""What compile/ asks for: the predictions as a query over purchases, with the fitted parameters to bind; fitted when first asked.

Nothing is fitted twice for one snapshot: the parameters are kept beside it. Reading them takes no numpy.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from retention_cli.compile.derived import Derived
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.statements import tree
from retention_cli.features.kept import identity, keep, kept
from retention_cli.model.fitted import Fitted, Unfit
from retention_cli.model.snapshot import SnapshotSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.model.project import Settings

QUERIES = "retention_cli.features.queries"
EXTRA = "analytics"
VALUE = "predicted_value_1y"


def fitted(schema: Schema, snapshots: SnapshotSet, settings: Settings) -> Fitted | Unfit:
    """Return what is kept of the current orders, else fit it and keep it."""
    tables = [table for table in schema.tables_of("order") if table.source in snapshots.snapshots]
    if not tables:
        return Unfit("no source gives the event order", "name the orders' event: `event: order`")
    sources = {table.source: snapshots.snapshots[table.source] for table in tables}
    found: Fitted | Unfit | None = kept(list(sources.values()), settings.currency)
    if found is None and (find_spec("numpy") is None or find_spec("scipy") is None):
        return Unfit("fitting repeat buying needs the extra analytics", f"pip install 'retention-cli[{EXTRA}]'")
    return found or _fit(schema, tables, SnapshotSet(sources), settings)


def _fit(schema: Schema, tables: Sequence[EventTable], snapshots: SnapshotSet, settings: Settings) -> Fitted | Unfit:
    from retention_cli.features.fitting import fit_orders  # noqa: PLC0415 - numpy and scipy take half a second

    fitted_to = list(snapshots.snapshots.values())
    with DuckEngine.within(settings.duckdb) as engine:
        engine.attach_snapshots(snapshots)
        found = fit_orders(engine, schema, tables, identity(fitted_to), currency=settings.currency, zone=ZoneInfo(settings.timezone))
    if isinstance(found, Fitted):
        keep(fitted_to, found)
    return found


def predictions(found: Fitted | Unfit) -> Derived | Unfit:
    """Return the derived table of these parameters."""
    if isinstance(found, Unfit):
        return found
    buying, spending = found.buying, found.spending
    values: dict[str, float | None] = {"r": buying.r, "alpha": buying.alpha, "a": buying.a, "b": buying.b, "unit": float(buying.unit_days)}
    if isinstance(spending, Unfit):
        return Derived(tree(QUERIES, "predictions"), {**values, "p": None, "q": None, "v": None}, {VALUE: spending})
    return Derived(tree(QUERIES, "predictions"), {**values, "p": spending.p, "q": spending.q, "v": spending.v}, {})
