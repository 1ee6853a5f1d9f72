"""Who may enter: candidates of every campaign's trigger, less those that were judged before. One row an occurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from retention_cli.engine.statements import statement
from retention_cli.journey.effects import add_started
from retention_cli.journey.enrol_events import changed, elapsed, happened, interested
from retention_cli.journey.enrol_members import entered, left, moved
from retention_cli.journey.enrol_times import dated, once, scheduled
from retention_cli.journey.frame import to_micros
from retention_cli.journey.tables import QUERIES
from retention_cli.model.duration import Duration
from retention_cli.model.trigger import (
    Changes,
    Dated,
    Elapsed,
    Enters,
    Happened,
    Leaves,
    Moves,
    Once,
    PriceDropped,
    Restocked,
    Scheduled,
    Started,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.journey.enrolling import Enrolling
    from retention_cli.journey.running import Running


def find_candidates(stage: Enrolling, campaigns: Mapping[int, Running]) -> dict[int, int]:
    """Fill the table `candidates`; return how many a campaign left out as its baseline."""
    stage.engine.execute(statement(QUERIES, "candidates_table"), {})
    baseline = {identity: _of_campaign(stage, running) for identity, running in campaigns.items()}
    _forget_judged(stage, campaigns)
    _add_approved(stage, campaigns)
    add_started(stage.frame, stage.engine, campaigns)
    return baseline


def _of_campaign(stage: Enrolling, running: Running) -> int:  # noqa: C901 - one line a kind of trigger
    match running.campaign.trigger:
        case Enters() as trigger:
            return entered(stage, running, trigger)
        case Leaves() as trigger:
            return left(stage, running, trigger)
        case Moves() as trigger:
            return moved(stage, running, trigger)
        case Happened() as trigger:
            return happened(stage, running, trigger)
        case Elapsed() as trigger:
            return elapsed(stage, running, trigger)
        case Changes() as trigger:
            return changed(stage, running, trigger)
        case Restocked() | PriceDropped() as trigger:
            return interested(stage, running, trigger)
        case Dated() as trigger:
            return dated(stage, running, trigger)
        case Scheduled() as trigger:
            return scheduled(stage, running, trigger)
        case Once() as trigger:
            return once(stage, running, trigger)
        case Started():
            return 0
        case _ as never:
            assert_never(never)


def _forget_judged(stage: Enrolling, campaigns: Mapping[int, Running]) -> None:
    judged: list[tuple[object, ...]] = []
    for identity in campaigns:
        occurrences = stage.engine.run("SELECT customer_id, occurrence FROM candidates WHERE campaign = $campaign", {"campaign": identity})
        judged += [(identity, *pair) for pair in stage.frame.past.judged(identity, [(str(a), str(b)) for a, b in occurrences])]
    stage.engine.table("judged", {"campaign": "BIGINT", "customer_id": "VARCHAR", "occurrence": "VARCHAR"}, judged)
    stage.engine.execute(statement(QUERIES, "forget_judged"), {})


def _add_approved(stage: Enrolling, campaigns: Mapping[int, Running]) -> None:
    """Add whom a surge kept out of a campaign in the last days, where somebody has approved it: they enter now."""
    since = to_micros(_KEPT.before(stage.frame.as_of, stage.frame.project.zone))
    for identity, running in campaigns.items():
        if running.name in stage.frame.approved:
            rows = [(identity, *row, running.per or "") for row in stage.frame.past.surged(identity, since)]
            stage.engine.table("approved", _APPROVED, rows)
            stage.engine.execute(statement(QUERIES, "approved"), {"as_of": stage.frame.micros})


_KEPT = Duration(7, "day")
_APPROVED = {"campaign": "BIGINT", "customer_id": "VARCHAR", "occurrence": "VARCHAR", "facts": "VARCHAR", "per": "VARCHAR"}
