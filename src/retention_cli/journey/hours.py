"""Quiet hours of a tick: worked out for each zone, and joined to the messages of those who live there."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from retention_cli.compile.moment import naive_utc
from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.model.quiet import windows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.zones import Zones

_WINDOWS = {"zone": "VARCHAR", "opens_at": "TIMESTAMP", "closes_at": "TIMESTAMP"}


def schedule(frame: Frame, engine: DuckEngine, zones: Zones) -> None:
    """Fill `message_times`: when each message of the tick may leave at the earliest, and until when."""
    engine.execute(statement(QUERIES, "moments"), {"as_of": frame.micros})
    engine.table("quiet_windows", _WINDOWS, _windows(frame, zones, last_moments(engine, "moments_of_zones")))
    engine.execute(statement(QUERIES, "scheduled"), {"as_of": frame.micros})


def last_moments(engine: DuckEngine, name: str) -> dict[str, datetime]:
    """Return the last instant that matters of each zone, by the named statement."""
    return {str(zone): moment.replace(tzinfo=UTC) for zone, moment in engine.run(statement(QUERIES, name), {})}


def _windows(frame: Frame, zones: Zones, last: Mapping[str, datetime]) -> list[tuple[str, datetime, datetime]]:
    hours = frame.project.settings.policies.quiet_hours
    if hours is None:
        return []
    return [
        (name, naive_utc(each.opens), naive_utc(each.closes))
        for name, until in sorted(last.items())
        for each in windows(frame.as_of, until, hours.quiet, zones.by_name[name])
    ]
