"""Segments over time: how large they are now, and how large the ledger says that they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.app.segments import named, segment_sizes
from retention_cli.audience.history import Evaluated, histories
from retention_cli.audience.uses import uses_of
from retention_cli.engine.duck import DuckEngine
from retention_cli.ledger.reader import open_reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.facts import View
    from retention_cli.app.workspace import Workspace
    from retention_cli.audience.members import Size

TREND = 12
"""How many evaluations `segment list` looks back."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment as `segment list` shows it.

    `change` is against the last evaluation, None where there was none; `trend` are the sizes before, oldest first, None where not known.
    """

    size: Size
    description: str
    file: str
    used_by: tuple[str, ...]
    change: int | None
    trend: tuple[int | None, ...]


def segment_list(view: View) -> list[Listed]:
    """Return every segment with its size now, what it was before, and who uses it."""
    project, past = view.work.project, _past(view.work, TREND)
    found = []
    for size in segment_sizes(view):
        segment, before = project.segments[size.segment], past.get(size.segment, [])
        change = None if not before or before[0].size is None else size.size - before[0].size
        trend = tuple(each.size for each in reversed(before))
        found.append(Listed(size, segment.description, segment.name.place.file, uses_of(project, size.segment), change, trend))
    return found


def segment_history(work: Workspace, names: Sequence[str], limit: int) -> dict[str, list[Evaluated]]:
    """Return the last evaluations of each segment, newest first; of all of the project's if none is named."""
    wanted = [str(named(work, name).name) for name in names] or sorted(work.project.segments)
    past = _past(work, limit)
    return {name: past.get(name, []) for name in wanted}


def _past(work: Workspace, limit: int) -> dict[str, list[Evaluated]]:
    reader = open_reader(work.location)
    if reader is None:
        return {}
    with reader, DuckEngine.within(work.project.limits) as engine:
        return histories(engine, reader.evaluations(limit + 1), reader.last_generation(), limit)
