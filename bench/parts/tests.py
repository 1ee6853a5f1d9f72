"""How long the tests of a project take: those of the demo shop, each by its own clock, as `retention test` tells them.

A test of a segment answers one question of a few people; one of a campaign runs it through some weeks, tick by tick.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from kit.measure import Figure, Times, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kit.place import Place

GOAL_SEGMENT, GOAL_CAMPAIGN = 0.1, 1.0
CAMPAIGNS = "tests/campaign_"


def measure(place: Place, rounds: int) -> Iterator[Figure]:
    """Yield the dearest test of each kind, and what all of them take together."""
    place.retention(place.folder, "init", "demo", "--demo", "--customers", "150", "--as-of", "2026-05-02")
    project = place.folder / "demo"
    place.retention(project, "test", "-k", "lapsed")
    told = [_seconds(place, project) for _ in range(max(rounds, 3))]
    segments, campaigns = ([list(each[kind].values()) for each in told] for kind in ("segments", "campaigns"))
    for what, found, goal in (("a segment, metric or group", segments, GOAL_SEGMENT), ("a campaign, some weeks", campaigns, GOAL_CAMPAIGN)):
        middle = Times(tuple(sorted(each)[len(each) // 2] for each in found))
        dearest = Times(tuple(max(each) for each in found))
        yield Figure("tests", f"{what}: the middle one of {len(found[0])}", str(middle), "", middle.median, goal, unit="s")
        yield Figure("tests", f"{what}: the dearest", str(dearest), "", dearest.median, unit="s")
    whole = Times(tuple(sum(one) + sum(other) for one, other in zip(segments, campaigns, strict=True)))
    yield Figure("tests", "all of them", shown(whole.median), "", whole.median, unit="s")


def _seconds(place: Place, project: Path) -> dict[str, dict[str, float]]:
    """Return the seconds of each test, by kind and name."""
    report = ET.fromstring(place.retention(project, "test", "--format", "junit").out)  # noqa: S314 - our own output
    found: dict[str, dict[str, float]] = {"segments": {}, "campaigns": {}}
    for case in report.iter("testcase"):
        kind = "campaigns" if str(case.get("file")).startswith(CAMPAIGNS) else "segments"
        found[kind][f"{case.get('file')} {case.get('name')}"] = float(str(case.get("time")))
    return found
