"""What a campaign compares, told: its ways side by side, and whether anything may be concluded yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.app.trials import WARY
from retention_cli.cli.local import MISSING
from retention_cli.cli.told import Table
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.app.trials import Comparison, WayTally
    from retention_cli.cli.local import Local

_SMALLEST = 0.001
"""Smaller probabilities are told as smaller than this."""


def comparison_table(found: Comparison, local: Local) -> Table:
    """Tell one comparison, a row a way."""
    rows = [
        (
            visible(each.way),
            local.number(each.customers),
            local.number(each.settled),
            MISSING if each.share is None else local.number(each.share.reached),
            MISSING if each.share is None else local.share(each.share.share),
            MISSING if each.share is None else _span(each.share.low, each.share.high, local),
            MISSING if each.against is None else f"{_points(each.against.difference, local)} ({_span(each.against.low, each.against.high, local)})",
        )
        for each in found.ways
    ]
    columns = ("way", "customers", "settled", "reached", "share", "95 % sure", "against the first")
    return Table(columns, rows, right=columns[1:], kept=("way",), title=f"{visible(found.name)}, by the goal {visible(found.goal)}")


def remarks(found: Comparison, local: Local) -> Iterator[str]:
    """Yield what may be concluded, or what is missing before anything may."""
    name = visible(found.name)
    if found.hypothesis:
        yield f"{name}: {visible(found.hypothesis)}"
    yield from (f"{name}: not yet; it waits for {each}" for each in found.waits_for)
    if not found.decides:
        yield f"{name}: no `decide_by` says when it may be decided"
    if found.is_ready:
        yield from (f"{name}: {_verdict(each, found.ways[0].way, local)}" for each in found.ways[1:])


def _verdict(each: WayTally, first: str, local: Local) -> str:
    if each.against is None or each.share is None:
        return f"{visible(each.way)} has nobody to compare"
    chance = f"p = {each.against.p:.3f}" if each.against.p >= _SMALLEST else f"p < {_SMALLEST}"
    if each.against.p >= WARY:
        return f"{visible(each.way)} is not shown to differ from {visible(first)} ({chance})"
    which = "better" if each.against.difference > 0 else "worse"
    other = local.share(each.share.share - each.against.difference)
    return f"{visible(each.way)} is {which} than {visible(first)}: {local.share(each.share.share)} against {other} ({chance})"


def _span(low: float, high: float, local: Local) -> str:
    return f"{local.share(low)} to {local.share(high)}"


def _points(difference: float, local: Local) -> str:
    return f"{'+' if difference > 0 else ''}{local.share(difference)}"


def compared(found: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values; probabilities only once it may be decided."""
    return {
        "name": found.name,
        "goal": found.goal,
        "hypothesis": found.hypothesis,
        "ready": found.is_ready,
        "waits_for": list(found.waits_for),
        "fits_shares": found.fits,
        "ways": [_way(each, is_ready=found.is_ready) for each in found.ways],
    }


def _way(each: WayTally, *, is_ready: bool) -> dict[str, Any]:
    share, against = each.share, each.against
    return {
        "way": each.way,
        "weight": each.weight,
        "customers": each.customers,
        "settled": each.settled,
        "reached": share and share.reached,
        "share": share and share.share,
        "low": share and share.low,
        "high": share and share.high,
        "difference": against and against.difference,
        "difference_low": against and against.low,
        "difference_high": against and against.high,
        "p": against.p if against is not None and is_ready else None,
    }
