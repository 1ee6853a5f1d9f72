"""What a value may be measured against other than a value that is written.

yardstick = {percentile: 75, of: METRIC, factor:, if_missing:}      over all customers who have a value
          | {metric: NAME, factor:, if_missing:}                    the customer's own
          | {learned: NAME, factor:, if_missing:}                   pinned in retention.lock
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from retention_cli.model.question import Measure, Yardstick
from retention_cli.model.word import Word
from retention_cli.project.grammar.spot import check_keys, name_of, shown
from retention_cli.project.notes import Code

if TYPE_CHECKING:
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw, Table

KEYS = {
    Measure.PERCENTILE: ("percentile", "of", "factor", "if_missing"),
    Measure.METRIC: ("metric", "factor", "if_missing"),
    Measure.LEARNED: ("learned", "factor", "if_missing"),
}
_HINT = "write a value, {percentile: 75}, {metric: days_between_orders, factor: 2} or {learned: typical_gap}"
_MOST_PERCENT = 100


def yardstick(table: Table, spot: Spot) -> Yardstick | None:
    """Return what a mapping measures against, or None and a note."""
    measure = next((measure for measure in Measure if measure in table), None)
    if measure is None:
        if not table.broken:
            spot.error(table, Code.WRONG_SHAPE, f"{name_of(spot.path)} is measured against nothing", _HINT)
        return None
    check_keys(table, KEYS[measure], spot, head=str(measure))
    percentile = number(table[measure], spot.key(measure), most=_MOST_PERCENT) if measure is Measure.PERCENTILE else Decimal(50)
    subject = "of" if measure is Measure.PERCENTILE else str(measure)
    if_missing = table.get("if_missing")
    return Yardstick(
        measure=measure,
        name=_name(table[subject], spot.key(subject)) if subject in table else "",
        percentile=percentile or Decimal(0),
        factor=(number(table["factor"], spot.key("factor")) or Decimal(0)) if "factor" in table else Decimal(1),
        if_missing=if_missing if isinstance(if_missing, Word) else None,
        place=table.place,
        path=spot.path,
    )


def number(raw: Raw, spot: Spot, *, most: int | None = None) -> Decimal | None:
    """Return a number, zero or more, or None and a note."""
    if not isinstance(raw, Word):
        spot.shape(raw, "a number")
        return None
    try:
        found = Decimal(raw)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0 or (most is not None and found > most):
        what = "a number, zero or more" if most is None else f"a number from 0 to {most}"
        spot.error(raw, Code.WRONG_VALUE, f"{shown(raw)!r} is not {what}", f"write {name_of(spot.path).strip(chr(39))}: {2 if most is None else 75}")
        return None
    return found


def _name(raw: Raw, spot: Spot) -> str:
    if isinstance(raw, Word) and raw:
        return raw
    spot.shape(raw, "a name")
    return ""
