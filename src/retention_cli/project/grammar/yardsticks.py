"""What a value may be measured against other than a value that is written.

yardstick = {percentile: 75, of: METRIC, factor:, if_missing:}      over all customers who have a value
          | {metric: NAME, factor:, if_missing:}                    the customer's own
          | {learned: NAME, factor:, if_missing:}                   pinned in retention.lock
"""

from __future__ import annotations

import re
from decimal import Decimal
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
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?", re.ASCII)
"""Numbers that every engine's decimals hold."""


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
        if_missing=None if if_missing is None else _stand_in(if_missing, spot.key("if_missing")),
        place=table.place,
        path=spot.path,
    )


def number(raw: Raw, spot: Spot, *, most: int | None = None, least: int | None = 0) -> Decimal | None:
    """Return a number, zero or more unless `least` says otherwise, or None and a note."""
    if not isinstance(raw, Word):
        spot.shape(raw, "a number")
        return None
    found = Decimal(raw) if _NUMBER.fullmatch(raw.strip()) else None
    if found is None or (least is not None and found < least) or (most is not None and found > most):
        what = "a number" if least is None else "a number, zero or more" if most is None else f"a number from {least} to {most}"
        spot.error(raw, Code.WRONG_VALUE, f"{shown(raw)!r} is not {what}", f"write {name_of(spot.path).strip(chr(39))}: {2 if most is None else 75}")
        return None
    return found


def _stand_in(raw: Raw, spot: Spot) -> str | None:
    if isinstance(raw, Word):
        return raw
    spot.shape(raw, "one value", "write if_missing: 100")
    return None


def _name(raw: Raw, spot: Spot) -> str:
    if isinstance(raw, Word) and raw:
        return raw
    spot.shape(raw, "a name")
    return ""
