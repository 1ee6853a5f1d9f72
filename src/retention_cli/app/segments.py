"""What an analyst asks of segments: which, how big, who, by what SQL, and why (not) this person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.explain import Explanation, explain
from retention_cli.audience.members import Members, Pick, Size, members, sizes
from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.segments import members_query, segments_query
from retention_cli.errors import UsageError
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.source import CUSTOMERS
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.facts import Facts, View
    from retention_cli.app.workspace import Workspace
    from retention_cli.model.segment import Segment


def named(work: Workspace, name: str) -> Segment:
    """Return a segment; raise UsageError with the nearest name."""
    if name not in work.project.segments:
        raise UsageError(f"there is no segment {name!r}", did_you_mean(name, work.project.segments))
    return work.project.segments[name]


def segment_sizes(view: View, names: Sequence[str] = ()) -> list[Size]:
    """Return how many customers are in each segment, all from one plan."""
    wanted = {name: named(view.work, name).where for name in names or sorted(view.work.project.segments)}
    with view.engine() as engine:
        return sizes(engine, view.compiler(), wanted)


def pick(limit: int, seed: int | None, top: str | None) -> Pick:
    """Return which members to show; raise UsageError where two ways are asked for at once."""
    if seed is not None and top is not None:
        raise UsageError("--seed shows members at random and --top those with most: one of them")
    return Pick(limit, seed, top)


def segment_preview(view: View, name: str, fields: Sequence[str], pick: Pick) -> Members:
    """Return some members of a segment with fields that tell something, or with these."""
    shown = fields or _telling(view.facts)
    known_fields(view, [*shown, *([pick.top] if pick.top is not None else [])])
    with view.engine() as engine:
        return members(engine, view.compiler, named(view.work, name).where, shown, pick)


def segment_sql(view: View, names: Sequence[str]) -> str:
    """Return the SQL of one segment, or of all in one plan, with its values written out."""
    if len(names) == 1:
        return members_query(view.compiler(), named(view.work, names[0]).where, ()).readable()
    wanted = {name: named(view.work, name).where for name in names or sorted(view.work.project.segments)}
    return segments_query(view.compiler(), wanted).readable()


def segment_explain(view: View, name: str, customer: str) -> Explanation:
    """Tell why one customer is, or is not, in a segment."""
    from retention_cli.compile.scans import JOURNEYS  # noqa: PLC0415 - only here

    with view.engine() as engine:
        found = explain(engine, view.compiler(JOURNEYS), named(view.work, name), customer)
    if found is None:
        raise UsageError(f"there is no customer {customer!r}", "ids are text: 00123 is not 123")
    return found


def _telling(facts: Facts) -> list[str]:
    known = facts.schema.customer_fields
    fields = [name for name in ("first_name", "city", "country", "registered_at") if name in known][:2]
    has_orders = bool(facts.schema.tables_of("order"))
    totals = has_orders and "total" in facts.schema.columns(facts.schema.tables_of("order")[0].source)
    return [*fields, *(["orders_count", "last_order_at"] if has_orders else []), *(["total_spent"] if totals else [])]


def known_fields(view: View, fields: Sequence[str]) -> None:
    """Raise UsageError, with the nearest name, for what is neither a field nor a metric."""
    known = {*view.facts.schema.customer_fields, *view.work.project.metrics, *BUILT_IN}
    for name in fields:
        if name not in known:
            raise UsageError(f"customers have no field or metric {name!r}", did_you_mean(name, known))


def anybody(view: View) -> str:
    """Return the id of the first customer with an address, else of the first; raise UsageError where there is none."""
    address = view.work.project.settings.contacts.email
    select = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(CUSTOMERS), copy=False)
    if address in view.facts.schema.customer_fields:
        select = select.order_by(exp.Ordered(this=exp.Is(this=sql.col(address), expression=exp.Null()), nulls_first=False), copy=False)
    select = select.order_by(exp.Ordered(this=sql.col(CUSTOMER), nulls_first=False), append=True, copy=False).limit(1)
    with view.engine() as engine:
        rows = engine.run(select.sql(dialect=sql.DIALECT))
    if not rows:
        raise UsageError("there are no customers", "see `retention data check`")
    return str(rows[0][0])
