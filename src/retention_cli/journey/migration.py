"""Journeys of earlier revisions: they end on the steps that they entered, or move where `on_change: {migrate: …}` says so.

A step that somebody stands on and that is gone without a word where to is a mistake in the file: nothing is decided then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.journey.limit import START
from retention_cli.model.problem import Problem
from retention_cli.text import did_you_mean, plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.journey.frame import Past
    from retention_cli.journey.running import Running
    from retention_cli.model.campaign import OnChange


@dataclass(frozen=True, slots=True)
class Migration:
    """Open journeys that stand on a step of an earlier revision, and where they go: None where nobody says."""

    campaign: int
    revision: int
    step: str
    journeys: int
    new_revision: int
    new_step: str | None


def migrations(past: Past, campaigns: Iterable[Running]) -> tuple[list[Migration], list[Problem]]:
    """Return what moves, and a problem for each step that is gone while somebody stands on it."""
    found: list[Migration] = []
    problems: list[Problem] = []
    for running in campaigns:
        on_change = running.campaign.on_change
        if on_change is None or running.is_new:
            continue
        moves = [_moved(running, on_change, *row) for row in past.standing(running.id) if row[0] != running.revision]
        found += moves
        problems += [_gone(running, on_change, move) for move in moves if move.new_step is None]
    return found, problems


def _moved(running: Running, on_change: OnChange, revision: int, step: str, journeys: int) -> Migration:
    new = next((str(to) for old, to in on_change.migrate.items() if str(old) == step), step)
    there = new == START or running.program.step(new) is not None
    return Migration(running.id, revision, step, journeys, running.revision, new if there else None)


def _gone(running: Running, on_change: OnChange, move: Migration) -> Problem:
    place = next((to.place for old, to in on_change.migrate.items() if str(old) == move.step), running.campaign.name.place)
    steps = [step.id for step in running.program.steps]
    message = f"{plural(move.journeys, 'journey')} of {running.name!r} stand on the step {move.step!r}, and its steps of now have none to take them"
    known = did_you_mean(move.step, steps)
    return Problem(place, "removed-step", message, f"write on_change: {{migrate: {{{move.step}: STEP}}}}; {known}")
