"""Why a customer is, or is not, in a segment: every part of the condition with the value that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_cli.audience.evidence import NOTHING, Evidence, evidence
from retention_cli.audience.words import in_words
from retention_cli.compile.segments import explain_query
from retention_cli.model.condition import All, AnyOf, Condition, Everyone, FieldTest, NoneOf, Not, Total, children

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a condition. `value` is what a leaf looked at, None where it was missing or the part is no leaf; `evidence` its rows.

    `of` is the field or column that the value is of, empty for a count.
    """

    path: str
    line: int
    text: str
    holds: bool
    value: Any
    depth: int
    evidence: Evidence = NOTHING
    of: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`nearest_miss` are the fewest parts that would have to be otherwise; empty for a member, and where no change would do."""

    segment: str
    customer: str
    member: bool
    conditions: tuple[Part, ...]
    nearest_miss: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """The journey that a condition is asked of: when it began (naive, in UTC), and the facts of what began it, as JSON."""

    at: datetime | None = None
    trigger: str | None = None


NO_ENTRY = Entry()


def explain(engine: DuckEngine, compiler: Compiler, segment: Segment, customer: str, entry: Entry = NO_ENTRY) -> Explanation | None:
    """Tell a segment for one customer, of a journey's own condition as that journey; None where there is no such customer."""
    columns = {"subject": "BIGINT", "customer_id": "VARCHAR", "entered_at": "TIMESTAMP", "trigger": "VARCHAR"}
    engine.table("subjects", columns, [(1, customer, entry.at, entry.trigger)])
    explained = explain_query(compiler, segment.where)
    rows = engine.run(explained.query.sql, explained.query.values)
    if not rows:
        return None
    found: Mapping[str, Any] = dict(zip(explained.query.tree.named_selects, rows[0], strict=True))
    depths, rows_of = _depths(segment.where, 0), evidence(engine, compiler, explained.parts)
    parts = {
        id(node): Part(
            path=node.path or "where",
            line=node.place.line,
            text=in_words(node),
            holds=bool(found[f"holds_{n}"]),
            value=found.get(f"value_{n}"),
            depth=depths[n],
            evidence=rows_of.get(n, NOTHING),
            of=_of(node),
        )
        for n, node in enumerate(explained.parts)
    }
    whole = parts[id(segment.where)]
    missed = () if whole.holds else tuple(parts[id(node)] for node in _fewest(segment.where, parts, wanted=True) or ())
    return Explanation(str(segment.name), customer, whole.holds, tuple(parts.values()), missed)


def _of(node: Condition) -> str:
    if isinstance(node, FieldTest):
        return str(node.field)
    return str(node.field or "") if isinstance(node, Total) else ""


def _depths(node: Condition, depth: int) -> list[int]:
    return [depth, *(inner for child in children(node) for inner in _depths(child, depth + 1))]


def _fewest(node: Condition, parts: Mapping[int, Part], *, wanted: bool) -> list[Condition] | None:
    """Return the fewest leaves that would have to change for the node to come out as wanted, None where none would do."""
    if parts[id(node)].holds is wanted:
        return []
    match node:
        case Everyone():
            return None
        case Not(part=part):
            return _fewest(part, parts, wanted=not wanted)
        case NoneOf(parts=inner):
            return _of_many([_fewest(part, parts, wanted=not wanted) for part in inner], every=wanted)
        case All(parts=inner):
            return _of_many([_fewest(part, parts, wanted=wanted) for part in inner], every=wanted)
        case AnyOf(parts=inner):
            return _of_many([_fewest(part, parts, wanted=wanted) for part in inner], every=not wanted)
        case _:
            return [node]


def _of_many(options: list[list[Condition] | None], *, every: bool) -> list[Condition] | None:
    """Take all of them where every part must come out, else the cheapest one."""
    possible = [option for option in options if option is not None]
    if every:
        return [node for option in possible for node in option] if len(possible) == len(options) else None
    return min(possible, key=len, default=None)
