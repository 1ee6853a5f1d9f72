"""What came out of a simulation, held against what a test expects of a campaign."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.proof.happenings import instant
from retention_cli.proof.scenes import What
from retention_cli.proof.verdict import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from retention_cli.model.case import Case, Course, Sending
    from retention_cli.model.word import Word
    from retention_cli.proof.scenes import Scene, Story

_UNDER_WAY = "under way"
_FLAGS: dict[str, bool] = {"true": True, "false": False}
_DATE, _MINUTE = len("2026-05-01"), len("2026-05-01T09:00")
_ONE_DAY = timedelta(days=1)


def start_of(case: Case, zone: ZoneInfo) -> datetime:
    """Return when the campaigns of a test first run: as_of, else a day before the first thing that happens."""
    if case.as_of is not None:
        return instant(case.as_of, zone)
    return min(instant(each.at, zone) for each in case.when) - _ONE_DAY


def ends_of(case: Case, zone: ZoneInfo) -> list[datetime]:
    """Return up to when each of a test's campaigns runs."""
    return [instant(each.until, zone) for each in case.courses]


def failure_of(course: Course, story: Story, zone: ZoneInfo) -> Failure | None:
    """Return what came out otherwise than expected, None where nothing did."""
    own = story.of(str(course.campaign), str(course.customer))
    until = instant(course.until, zone)
    scenes = tuple(scene for scene in own.scenes if scene.at <= until)
    wrong = list(_wrong(course, scenes, zone))
    if not wrong:
        return None
    expected, found = zip(*wrong, strict=True)
    return Failure(course.place, f"campaign {course.campaign} for {course.customer}", expected, found, (), scenes)


def _wrong(course: Course, scenes: Sequence[Scene], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Yield for each thing that is otherwise what was expected and what was found, in words."""
    entered = sum(scene.what is What.ENTERED for scene in scenes)
    if course.enters is not None and (entered < course.enters if course.at_least else entered != course.enters):
        yield f"enters: {_times(course.enters)}", f"enters: {_times(entered)}"
    sent = [scene for scene in scenes if scene.what is What.SENT]
    if course.sends is not None and not _are_sent(course.sends, sent, zone):
        yield f"sends: {_listed(_written(each) for each in course.sends)}", f"sends: {_listed(_sent(each, course.sends, zone) for each in sent)}"
    if course.ends is not None and course.ends != (ended := _ended(scenes)):
        yield f"ends: {course.ends or _UNDER_WAY}", f"ends: {ended or (_UNDER_WAY if entered else 'never entered')}"
    for goal, wanted in course.goals.items():
        if (reached := _reached(scenes, goal, wanted)) != _value(wanted):
            yield f"goal {goal}: {wanted}", f"goal {goal}: {_told(reached)}"


def _are_sent(expected: Sequence[Sending], sent: Sequence[Scene], zone: ZoneInfo) -> bool:
    return len(expected) == len(sent) and all(_is_sent(one, other, zone) for one, other in zip(expected, sent, strict=True))


def _is_sent(expected: Sending, sent: Scene, zone: ZoneInfo) -> bool:
    if expected.template != sent.template or (expected.channel is not None and expected.channel != sent.channel):
        return False
    return expected.at is None or is_at(expected.at, sent.at, zone)


def is_at(written: Word, at: datetime, zone: ZoneInfo) -> bool:
    """Whether an instant is the written one: a date means that day, a time without seconds that minute."""
    text, local = written.strip(), at.astimezone(zone)
    if len(text) <= _DATE:
        return local.date() == instant(text, zone).astimezone(zone).date()
    wanted = instant(text, zone)
    exact = len(text.split("+")[0].rstrip("Z")) > _MINUTE
    return wanted == at if exact else wanted == at.replace(second=0, microsecond=0)


def _ended(scenes: Sequence[Scene]) -> str:
    """Return the reason by which the last journey ended, nothing where one is under way or none began."""
    last = next((scene.journey for scene in reversed(scenes) if scene.what is What.ENTERED), 0)
    return next((scene.reason for scene in reversed(scenes) if scene.what is What.ENDED and scene.journey == last), "")


def _reached(scenes: Sequence[Scene], goal: str, wanted: str) -> bool | Decimal | None:
    """Return whether a goal was reached, or what a total came to in all: None where no window is over yet."""
    found = [scene for scene in scenes if scene.what is What.GOAL and scene.step == goal]
    if wanted in _FLAGS:
        return bool(found)
    amounts = [Decimal(scene.reason) for scene in found if scene.reason]
    return sum(amounts, Decimal(0)) if amounts else None


def _value(written: str) -> bool | Decimal:
    return _FLAGS[written] if written in _FLAGS else Decimal(written)


def _told(reached: bool | Decimal | None) -> str:
    return "not counted yet" if reached is None else str(reached).lower()


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _listed(words: Iterator[str]) -> str:
    return ", ".join(words) or "nothing"


def _written(each: Sending) -> str:
    by = f" by {each.channel}" if each.channel is not None else ""
    return f"{each.template}{by}" + (f" at {each.at.replace('T', ' ')}" if each.at is not None else "")


def _sent(scene: Scene, expected: Sequence[Sending], zone: ZoneInfo) -> str:
    by = f" by {scene.channel}" if any(each.channel is not None for each in expected) else ""
    return f"{scene.template}{by} at {scene.at.astimezone(zone):%Y-%m-%d %H:%M}"
