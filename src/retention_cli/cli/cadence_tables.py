"""How `analyze cadence` is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar
from retention_cli.cli.figures import percent, short
from retention_cli.cli.told import Table, Told
from retention_cli.insight.cadence import PERCENTILES, suggestion
from retention_cli.text import visible

if TYPE_CHECKING:
    from retention_cli.cli.local import Local
    from retention_cli.insight.cadence import Bin, Cadence, Rhythm

_PERCENTILES = tuple(f"p{percentile}" for percentile in PERCENTILES)
_COLUMNS = ("kind", "gaps", "people", *_PERCENTILES)
_BAR = 30


def cadence_told(found: Cadence, limit: int, local: Local) -> Told:
    """Tell a shop's rhythm, the `limit` kinds that are bought most often, and a group to paste."""
    cells = [(each.kind, each.gaps, each.people, *each.percentiles) for each in _all(found)]
    if found.everything is None:
        return Told(_json(found), (), _COLUMNS, cells, said=("nobody has bought on more than one day yet",))
    more = len(found.kinds) - limit
    said = (f"and {local.number(more)} more; --limit shows them",) if more > 0 else ()
    tables = (_rhythms(found, limit, local), _histogram(found, found.everything, local))
    return Told(_json(found), tables, _COLUMNS, cells, said=said, below=tuple(suggestion(found.everything).splitlines()))


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
    return {"kind": each.kind, "gaps": each.gaps, "people": each.people, **dict(zip(_PERCENTILES, each.percentiles, strict=True))}


def _rhythms(found: Cadence, limit: int, local: Local) -> Table:
    shown = _all(found)[: limit + 1]
    rows = [
        (visible(each.kind), local.number(each.gaps), local.number(each.people), *(short(days, local) for days in each.percentiles)) for each in shown
    ]
    columns = (visible(found.by or "kind"), *_COLUMNS[1:])
    return Table(columns, rows, right=_COLUMNS[1:], title="days between purchases; p75: 75 of 100 gaps are no longer")


def _histogram(found: Cadence, everything: Rhythm, local: Local) -> Table:
    most = max(each.gaps for each in found.bins)
    rows = [
        (_days(each, local), local.number(each.gaps), percent(each.gaps / everything.gaps, local), bar(each.gaps, most, _BAR)) for each in found.bins
    ]
    return Table(("days", "gaps", "share", ""), rows, right=("days", "gaps", "share"), kept=("",))


def _days(each: Bin, local: Local) -> str:
    low = local.number(each.low)
    if each.high is None:
        return f"{low} or more"
    return low if each.high == each.low + 1 else f"{low} to {local.number(each.high - 1)}"
