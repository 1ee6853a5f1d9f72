"""What an export must look like before a run believes it; every guard says what it saw, kept or not.

Without a word in the project: customers and orders may not be empty, customers may not shrink by half nor orders by a
fifth, and no source's newest event may lie before the one seen last time. Only snapshots of one definition are compared:
who changes `path:` or `exclude:` means to change what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model.source import CUSTOMERS, ORDERS
from retention_cli.sources.checks import failed_checks
from retention_cli.sources.freshness import age_of
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.model.duration import Duration
    from retention_cli.model.project import Project
    from retention_cli.sources.catalogue import Stored
    from retention_cli.sources.report import Imported, SourceReport

DEFAULT_SHRINK = {CUSTOMERS: Decimal("0.5"), ORDERS: Decimal("0.2")}


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """What one guard says of one source."""

    source: str
    name: str
    ok: bool
    said: str


def check_guards(project: Project, imported: Imported, previous: Mapping[str, Stored], *, as_of: datetime) -> tuple[GuardVerdict, ...]:
    """Return every guard's verdict; `previous` is the set that is current now, `as_of` is aware."""
    return tuple(verdict for report in imported.reports for verdict in _verdicts(project, imported, report, previous.get(report.source), as_of))


def _verdicts(project: Project, imported: Imported, report: SourceReport, previous: Stored | None, as_of: datetime) -> Iterator[GuardVerdict]:
    yield from _of_source(project, report, previous, as_of)
    source = project.sources.get(report.source)
    if source is None:
        return
    if source.guard.max_apart is not None:
        yield _apart(report, imported.reports, source.guard.max_apart, project)
    if report.rejected:
        seen = report.rows + report.rejected + sum(report.left_out.values())
        said = f"{report.rejected:,} of {plural(seen, 'row')} are bad, at most {source.max_bad_rows:.0%}"
        yield GuardVerdict(report.source, "max_bad_rows", report.rejected <= source.max_bad_rows * seen, said)
    for name, count, said in failed_checks(project, imported.snapshots.snapshots[report.source], as_of):
        yield GuardVerdict(report.source, name, count <= source.max_bad_rows * report.rows, said)


def _apart(report: SourceReport, reports: Sequence[SourceReport], limit: Duration, project: Project) -> GuardVerdict:
    """Compare when the newest files were written: exports of one night belong together."""
    times = {other.source: other.modified for other in reports if other.modified is not None}
    own = times.get(report.source)
    oldest = min(times, key=lambda name: times[name], default=report.source)
    newest = max(times, key=lambda name: times[name], default=report.source)
    far = [name for name in (oldest, newest) if own is not None and limit.before(max(times[name], own), project.zone) > min(times[name], own)]
    said = f"written {_when(times[far[0] if far else oldest])} ({far[0] if far else oldest}) and {_when(own)}" if own is not None else "no time known"
    return GuardVerdict(report.source, "max_apart", not far, f"{said}; at most {limit} apart")


def refused(verdicts: Sequence[GuardVerdict]) -> str:
    """Return one sentence for all that stop a run, empty where nothing does."""
    return "; ".join(f"{verdict.source}: {verdict.said} ({verdict.name})" for verdict in verdicts if not verdict.ok)


def _of_source(project: Project, report: SourceReport, previous: Stored | None, as_of: datetime) -> Iterator[GuardVerdict]:
    source, own = project.sources.get(report.source), report.rows - report.carried
    if report.source in (CUSTOMERS, ORDERS):
        yield GuardVerdict(report.source, "not_empty", own > 0, plural(own, "row"))
    if source is not None and source.guard.min_rows is not None:
        said = f"{plural(own, 'row')}, at least {source.guard.min_rows:,} wanted"
        yield GuardVerdict(report.source, "min_rows", own >= source.guard.min_rows, said)
    if source is not None and source.guard.max_age is not None:
        yield _age(report, source.guard.max_age, as_of, project)
    if previous is not None and previous.definition == report.definition:
        allowed = source.guard.max_shrink if source is not None and source.guard.max_shrink is not None else DEFAULT_SHRINK.get(report.source)
        if allowed is not None:
            yield _shrink(report, previous.snapshot.rows - previous.carried, allowed)
        yield from _went_back(report, previous.snapshot.newest)


def _age(report: SourceReport, limit: Duration, as_of: datetime, project: Project) -> GuardVerdict:
    oldest = limit.before(as_of, project.zone)
    age = age_of(report)
    told = [f"written {_when(age.modified)}"] if age.modified else []
    told += [f"newest event {_when(age.newest)}"] if age.newest else []
    said = f"{', '.join(told) or 'no time known'}; at most {limit} before {_when(as_of.astimezone(UTC))}"
    return GuardVerdict(report.source, "max_age", not age.is_before(oldest), said)


def _when(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M UTC")


def _shrink(report: SourceReport, before: int, allowed: Decimal) -> GuardVerdict:
    own = report.rows - report.carried
    ok = own >= before * (1 - allowed)
    said = f"{plural(own, 'row')}, {before:,} before; may shrink by {allowed:.0%}"
    return GuardVerdict(report.source, "max_shrink", ok, said)


def _went_back(report: SourceReport, before: datetime | None) -> Iterator[GuardVerdict]:
    if before is None:
        return
    ok = report.newest is not None and report.newest >= before
    now = _when(report.newest.replace(tzinfo=UTC)) if report.newest else "none"
    yield GuardVerdict(report.source, "newest_event", ok, f"newest event {now}, before it was {_when(before.replace(tzinfo=UTC))}")
