"""On what an answer rests: of a condition told part by part for one person, the parts that made it come out as it did.

Of an `all` that holds these are all its parts, of one that fails those that fail; of an `any` the other way about. A part
that is another segment is told in turn, down to the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.audience.explain import NO_ENTRY, Entry, explain
from retention_cli.model.condition import AnyOf, Did, FieldTest, InSegment, NoneOf, Total, children, walk
from retention_cli.model.segment import Segment
from retention_cli.model.word import Word
from retention_cli.proof.verdict import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from retention_cli.audience.explain import Part
    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition


@dataclass(frozen=True, slots=True)
class Why:
    """Tells, over the tables of an engine, what decided. `compiler` gives a fresh one over journeys."""

    engine: DuckEngine
    compiler: Callable[[], Compiler]
    segments: Mapping[str, Segment]

    def reasons(self, condition: Condition, customer: str, inside: str = "", entry: Entry = NO_ENTRY) -> Iterator[Reason]:
        """Yield what decided about a customer; nothing where there is no such customer. `inside` is the segment of the condition."""
        found = explain(self.engine, self.compiler(), Segment(name=Word("asked"), where=condition), customer, entry)
        if found is None:
            return
        parts = {id(node): part for node, part in zip(walk(condition), found.conditions, strict=True)}
        for node in _rests_on(condition, parts):
            part = parts[id(node)]
            if isinstance(node, InSegment) and str(node.name) in self.segments:
                yield from self.reasons(self.segments[str(node.name)].where, customer, str(node.name), entry)
            else:
                yield Reason(node.place, part.text, part.holds, part.value, isinstance(node, FieldTest | Did | Total), inside)


def _rests_on(node: Condition, parts: Mapping[int, Part]) -> Iterator[Condition]:
    """Yield the leaves that made a node come out as it did."""
    inner = children(node)
    if not inner:
        yield node
        return
    any_decides = isinstance(node, AnyOf | NoneOf)
    decided = [child for child in inner if parts[id(child)].holds is any_decides]
    for child in decided or inner:
        yield from _rests_on(child, parts)
