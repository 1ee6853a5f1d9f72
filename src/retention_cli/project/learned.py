"""Learned thresholds as metrics/*.yml write them: `typical_gap: {learned: {percentile: 50, of: days_between_orders}}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.learned import Learned
from retention_cli.project.build import build
from retention_cli.project.grammar.spot import shape_of
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from retention_cli.model.word import Word
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

LEARNED = "learned"
_ABOUT = ("description", "owner", "tags")
_OWN = ("percentile", "of", "by")


def is_learned(raw: Raw) -> bool:
    """Whether a definition in a metrics file is a learned threshold."""
    return isinstance(raw, Table) and LEARNED in raw


def keep_learned(name: Word, raw: Raw, into: dict[str, Learned], notes: Notes, before: int) -> None:
    """Read one threshold and keep it, unless it, or its name, has errors noted since `before`."""
    if isinstance(raw, Table):
        found = _read(name, raw, notes)
        if found is not None and notes.errors == before:
            into[str(name)] = found


def _read(name: Word, raw: Table, notes: Notes) -> Learned | None:
    inner = raw[LEARNED]
    if not isinstance(inner, Table):
        notes.error(
            inner.place, Code.WRONG_SHAPE, f"'learned' should be a mapping, not {shape_of(inner)}", "write {percentile: 50, of: days_between_orders}"
        )
        return None
    for key in raw.words():
        if key not in (LEARNED, *_ABOUT):
            notes.error(
                key.place, Code.MIXED_CONDITION, f"this version knows no key {str(key)!r} beside 'learned'", "write it as a metric of its own"
            )
    given = {str(key): raw[key] for key in raw.words() if key in _ABOUT}
    return build(Learned, inner, notes, {"name": name, **given}, what="'learned'", given=("name", *_ABOUT))
