"""The command `lock`: learned thresholds, pinned and compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention_cli.cli.options import HERE, AsOfOption, ProjectOption, TableFormat, TableFormatOption, moment
from retention_cli.cli.progress import Working
from retention_cli.cli.told import Table, Told, tell
from retention_cli.errors import UsageError
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.lock import Difference, Lesson
    from retention_cli.cli.local import Local
    from retention_cli.model.lock import LearnedValue

_LIMITS = ("threshold", "of", "pinned", "found")
_MOVES = ("what", "size", "enter", "leave")


def lock(
    update: Annotated[bool, typer.Option("--update", help="Learn every threshold anew, not only those that are missing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --update would change, and whom it would move; write nothing.")] = False,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: TableFormatOption = TableFormat.TEXT,
) -> None:
    """Learn the thresholds of metrics/ from the data and pin them in retention.lock."""
    from retention_cli.app import lock as app
    from retention_cli.app.workspace import find_root, open_project
    from retention_cli.cli.local import Local

    if update and diff:
        raise UsageError("--diff writes nothing, and --update writes", "take one of them")
    work = open_project(find_root(project))
    at = moment(as_of, work.project.zone)
    with Working("reading the exports") as working:
        if diff:
            told = _difference_told(app.lock_diff(work, at, working.say), Local.of(work.project))
        else:
            told = _lessons_told(app.lock(work, at, working.say, update=update))
    tell(told, format_)


def _lessons_told(lessons: Sequence[Lesson]) -> Told:
    """Tell what is pinned now, and what could not be learned."""
    unlearned = (f"{lesson.name}: nobody has the number yet, so there is nothing to learn" for lesson in lessons if lesson.found is None)
    wrote = "wrote retention.lock" if lessons else "no metric is learned; retention.lock holds the sources alone"
    rows = _limits(lessons)
    return Told([_lesson(lesson) for lesson in lessons], (_table(rows),) if rows else (), _LIMITS, rows, said=(*unlearned, wrote))


def _difference_told(found: Difference, local: Local) -> Told:
    """Tell which limits would change, and whom they would move."""
    rows = [row for row in _limits(found.lessons) if row[2] != row[3]]
    moves = [(visible(move.name), *(local.number(count) for count in (move.size, move.enter, move.leave))) for move in found.moves]
    tables = (_table(rows), *((Table(_MOVES, moves, right=_MOVES[1:], kept=_MOVES[:1]),) if moves else ()))
    plain = {"learned": [_lesson(lesson) for lesson in found.lessons], "moves": [asdict(move) for move in found.moves]}
    return Told(plain, tables, _LIMITS, rows, said=() if moves else ("nobody would move",))


def _table(rows: Sequence[tuple[str, str, str | None, str | None]]) -> Table:
    """Return the limits as retention.lock writes them, so that the two can be laid side by side."""
    from retention_cli.cli.local import MISSING

    return Table(_LIMITS, [tuple(MISSING if cell is None else visible(cell) for cell in row) for row in rows], right=_LIMITS[2:], kept=_LIMITS[:1])


def _limits(lessons: Sequence[Lesson]) -> list[tuple[str, str, str | None, str | None]]:
    """Return a line for each limit: over all customers, then by what they favour."""
    rows: list[tuple[str, str, str | None, str | None]] = []
    for lesson in lessons:
        kinds = sorted({kind for value in (lesson.pinned, lesson.found) if value is not None for kind in value.by})
        rows.append((lesson.name, "everybody", _limit(lesson.pinned), _limit(lesson.found)))
        rows += [(lesson.name, kind, _limit(lesson.pinned, kind), _limit(lesson.found, kind)) for kind in kinds]
    return rows


def _limit(value: LearnedValue | None, kind: str | None = None) -> str | None:
    if value is None:
        return None
    found = value.value if kind is None else value.by.get(kind)
    return None if found is None else f"{found:f}"


def _lesson(lesson: Lesson) -> dict[str, Any]:
    return {"name": lesson.name, "pinned": _value(lesson.pinned), "found": _value(lesson.found)}


def _value(value: LearnedValue | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "value": value.value,
        "people": value.people,
        "by": dict(value.by),
        "as_of": value.as_of,
        "sources": dict(value.sources),
        "meaning": value.meaning,
    }
