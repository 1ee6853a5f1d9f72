"""How old facts are: when the newest file of a source was written, and when its newest event happened.

Both must be young: a file that is written every hour may hold last week's orders, and a file with today's may be the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from retention_cli.sources.report import SourceReport


@dataclass(frozen=True, slots=True)
class Age:
    """When a source's newest file was written and its newest event happened, aware; None where that is not known."""

    modified: datetime | None
    newest: datetime | None

    def is_before(self, oldest: datetime) -> bool:
        """Whether either is older than an instant."""
        return any(at is not None and at < oldest for at in (self.modified, self.newest))


def age_of(report: SourceReport) -> Age:
    """Return the age of what a source's import gave."""
    return Age(report.modified, report.newest.replace(tzinfo=UTC) if report.newest else None)


def ages_of(reports: Iterable[SourceReport]) -> Mapping[str, Age]:
    """Return the ages of all that was imported, by source."""
    return {report.source: age_of(report) for report in reports}
