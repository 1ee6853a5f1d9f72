"""What compile/ asks for: the predictions as a query over purchases, with the fitted parameters to bind; fitted when first asked.

Nothing is fitted twice for one snapshot: the parameters are kept beside it. Reading them takes no numpy.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from retention_cli.compile.derived import Derived
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.statements import tree
from retention_cli.features.kept import keep, kept
from retention_cli.model.fitted import Fitted, Unfit
from retention_cli.model.snapshot import SnapshotSet

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from retention_cli.compile.schema import Schema
    from retention_cli.model.snapshot import Snapshot

QUERIES = "retention_cli.features.queries"
EXTRA = "analytics"
VALUE = "predicted_value_1y"


def fitted(schema: Schema, snapshots: SnapshotSet, currency: str, zone: ZoneInfo) -> Fitted | Unfit:
    """Return what is kept of the current orders, else fit it and keep it."""
    tables = [table for table in schema.tables_of("order") if table.source in snapshots.snapshots]
    if not tables:
        return Unfit("no source gives the event order", "name the orders' event: `event: order`")
    snapshot = snapshots.snapshots[tables[0].source]
    found: Fitted | Unfit | None = kept(snapshot, currency)
    if found is None and (find_spec("numpy") is None or find_spec("scipy") is None):
        return Unfit("fitting repeat buying needs the extra analytics", f"pip install 'retention-cli[{EXTRA}]'")
    return found or _fit(schema, snapshot, currency, zone)


def _fit(schema: Schema, snapshot: Snapshot, currency: str, zone: ZoneInfo) -> Fitted | Unfit:
    from retention_cli.features.fitting import fit_orders  # noqa: PLC0415 - numpy and scipy take half a second

    order = next(table for table in schema.tables_of("order") if table.source == snapshot.source)
    with DuckEngine() as engine:
        engine.attach_snapshots(SnapshotSet({snapshot.source: snapshot}))
        found = fit_orders(engine, schema, order, snapshot.id, currency=currency, zone=zone)
    if isinstance(found, Fitted):
        keep(snapshot, found)
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
