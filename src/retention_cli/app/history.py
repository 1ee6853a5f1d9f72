"""The past that `for: 7 days` asks: the customers' earlier snapshots by the runs that stood on them, and lasting memberships.

A snapshot counts from the first run that stood on it. What was collected since is not there any more, so nothing reaches back
beyond it; how long snapshots are kept stands in docs/reference/sources.md.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.lasting import members_since
from retention_cli.compile import sql
from retention_cli.compile.appeared import before
from retention_cli.compile.lasting import HISTORY, MEMBERS, SEEN_AT, asked_division
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.ledger.reader import open_reader
from retention_cli.model.condition import FieldTest, InSegment, walk
from retention_cli.model.source import CUSTOMERS
from retention_cli.project.checks import conditions_over_customers
from retention_cli.sources.catalogue import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.project import Project

_MOST_EVALUATIONS = 100_000


def customers_history(engine: DuckEngine, *, work: Workspace, as_of: datetime) -> None:
    """Make `customers_history`: every customer of every snapshot that a run stood on, with the time it was first seen."""
    parts = [_seen(seen_at, path) for seen_at, path in _snapshots(work, as_of)]
    if not parts:
        parts = [_nothing()]
    whole: exp.Query = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False, by_name=True)
    engine.execute(sql.created(HISTORY, sql.Query(whole, {})))


def source_before(engine: DuckEngine, *, source: str, work: Workspace, as_of: datetime) -> None:
    """Make `SOURCE@before`: the rows of the last run's snapshot; none where it is gone, or where the source has had other columns."""
    runs = _runs(work, as_of)
    identity = runs[-1][1].get(source) if runs else None
    stored = find(work.store, source, identity) if identity is not None else None
    rows: exp.Expr = sql.table(source)
    if stored is not None:
        earlier = exp.Table(this=sql.call("read_parquet", exp.Literal.string(str(stored.folder / "data.parquet"))))
        read = exp.Select().select("*", copy=False)
        if engine.columns(read.from_(earlier, copy=False).sql(dialect=sql.DIALECT)) == engine.columns(_everything(rows).sql(dialect=sql.DIALECT)):
            engine.execute(sql.created(before(source), sql.Query(read, {})))
            return
    engine.execute(sql.created(before(source), sql.Query(_everything(rows).where(sql.false(), copy=False), {})))


def _everything(rows: exp.Expr) -> exp.Select:
    return exp.Select().select("*", copy=False).from_(rows.copy(), copy=False)


def _runs(work: Workspace, as_of: datetime) -> list[tuple[int, dict[str, str]]]:
    """Return for each whole run up to as_of when it was and its snapshots, oldest first."""
    reader = open_reader(work.location)
    if reader is None:
        return []
    with reader:
        return reader.snapshots_of_runs(to_micros(as_of))


def _snapshots(work: Workspace, as_of: datetime) -> Iterator[tuple[datetime, Path]]:
    last = None
    for at, snapshots in _runs(work, as_of):
        identity = snapshots.get(CUSTOMERS)
        stored = find(work.store, CUSTOMERS, identity) if identity is not None and identity != last else None
        last = identity
        if stored is not None:
            yield from_micros(at).astimezone(UTC).replace(tzinfo=None), stored.folder / "data.parquet"


def _seen(seen_at: datetime, path: Path) -> exp.Select:
    rows = exp.Table(this=sql.call("read_parquet", exp.Literal.string(str(path))))
    return exp.Select().select(sql.aliased(sql.literal(seen_at), SEEN_AT), "*", copy=False).from_(rows, copy=False)


def _nothing() -> exp.Select:
    """Return no row, with the columns of the customers."""
    never = exp.cast(exp.Null(), "timestamp", dialect=sql.DIALECT)
    return exp.Select().select(sql.aliased(never, SEEN_AT), "*", copy=False).from_(sql.table(CUSTOMERS), copy=False).where(sql.false(), copy=False)


def _asked(project: Project) -> set[str]:
    """Return the segments, and the divisions of groups, of which it is asked how long somebody has been in them."""
    nodes = [node for condition in conditions_over_customers(project) for node in walk(condition)]
    segments = {str(node.name) for node in nodes if isinstance(node, InSegment) and node.lasting is not None}
    divisions = {asked_division(node) for node in nodes if isinstance(node, FieldTest) and node.lasting is not None}
    return segments | {name for name in divisions if name is not None}


def segment_members(engine: DuckEngine, *, work: Workspace, as_of: datetime) -> None:
    """Make `segment_members`: who has been in which segment since when, up to the last evaluation that is not after as_of."""
    reader = open_reader(work.location)
    rows: list[tuple[str, str, datetime]] = []
    if reader is not None:
        with reader:
            evaluations, last = reader.evaluations(_MOST_EVALUATIONS), reader.last_generation()
        rows = members_since(engine, _asked(work.project), evaluations, last, naive_utc(as_of))
    engine.table(MEMBERS, {"segment": "VARCHAR", CUSTOMER: "VARCHAR", "since": "TIMESTAMP"}, rows)
