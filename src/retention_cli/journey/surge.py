"""Too many at once: how many may enter a campaign, or leave it, in one tick before somebody is asked.

A segment that was redefined, or an export that doubled, must not write to half the shop, nor one that lost a column end every
journey. A shop's own `surge:` replaces every rule here. Timetables and one-offs are meant for a whole audience: any number may
enter them.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.tables import QUERIES
from retention_cli.model.condition import All, AnyOf, Did, walk
from retention_cli.model.duration import Duration
from retention_cli.model.trigger import Once, Scheduled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast, Running
    from retention_cli.model.condition import Condition

DAYS, TIMES = 7, 3
"""More than three times the median of the last seven days is much …"""
MANY, FEW = 500, 100
"""… where it is more than 500 customers; and more than a quarter of all, where it is more than 100."""
SHARE = 0.25
_WEEK = Duration(DAYS, "day")
_HISTORY = 3
"""On so many of the days somebody must have entered, or there is nothing to compare with."""


OPEN_SHARE = 0.5
"""More than half of a campaign's open journeys that end at once are much, where they are more than `FEW`."""


def most_entering(frame: Frame, engine: DuckEngine, cast: Cast) -> dict[int, int]:
    """Return how many may enter each campaign in this tick; a campaign that is not there knows no limit, or has no crowd before it."""
    surge = frame.project.settings.policies.surge
    crowds = {int(str(campaign)) for (campaign,) in engine.run(statement(QUERIES, "crowds"), {"few": 0 if surge is not None else FEW})}
    watched = [running for running in cast.campaigns.values() if running.id in crowds and _is_watched(frame, running)]
    if not watched:
        return {}
    customers = _customers(engine)
    if surge is not None:
        return {running.id: math.floor(surge.at_most * customers) for running in watched}
    by_day = _by_day(frame)
    return {running.id: usual_limit(customers, by_day.get(running.id, [])) for running in watched}


def load_most_leaving(frame: Frame, engine: DuckEngine) -> None:
    """Fill `most_leaving(campaign, most)`: how many journeys may end in this tick by what is no event; who is not there knows no limit."""
    surge, opened = frame.project.settings.policies.surge, frame.opened
    share = None if surge is None or not opened else math.floor(surge.at_most * _customers(engine))
    rows = [
        (seen.id, share if share is not None else max(FEW, math.floor(OPEN_SHARE * opened[name][0])))
        for name, seen in frame.past.campaigns().items()
        if name in opened and name not in frame.approved
    ]
    engine.table("most_leaving", {"campaign": "BIGINT", "most": "BIGINT"}, rows)


def is_sure(condition: Condition) -> bool:
    """Whether nothing but events makes an exit hold: they happened, whatever becomes of a segment or a column."""
    return all(isinstance(node, Did) and not node.negated for node in walk(condition) if not isinstance(node, All | AnyOf))


def _customers(engine: DuckEngine) -> int:
    return int(str(engine.run("SELECT count(*) FROM customers", {})[0][0]))


def _is_watched(frame: Frame, running: Running) -> bool:
    return running.name not in frame.approved and not isinstance(running.campaign.trigger, Scheduled | Once)


def _by_day(frame: Frame) -> dict[int, list[int]]:
    since = to_micros(_WEEK.before(frame.as_of, frame.project.zone))
    found: dict[int, list[int]] = {}
    for campaign, _, count in frame.past.entered_by_day(frame.micros, since):
        found.setdefault(campaign, []).append(count)
    return found


def usual_limit(customers: int, by_day: Sequence[int]) -> int:
    """Return how many may enter by the rules that hold where the shop has none; `by_day` are the days on which anybody entered."""
    limit = max(FEW, math.floor(SHARE * customers))
    if len(by_day) < _HISTORY:
        return limit
    week = [*by_day, *[0] * (DAYS - len(by_day))]
    return min(limit, max(MANY, math.floor(TIMES * median(week))))
