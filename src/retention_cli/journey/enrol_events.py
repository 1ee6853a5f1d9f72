"""Candidates by what happened: events, time since events, values that changed, products that are there again or cheaper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.appeared import changes_query, products_query
from retention_cli.compile.elapsed import elapsed_query
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.triggers import Due, occurrences_query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from retention_cli.compile import sql
    from retention_cli.journey.enrolling import Enrolling
    from retention_cli.journey.running import Running
    from retention_cli.model.duration import Duration
    from retention_cli.model.trigger import Changes, Elapsed, Happened, PriceDropped, Restocked


def happened(stage: Enrolling, running: Running, trigger: Happened) -> int:
    """Add the events that became due: not older than `late`, and not before the campaign first ran unless it is backfilled."""

    def query(after: datetime) -> sql.Query:
        return occurrences_query(stage.compiler(), trigger.query, Due(naive_utc(after)))

    return _became_due(stage, running, query, trigger.late, trigger.backfill)


def elapsed(stage: Enrolling, running: Running, trigger: Elapsed) -> int:
    """Add whose time has passed."""

    def query(after: datetime) -> sql.Query:
        return elapsed_query(stage.compiler(), trigger.elapsed, Due(naive_utc(after)))

    return _became_due(stage, running, query, trigger.late, trigger.backfill)


def _became_due(stage: Enrolling, running: Running, query: Callable[[datetime], sql.Query], late: Duration, backfill: bool) -> int:
    stage.add(running, query(stage.since(running, late, backfill=backfill)))
    if running.is_new and not backfill:
        return stage.count(query(late.before(stage.frame.as_of, stage.frame.project.zone)))
    return 0


def changed(stage: Enrolling, running: Running, trigger: Changes) -> int:
    """Add the rows whose value is another than at the last run."""
    snapshot = stage.frame.snapshots.get(str(trigger.changes.of))
    query = None if running.is_new or snapshot is None else changes_query(stage.compiler(), trigger.changes, snapshot)
    if query is not None:
        stage.add(running, query)
    return 0


def interested(stage: Enrolling, running: Running, trigger: Restocked | PriceDropped) -> int:
    """Add who is interested in a product that is there again, or cheaper, since the last run."""
    compiler = stage.compiler()
    interest = trigger.interest
    products = next((lookup for table in compiler.events.tables(interest.interested) if (lookup := stage.frame.schema.lookup(table.source))), None)
    snapshot = stage.frame.snapshots.get(products or "")
    query = None if running.is_new or snapshot is None else products_query(compiler, trigger, snapshot)
    if query is not None:
        stage.add(running, query)
    return 0
