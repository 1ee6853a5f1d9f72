"""`retention data`: what the exports hold, whether they can be trusted, and their first rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.app.drift import drifted
from retention_cli.app.facts import View, gather
from retention_cli.compile import sql
from retention_cli.errors import UsageError
from retention_cli.project.lock_file import write_lock
from retention_cli.sources.catalogue import publish
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from retention_cli.app.facts import Facts
    from retention_cli.app.workspace import Workspace
    from retention_cli.model.problem import Problem
    from retention_cli.sources.guards import GuardVerdict
    from retention_cli.sources.report import SourceReport


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was read, what the guards say of it, and how far retention.lock's learned thresholds are from it."""

    sources: tuple[SourceReport, ...]
    guards: tuple[GuardVerdict, ...]
    drift: tuple[Problem, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether no guard refuses."""
        return all(guard.ok for guard in self.guards)

    def guards_of(self, source: str) -> list[GuardVerdict]:
        """Return what the guards say of one source."""
        return [guard for guard in self.guards if guard.source == source]


def check_data(work: Workspace, as_of: datetime, say: Callable[[str], None]) -> DataReport:
    """Read the exports, ask the guards and compare the lock; nothing becomes current and nothing is settled."""
    facts = gather(work, as_of, say, fetch=True, lenient=True)
    return replace(_report(facts), drift=tuple(drifted(View(work, facts, as_of))))


def import_data(work: Workspace, as_of: datetime, say: Callable[[str], None]) -> DataReport:
    """Read the exports, settle their columns, and make them current, unless a guard refuses."""
    facts = gather(work, as_of, say, fetch=True)
    report = _report(facts)
    if report.is_sound:
        publish(work.store, facts.imported.snapshots)
        write_lock(work.root, facts.lock)
    return report


def first_rows(work: Workspace, name: str, limit: int, say: Callable[[str], None]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the first rows of a source as imported; raise UsageError for an unknown one."""
    from retention_cli.clock import SystemClock  # noqa: PLC0415 - rows do not depend on the time, a view has one

    view = View(work, gather(work, SystemClock().now(), say), SystemClock().now())
    snapshots = view.facts.imported.snapshots.snapshots
    if name not in snapshots:
        raise UsageError(f"there is no source {name!r}", did_you_mean(name, snapshots))
    select = exp.Select().select("*", copy=False).from_(sql.table(name), copy=False).limit(limit)
    with view.engine() as engine:
        return [column.name for column in snapshots[name].columns], engine.run(select.sql(dialect=sql.DIALECT))


def _report(facts: Facts) -> DataReport:
    return DataReport(tuple(facts.imported.reports), facts.guards)
