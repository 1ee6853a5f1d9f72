"""Customers who are missing from an export stay customers, until they are missing from so many exports in a row.

A system that drops somebody for a night must not end journeys and begin them anew. What is counted is exports, not runs:
the same export read twice counts once. Who is kept so has the row of the export that had them last.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.model.source import CUSTOMERS, IDENTITIES
from retention_cli.sources import catalogue, convert
from retention_cli.sources.keeping import others_too
from retention_cli.sources.rejects import write_rejects
from retention_cli.sources.shaping import copy_to
from retention_cli.sources.work import digest
from retention_cli.text import plural

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.snapshot import Snapshot
    from retention_cli.sources.catalogue import Stored
    from retention_cli.sources.work import Session

ABSENT = "absent.parquet"
EXPORTS = 2
"""In so many exports in a row somebody must be missing to be gone, where the source does not say it."""


def with_absent(session: Session, stored: Stored) -> Stored:
    """Return the customers' snapshot with those who are missing from its export for the first few times."""
    source = session.project.sources[CUSTOMERS]
    runs = EXPORTS if source.guard.absent_runs is None else source.guard.absent_runs
    previous = catalogue.current_stored(session.store).get(CUSTOMERS)
    if runs <= 1 or previous is None or previous.definition != stored.definition:
        return stored
    if (previous.base or previous.snapshot.id) == stored.snapshot.id:
        return previous
    identity = digest([catalogue.FORMAT, ABSENT, stored.snapshot.id, previous.snapshot.id, runs])
    return catalogue.find(session.store, CUSTOMERS, identity) or _write(session, stored, previous, runs, identity)


def absent_customers(engine: DuckEngine, customers: Snapshot) -> list[str]:
    """Return who is in the snapshot of customers and not in the export that it was made of."""
    path = Path(customers.path).parent / ABSENT
    if not path.exists():
        return []
    return [str(row[0]) for row in engine.run(fill("SELECT customer_id FROM read_parquet({path}) ORDER BY 1", path=literal(str(path))))]


def _write(session: Session, stored: Stored, previous: Stored, runs: int, identity: str) -> Stored:
    folder = session.keeper.folder()
    count = copy_to(session.engine, _absent(stored, previous, runs, session.done.get(IDENTITIES)), folder / ABSENT)
    if not count:
        return stored
    rows = copy_to(session.engine, _together(stored, previous, folder / ABSENT), folder / catalogue.DATA)
    write_rejects(folder / catalogue.REJECTS, [])
    said = f"{plural(count, 'customer')} missing from this export {'stays' if count == 1 else 'stay'}, until missing from {runs} in a row"
    snapshot = replace(stored.snapshot, id=identity, rows=rows, warnings=(*stored.snapshot.warnings, said), path=str(folder / catalogue.DATA))
    return session.keeper.keep(folder, replace(stored, snapshot=snapshot, base=stored.snapshot.id, carried=count))


def _absent(stored: Stored, previous: Stored, runs: int, identities: Stored | None) -> Sql:
    """Return who is missing, and for how many exports; who became another customer is not missing."""
    others = Sql("") if identities is None else fill(" AND customer_id NOT IN ({others})", others=others_too(identities))
    counted = previous.folder / ABSENT
    before = fill("LEFT JOIN read_parquet({path}) a USING (customer_id)", path=literal(str(counted))) if counted.exists() else Sql("")
    times = Sql("COALESCE(a.exports, 0) + 1" if counted.exists() else "1")
    return fill(
        "SELECT customer_id, {times} AS exports FROM read_parquet({previous}) p {before} "
        "ANTI JOIN read_parquet({now}) n USING (customer_id) WHERE {times} < {runs}{others}",
        times=times,
        previous=literal(previous.snapshot.path),
        before=before,
        now=literal(stored.snapshot.path),
        runs=runs,
        others=others,
    )


def _together(stored: Stored, previous: Stored, absent: Path) -> Sql:
    had = {column.name for column in previous.snapshot.columns}
    kept = joined(
        fill("CAST(p.{name} AS {type}) AS {name}", name=identifier(column.name), type=convert.sql_type(column.type, column.scale))
        for column in stored.snapshot.columns
        if column.name in had
    )
    return fill(
        "SELECT * FROM (SELECT * FROM read_parquet({now}) UNION ALL BY NAME "
        "SELECT {kept} FROM read_parquet({previous}) p SEMI JOIN read_parquet({absent}) a USING (customer_id)) ORDER BY customer_id",
        now=literal(stored.snapshot.path),
        kept=kept,
        previous=literal(previous.snapshot.path),
        absent=literal(str(absent)),
    )
