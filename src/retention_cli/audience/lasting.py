"""Memberships that go on: who has been in a segment since when, by the evaluations that the ledger keeps.

The last evaluation is kept whole, each as its differences to the one before. A chain of evaluations ends where a segment was
not evaluated: further back nothing is known of it.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.memberships import BEFORE, load_before, was_in
from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.statements import statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.ledger.rows import EvaluationRow, GenerationRow

QUERIES = "retention_cli.audience.queries"
_TIMES = 1_000_000


def members_since(
    engine: DuckEngine, names: Collection[str], rows: Sequence[EvaluationRow], last: GenerationRow | None, until: datetime
) -> list[tuple[str, str, datetime]]:
    """Return (segment, customer, since) of who is in these segments at `until` (UTC, without offset); `rows` come newest first."""
    chains = list(_chains(names, rows))
    engine.table("lasting_chains", {"segment": "VARCHAR", "begins": "TIMESTAMP"}, [(name, _instant(row.as_of)) for name, row in chains])
    _load_changes(engine, chains, rows)
    _load_members(engine, names, last)
    return [(segment, customer, since) for segment, customer, since in engine.run(statement(QUERIES, "members_since"), {"until": until})]


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / _TIMES, tz=UTC).replace(tzinfo=None)


def _chains(names: Collection[str], rows: Sequence[EvaluationRow]) -> Iterator[tuple[str, EvaluationRow]]:
    """Yield each segment with the oldest evaluation from which on it was evaluated every time."""
    for name in sorted(names):
        oldest = None
        for row in rows:
            if name not in row.segments:
                break
            oldest = row
            if row.delta is None:
                break
        if oldest is not None:
            yield name, oldest


def _load_changes(engine: DuckEngine, chains: Sequence[tuple[str, EvaluationRow]], rows: Sequence[EvaluationRow]) -> None:
    begins = {name: oldest.as_of for name, oldest in chains}
    kept = [row for row in rows if row.delta is not None]
    changes: list[tuple[str, str, bool, datetime]] = []
    with tempfile.TemporaryDirectory() as folder:
        for row in kept:
            path = Path(folder) / f"{row.id}.parquet"
            path.write_bytes(row.delta or b"")
            source = exp.Table(this=sql.call("read_parquet", exp.Placeholder(this="path")))
            select = exp.Select().select(sql.col("segment"), sql.col(CUSTOMER), sql.col("entered"), copy=False).from_(source, copy=False)
            found = engine.run(select.sql(dialect=sql.DIALECT), {"path": str(path)})
            changes += [
                (segment, customer, entered, _instant(row.as_of))
                for segment, customer, entered in found
                if begins.get(segment, row.as_of) < row.as_of
            ]
    columns = {"segment": "VARCHAR", CUSTOMER: "VARCHAR", "entered": "BOOLEAN", "changed_at": "TIMESTAMP"}
    engine.table("lasting_changes", columns, changes)


def _load_members(engine: DuckEngine, names: Collection[str], last: GenerationRow | None) -> None:
    """Put who is in the segments at the last evaluation into `lasting_members`."""
    engine.table("lasting_members", {"segment": "VARCHAR", CUSTOMER: "VARCHAR"}, [])
    if last is None:
        return
    before = load_before(engine, last)
    for name in names:
        columns = [sql.aliased(exp.Literal.string(name), "segment"), sql.col(CUSTOMER)]
        select = exp.Select().select(*columns, copy=False).from_(sql.table(BEFORE), copy=False).where(was_in(before, name), copy=False)
        engine.execute(sql.inserted("lasting_members", sql.Query(select, {})))
