"""How `analyze cadence` is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar
from retention_cli.cli.figures import share, short
from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show_csv, show_json, show_table
from retention_cli.cli.output import show as show_text
from retention_cli.insight.cadence import PERCENTILES, suggestion

if TYPE_CHECKING:
    from retention_cli.insight.cadence import Bin, Cadence, Rhythm

_COLUMNS = tuple(f"p{percentile}" for percentile in PERCENTILES)
_BAR = 30


def show(found: Cadence, limit: int, format_: TableFormat) -> None:
    """Show a shop's rhythm."""
    if format_ is TableFormat.JSON:
        show_json(_json(found))
    elif format_ is TableFormat.CSV:
        show_csv(("kind", "gaps", "people", *_COLUMNS), [(each.kind, each.gaps, each.people, *each.percentiles) for each in _all(found)])
    else:
        _show_text(found, limit)


def _all(found: Cadence) -> list[Rhythm]:
    return [*([found.everything] if found.everything else []), *found.kinds]


def _json(found: Cadence) -> dict[str, Any]:
    return {
        "by": found.by,
        "everything": None if found.everything is None else _rhythm(found.everything),
        "kinds": [_rhythm(each) for each in found.kinds],
        "histogram": [{"from": each.low, "to": each.high, "gaps": each.gaps} for each in found.bins],
        "suggestion": None if found.everything is None else suggestion(found.everything),
    }


def _rhythm(each: Rhythm) -> dict[str, Any]:
    return {"kind": each.kind, "gaps": each.gaps, "people": each.people, **dict(zip(_COLUMNS, each.percentiles, strict=True))}


def _show_text(found: Cadence, limit: int) -> None:
    if found.everything is None:
        say("nobody has bought on more than one day yet")
        return
    shown = [found.everything, *found.kinds[:limit]]
    rows = [(each.kind, each.gaps, each.people, *map(short, each.percentiles)) for each in shown]
    show_text("days between purchases; p75: 75 of 100 gaps are no longer")
    show_table((found.by or "kind", "gaps", "people", *_COLUMNS), rows, right=("gaps", "people", *_COLUMNS))
    if len(found.kinds) > limit:
        say(f"and {len(found.kinds) - limit:,} more; --limit shows them")
    most = max(each.gaps for each in found.bins)
    bars = [(_days(each), each.gaps, share(each.gaps / found.everything.gaps), bar(each.gaps, most, _BAR)) for each in found.bins]
    show_text("")
    show_table(("days", "gaps", "share", ""), bars, right=("days", "gaps", "share"))
    show_text("")
    show_text(suggestion(found.everything).rstrip("\n"))


def _days(each: Bin) -> str:
    if each.high is None:
        return f"{each.low} or more"
    return str(each.low) if each.high == each.low + 1 else f"{each.low} to {each.high - 1}"
