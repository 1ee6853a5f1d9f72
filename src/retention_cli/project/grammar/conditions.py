"""The whole condition of a customer: fields and logic, with the heads that ask of events, segments and everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.condition import Everyone, Fold, InSegment
from retention_cli.project.grammar import logic
from retention_cli.project.grammar.events import asked_total, did
from retention_cli.project.grammar.spot import check_keys
from retention_cli.project.grammar.values import flag, name
from retention_cli.project.notes import Code

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition
    from retention_cli.project.grammar.logic import Heads
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw, Table


def condition(raw: Raw, spot: Spot) -> Condition:
    """Return the condition at a spot; mistakes are noted, and `Everyone` stands in for what cannot be read."""
    return logic.condition(raw, spot, {} if spot.scope.row else _HEADS)


def _segment(table: Table, spot: Spot) -> InSegment:
    check_keys(table, ("segment",), spot, head="segment")
    found = name(table["segment"], spot.key("segment"))
    return InSegment(name=found or "", place=table.key("segment").place if found is None else found.place, path=spot.path)


def _everyone(table: Table, spot: Spot) -> Everyone:
    check_keys(table, ("everyone",), spot, head="everyone")
    if not flag(table["everyone"], spot.key("everyone")):
        spot.notes.error(table.key("everyone").place, Code.WRONG_VALUE, "'everyone' can only be true", "for nobody, leave the condition's owner out")
    return Everyone(place=table.place, path=spot.path)


_HEADS: Heads = {
    "did": did,
    "did_not": did,
    "segment": _segment,
    "everyone": _everyone,
    **dict.fromkeys(map(str, Fold), asked_total),
}
