"""The customers of a shop that exports none: everybody who is named in its orders, else in any source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.quoting import fill, joined, literal
from retention_cli.errors import GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.model.snapshot import Snapshot
from retention_cli.model.source import CUSTOMERS, ORDERS, Column, ColumnType
from retention_cli.sources import catalogue
from retention_cli.sources.catalogue import Stored
from retention_cli.sources.lending import adders_of, refuse_twins
from retention_cli.sources.naming import CUSTOMER
from retention_cli.sources.rejects import write_rejects
from retention_cli.sources.report import Outcome, report_of
from retention_cli.sources.shaping import copy_to
from retention_cli.sources.work import digest
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.sources.lending import Lender
    from retention_cli.sources.work import Session


def derive_customers(session: Session) -> Outcome:
    """Make the customers from the orders where there is no source of them, else from all that name a customer."""
    lenders = [stored for name, stored in session.done.items() if any(column.name == CUSTOMER for column in stored.snapshot.columns)]
    lenders = [stored for stored in lenders if stored.snapshot.source == ORDERS] or lenders
    if not lenders:
        raise GuardStopped("there are no customers: no source is named customers, and none says `customer:`")
    adders = adders_of(session.project, session.done)
    identity = digest([catalogue.FORMAT, CUSTOMERS, [stored.snapshot.id for stored in lenders], [adder.stored.snapshot.id for adder in adders]])
    stored = catalogue.find(session.store, CUSTOMERS, identity)
    fresh = stored is None
    if stored is None:
        stored = _write_customers(session, lenders, adders, identity)
    session.progress(f"{CUSTOMERS}: {plural(stored.snapshot.rows, 'row')} from {', '.join(lender.snapshot.source for lender in lenders)}")
    return Outcome(stored, report_of(stored, None, fresh=fresh), None)


def _write_customers(session: Session, lenders: Sequence[Stored], adders: Sequence[Lender], identity: str) -> Stored:
    parts = joined((fill("SELECT customer_id FROM read_parquet({path})", path=literal(stored.snapshot.path)) for stored in lenders), " UNION ALL ")
    column = Column(name=CUSTOMER, type=ColumnType.TEXT, origin=f"{lenders[0].snapshot.source}.{CUSTOMER}")
    refuse_twins([column], adders)
    added = [fill(", {piece}", piece=piece) for number, adder in enumerate(adders) for piece in adder.columns(number)]
    query = fill(
        "SELECT k.customer_id{added} FROM (SELECT DISTINCT customer_id FROM ({parts})) k{joins} ORDER BY k.customer_id",
        added=joined(added, ""),
        parts=parts,
        joins=joined((adder.join(number) for number, adder in enumerate(adders)), ""),
    )
    folder = session.keeper.folder()
    rows = copy_to(session.engine, query, folder / catalogue.DATA)
    snapshot = Snapshot(
        CUSTOMERS, identity, str(folder / catalogue.DATA), rows, 0, (column, *(each for adder in adders for each in adder.lent)), None
    )
    write_rejects(folder / catalogue.REJECTS, [])
    files = tuple(dict.fromkeys(name for lender in lenders for name in lender.files))
    stored = Stored(snapshot, files, {}, CsvFormat(), "derived", (column,))
    return session.keeper.keep(folder, stored)
