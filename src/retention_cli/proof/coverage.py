"""Which steps, ways, exits and audiences of each campaign the tests came by, and which none did."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from retention_cli.audience.words import in_full
from retention_cli.compile.program import compile_program
from retention_cli.model.trigger import Once, Scheduled
from retention_cli.proof.chronicle import IN, OUT, place_of_step, ways_of
from retention_cli.proof.scenes import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.problem import Place
    from retention_cli.model.project import Project
    from retention_cli.proof.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Covered:
    """One point of a campaign: what it is in words, where it stands, and how many tests came by it."""

    point: Point
    text: str
    place: Place
    tests: int


def coverage(project: Project, verdicts: Iterable[Verdict]) -> list[Covered]:
    """Return every point of every campaign, in the order of the files, with the tests that came by it."""
    counts: dict[Point, int] = {}
    for verdict in verdicts:
        for point in verdict.points:
            counts[point] = counts.get(point, 0) + 1
    return [
        Covered(point, text, place, counts.get(point, 0))
        for _, campaign in sorted(project.campaigns.items())
        for point, text, place in _points(campaign)
    ]


def share(covered: Sequence[Covered]) -> Fraction:
    """Return which part of the points some test came by; all of them where there are none."""
    return Fraction(sum(each.tests > 0 for each in covered), len(covered)) if covered else Fraction(1)


def _points(campaign: Campaign) -> Iterator[tuple[Point, str, Place]]:
    name, program = str(campaign.name), compile_program(campaign)
    yield Point(name, "trigger", "entered"), "somebody enters", campaign.name.place
    if campaign.audience is not None:
        for way in (IN,) if isinstance(campaign.trigger, Scheduled | Once) else (IN, OUT):  # a timetable comes to its audience alone
            yield Point(name, "audience", way), way, campaign.audience.place
    for each in program.exits:
        yield Point(name, "exit", each.name), f"exit {each.name}", each.condition.place
    for step in program.steps:
        place = place_of_step(campaign, step)
        yield Point(name, "step", step.id), step.id, place
        asked = in_full(step.condition) if step.condition is not None else step.id
        for way, _ in ways_of(step):
            yield Point(name, way, step.id), f"{way} of: {asked}", place
