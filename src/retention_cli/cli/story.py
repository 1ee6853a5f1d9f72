"""The story of a simulation, for people and for programs: each decision at its time, with what it rests on and where that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.output import cell_text
from retention_cli.model.problem import NOWHERE
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from retention_cli.model.problem import Place
    from retention_cli.proof.scenes import Scene
    from retention_cli.proof.verdict import Reason

HOLDS, FAILS = "✓", "✗"
_WIDE = len("2026-05-01 10:30")


def story_lines(scenes: Sequence[Scene], zone: ZoneInfo, *, by_campaign: bool = False) -> Iterator[str]:
    """Yield a line a scene, and below it a line a reason; `by_campaign` names the campaign of each."""
    before = ""
    for scene in scenes:
        at = f"{scene.at.astimezone(zone):%Y-%m-%d %H:%M}"
        named = f"{scene.campaign}: " if by_campaign and scene.campaign else ""
        yield f"{at if at != before else '':<{_WIDE}}  {visible(named + words(scene, zone))}{_spot(scene.place)}"
        before = at
        for reason in scene.reasons:
            yield f"{'':<{_WIDE}}    {reason_line(reason, '', zone)}"


def words(scene: Scene, zone: ZoneInfo) -> str:
    """Return what a scene tells, with the time that it waits for."""
    return scene.text if scene.until is None else f"{scene.text} until {scene.until.astimezone(zone):%Y-%m-%d %H:%M}"


def _spot(place: Place) -> str:
    return "" if place == NOWHERE else f"  {place.file}:{place.line}"


def reason_line(reason: Reason, segment: str, zone: ZoneInfo) -> str:
    """Return a part that decided, with its value and its place; its segment is named where that is another one than `segment`."""
    value = f" ({value_text(reason.value, zone)})" if reason.measured else ""
    inside = f", segment {reason.segment}" if reason.segment and reason.segment != segment else ""
    return f"{HOLDS if reason.holds else FAILS} {visible(reason.text)}{value}  {reason.place.file}:{reason.place.line}{inside}"


def value_text(value: Any, zone: ZoneInfo) -> str:
    """Return a value that a condition looked at."""
    return "missing" if value is None else cell_text(value, zone)


def scene_json(scene: Scene, zone: ZoneInfo) -> dict[str, Any]:
    """Return a scene in the shape of the output contract."""
    return {
        "at": told(scene.at, zone),
        "what": str(scene.what),
        "text": words(scene, zone),
        "campaign": scene.campaign or None,
        "customer": scene.customer or None,
        "step": scene.step or None,
        "template": scene.template or None,
        "channel": scene.channel or None,
        "reason": scene.reason or None,
        "until": told(scene.until, zone) if scene.until is not None else None,
        "file": scene.place.file or None,
        "line": scene.place.line or None,
        "conditions": [reason_json(reason) for reason in scene.reasons],
    }


def told(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant by the shop's clock, with its offset."""
    return at.astimezone(zone).isoformat()


def reason_json(reason: Reason) -> dict[str, Any]:
    """Return a part that decided in the shape of the output contract."""
    place = reason.place
    return {
        "file": place.file,
        "line": place.line,
        "segment": reason.segment or None,
        "text": reason.text,
        "holds": reason.holds,
        "value": reason.value,
    }
