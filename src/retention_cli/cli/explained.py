"""A segment told for one customer: a line a part, with the value that decided."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from retention_cli.cli.output import cell_text, say, show
from retention_cli.text import visible

if TYPE_CHECKING:
    from retention_cli.audience.explain import Explanation, Part


def explained_json(found: Explanation) -> dict[str, Any]:
    """Return the stable shape of `segment explain --format json`."""
    return {
        "segment": found.segment,
        "customer": found.customer,
        "member": found.member,
        "conditions": [_part(part) for part in found.conditions],
        "nearest_miss": [_part(part) for part in found.nearest_miss] or None,
    }


def _part(part: Part) -> dict[str, Any]:
    told = asdict(part)
    del told["depth"]
    return told


def explained_text(found: Explanation, zone: ZoneInfo) -> None:
    """Print a tree: a tick or a cross, the words, and the value that was looked at, times in the shop's zone."""
    verdict = "is in" if found.member else "is not in"
    show(f"{visible(found.customer)} {verdict} {found.segment}")
    for part in found.conditions:
        value = f"  ({cell_text(part.value, zone)})" if _is_leaf(part) else ""
        show(f"{'  ' * part.depth}  {'✓' if part.holds else '✗'} {visible(part.text)}{value}")
    if found.nearest_miss:
        say("nearest: " + "; ".join(f"{visible(part.text)} (line {part.line})" for part in found.nearest_miss))


def _is_leaf(part: Part) -> bool:
    return part.text not in ("all of", "any of", "none of", "not", "everyone") and not part.text.startswith("segment ")
