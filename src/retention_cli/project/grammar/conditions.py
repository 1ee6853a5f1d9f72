"""The whole condition of a customer: fields and logic, with the heads that ask of events, facts, segments, files and everybody.

{segment: NAME, for: 30 days} | {everyone: true} | {sample: {share: 50%, name: pilot}} | {listed: lists/vip.csv}
| {consent: {channel: email, topic: news}} | {sql: "total_spent > 3 * average_order_value"}
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model.condition import Consented, Everyone, Expression, Fold, InSegment, Listed, Sample
from retention_cli.model.word import Word
from retention_cli.project.grammar import logic
from retention_cli.project.grammar.events import asked_total, did, has
from retention_cli.project.grammar.spot import check_keys
from retention_cli.project.grammar.values import FOR, duration, flag, name, share
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition
    from retention_cli.project.grammar.logic import Heads
    from retention_cli.project.grammar.spot import Spot
    from retention_cli.project.yaml_tree import Raw


def condition(raw: Raw, spot: Spot) -> Condition:
    """Return the condition at a spot; mistakes are noted, and `Everyone` stands in for what cannot be read."""
    return logic.condition(raw, spot, {} if spot.scope.row else _HEADS)


def _segment(table: Table, spot: Spot) -> InSegment:
    check_keys(table, ("segment", FOR), spot, head="segment")
    found = name(table["segment"], spot.key("segment"))
    lasting = duration(table[FOR], spot.key(FOR)) if FOR in table else None
    place = table.key("segment").place if found is None else found.place
    return InSegment(name=found or "", lasting=lasting, place=place, path=spot.path)


def _everyone(table: Table, spot: Spot) -> Everyone:
    check_keys(table, ("everyone",), spot, head="everyone")
    if not flag(table["everyone"], spot.key("everyone")):
        spot.notes.error(table.key("everyone").place, Code.WRONG_VALUE, "'everyone' can only be true", "for nobody, leave the condition's owner out")
    return Everyone(place=table.place, path=spot.path)


def _inner(table: Table, head: str, form: str, keys: tuple[str, ...], spot: Spot) -> Table | None:
    """Return the mapping behind a head, its keys checked; None and a note where it is none or lacks its first key."""
    check_keys(table, (head,), spot, head=head)
    raw, inner = table[head], spot.key(head)
    if not isinstance(raw, Table):
        inner.shape(raw, "a mapping", f"write {head}: {form}")
        return None
    check_keys(raw, keys, inner)
    if keys[0] not in raw:
        if keys[0] not in raw.broken:
            inner.error(raw, Code.MISSING_KEY, f"'{head}' needs {keys[0]!r}", f"write {head}: {form}")
        return None
    return raw


def _sample(table: Table, spot: Spot) -> Condition:
    found = _inner(table, "sample", "{share: 50%, name: pilot}", ("share", "name"), spot)
    if found is None:
        return Everyone(place=table.place, path=spot.path)
    part = share(found["share"], spot.key("sample").key("share"))
    called = name(found["name"], spot.key("sample").key("name")) if "name" in found else None
    if "name" not in found:
        spot.error(found, Code.MISSING_KEY, "'sample' needs 'name'", "who is in it depends on the name alone: name: pilot")
    return Sample(share=part or Decimal(0), name=called or "", place=table.place, path=spot.path)


def _listed(table: Table, spot: Spot) -> Listed:
    check_keys(table, ("listed",), spot, head="listed")
    file = name(table["listed"], spot.key("listed"))
    return Listed(file=file or "", place=table.place if file is None else file.place, path=spot.path)


def _consent(table: Table, spot: Spot) -> Condition:
    found = _inner(table, "consent", "{channel: email, topic: news}", ("channel", "topic"), spot)
    if found is None:
        return Everyone(place=table.place, path=spot.path)
    inner = spot.key("consent")
    channel = name(found["channel"], inner.key("channel"))
    topic = name(found["topic"], inner.key("topic")) if "topic" in found else None
    return Consented(channel=channel or "", topic=topic, place=table.place, path=spot.path)


def _sql(table: Table, spot: Spot) -> Condition:
    check_keys(table, ("sql",), spot, head="sql")
    raw = table["sql"]
    if not isinstance(raw, Word) or not raw:
        spot.key("sql").shape(raw, "an expression", 'write sql: "total_spent > 3 * average_order_value"')
        return Everyone(place=table.place, path=spot.path)
    return Expression(text=raw, place=raw.place, path=spot.path)


_HEADS: Heads = {
    "did": did,
    "did_not": did,
    "has": has,
    "segment": _segment,
    "everyone": _everyone,
    "sample": _sample,
    "listed": _listed,
    "consent": _consent,
    "sql": _sql,
    **dict.fromkeys(map(str, Fold), asked_total),
}
