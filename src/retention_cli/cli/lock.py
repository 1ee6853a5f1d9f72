"""The command `lock`: learned thresholds, pinned and compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retention_cli.cli.options import HERE, AsOfOption, Format, FormatOption, ProjectOption, moment
from retention_cli.cli.output import say, show_json, show_table
from retention_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.lock import Difference, Lesson
    from retention_cli.model.lock import LearnedValue

_LIMITS = ("threshold", "of", "pinned", "found")
_MOVES = ("what", "size", "enter", "leave")


def lock(
    update: Annotated[bool, typer.Option("--update", help="Learn every threshold anew, not only those that are missing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --update would change, and whom it would move; write nothing.")] = False,
    project: ProjectOption = HERE,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Learn the thresholds of metrics/ from the data and pin them in retention.lock."""
    from retention_cli.app import lock as app
    from retention_cli.app.workspace import find_root, open_project

    if update and diff:
        raise UsageError("--diff writes nothing, and --update writes", "take one of them")
    work = open_project(find_root(project))
    at = moment(as_of, work.project.zone)
    if diff:
        _show_difference(app.lock_diff(work, at, say), format_)
    else:
        _show_lessons(app.lock(work, at, say, update=update), format_)


def _show_lessons(lessons: Sequence[Lesson], format_: Format) -> None:
    if format_ is Format.JSON:
        show_json([_lesson(lesson) for lesson in lessons])
        return
    if lessons:
        show_table(_LIMITS, _limits(lessons), right=_LIMITS[2:])
    for lesson in lessons:
        if lesson.found is None:
            say(f"{lesson.name}: nobody has the number yet, so there is nothing to learn")
    say("wrote retention.lock" if lessons else "no metric is learned; retention.lock holds the sources alone")


def _show_difference(found: Difference, format_: Format) -> None:
    if format_ is Format.JSON:
        show_json({"learned": [_lesson(lesson) for lesson in found.lessons], "moves": [asdict(move) for move in found.moves]})
        return
    changed = [lesson for lesson in found.lessons if lesson.found != lesson.pinned]
    show_table(_LIMITS, [row for row in _limits(changed) if row[2] != row[3]], right=_LIMITS[2:])
    if found.moves:
        show_table(_MOVES, [(move.name, move.size, move.enter, move.leave) for move in found.moves], right=_MOVES[1:])
    else:
        say("nobody would move")


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
