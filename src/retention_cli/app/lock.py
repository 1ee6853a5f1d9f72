"""`retention lock`: what the shop's data teach, pinned in retention.lock; and whom a new lesson would move.

A lock that lacks a value is no reason not to learn it: until it is there, the conditions that stand on it are read with a
stand-in that is never shown or written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.app.facts import look
from retention_cli.audience.learned import learn
from retention_cli.audience.moves import moves
from retention_cli.model.condition import FieldTest
from retention_cli.model.encode import encode
from retention_cli.model.lock import LearnedValue, Lock
from retention_cli.model.question import Op, Test
from retention_cli.project.lock_file import write_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from retention_cli.app.facts import View
    from retention_cli.app.workspace import Workspace
    from retention_cli.audience.moves import Move
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project

_STAND_IN = LearnedValue(Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One threshold: as retention.lock has it, and as the data do (None: not there, or nobody has the number)."""

    name: str
    pinned: LearnedValue | None
    found: LearnedValue | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What `--update` would write, and whom it would move."""

    lessons: tuple[Lesson, ...]
    moves: tuple[Move, ...]


def lock(work: Workspace, as_of: datetime, say: Callable[[str], None], *, update: bool) -> tuple[Lesson, ...]:
    """Learn what the lock lacks, or everything with `update`; settle the sources and write retention.lock.

    A value whose question has changed is learned anew; what nobody asks for any more goes. Raises GuardStopped where the
    exports are not to be trusted.
    """
    view = _view(work, as_of, say)
    view.facts.demand_sound()
    wanted = [name for name in work.project.learned if update or not _holds(work, name)]
    found = _learn(view, wanted)
    lessons = tuple(
        Lesson(name, work.lock.learned.get(name), found.get(name) if name in wanted else work.lock.learned[name]) for name in work.project.learned
    )
    write_lock(work.root, Lock(view.facts.lock.sources, {lesson.name: lesson.found for lesson in lessons if lesson.found is not None}))
    return lessons


def lock_diff(work: Workspace, as_of: datetime, say: Callable[[str], None]) -> Difference:
    """Return what learning everything anew would change; nothing is written."""
    view = _view(work, as_of, say)
    found = _learn(view, list(work.project.learned))
    lessons = tuple(Lesson(name, work.lock.learned.get(name), found.get(name)) for name in work.project.learned)
    after = _with(view, {**_pinned(work), **{name: value for name, value in found.items() if value is not None}})
    conditions = _conditions(work.project)
    with view.engine() as engine:
        moved = moves(engine, view.compiler(), after.compiler(), conditions)
    direct = {name for name, condition in conditions.items() if set(thresholds_in(condition)) & set(work.project.learned)}
    return Difference(lessons, tuple(move for move in moved if move.enter or move.leave or move.name in direct))


def _conditions(project: Project) -> dict[str, Condition]:
    """Return everything that a customer can be in: the segments, and the divisions of the groups."""
    found: dict[str, Condition] = {f"segment {name}": segment.where for name, segment in sorted(project.segments.items())}
    for name, group in sorted(project.groups.items()):
        for division in group.names:
            found[f"group {name}: {division}"] = FieldTest(field=name, tests=(Test(op=Op.IS, values=(division,)),))
    return found


def _holds(work: Workspace, name: str) -> bool:
    pinned = work.lock.learned.get(name)
    return pinned is not None and pinned.meaning == work.project.learned[name].meaning


def _pinned(work: Workspace) -> dict[str, LearnedValue]:
    return {name: work.lock.learned.get(name, _STAND_IN) for name in work.project.learned}


def _view(work: Workspace, as_of: datetime, say: Callable[[str], None]) -> View:
    project = work.project.model_copy(update={"pinned": _pinned(work)})
    return look(replace(work, project=project), as_of, say)


def _with(view: View, pinned: Mapping[str, LearnedValue]) -> View:
    project = view.work.project.model_copy(update={"pinned": dict(pinned)})
    return replace(view, work=replace(view.work, project=project))


def _learn(view: View, names: list[str]) -> dict[str, LearnedValue | None]:
    sources = {name: snapshot.id for name, snapshot in view.facts.imported.snapshots.snapshots.items()}
    with view.engine() as engine:
        return {name: learn(engine, view.compiler, view.work.project.learned[name], as_of=view.as_of, sources=sources) for name in names}


def thresholds_in(condition: Condition) -> Iterator[str]:
    """Yield the learned thresholds that a condition is measured against, wherever they stand in it."""
    yield from _named(encode(condition))


def _named(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("measure") == "learned":
            yield str(value.get("name", ""))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _named(inner)
