"""What is known of a customer at one spot of a campaign, and what it settles.

A fact is a condition and whether it holds. Conditions are two-valued, so a fact settles its negation too; where nothing
settles a condition, nothing is said of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.model.condition import All, AnyOf, Condition, Did, Everyone, InSegment, NoneOf, Not

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from retention_cli.model.segment import Segment

Fact = tuple[Condition, bool]
Facts = tuple[Fact, ...]


def facts(node: Condition, *, holds: bool = True) -> Iterator[Fact]:
    """Yield all that follows for the parts of a condition when it holds, or does not."""
    inner, sign = _plain(node)
    holds = holds is sign
    yield inner, holds
    match inner:
        case All(parts=parts) if holds:
            yield from (fact for part in parts for fact in facts(part))
        case AnyOf(parts=parts) if not holds:
            yield from (fact for part in parts for fact in facts(part, holds=False))
        case _:
            pass


def decided(node: Condition, known: Iterable[Fact]) -> bool | None:
    """Return whether a condition holds; None where what is known does not settle it."""
    inner, sign = _plain(node)
    found = _decided(inner, tuple(known))
    return None if found is None else found is sign


def _decided(inner: Condition, known: Facts) -> bool | None:
    if (told := next((holds for fact, holds in known if fact == inner), None)) is not None:
        return told
    match inner:
        case Everyone():
            return True
        case All(parts=parts):
            answers = [decided(part, known) for part in parts]
            return False if False in answers else None if None in answers else True
        case AnyOf(parts=parts):
            answers = [decided(part, known) for part in parts]
            return True if True in answers else None if None in answers else False
        case _:
            return None


def _plain(node: Condition) -> Fact:
    """Return a condition without its negation, and whether it had none."""
    match node:
        case Not(part=part):
            inner, sign = _plain(part)
            return inner, not sign
        case Did(negated=True):
            return replace(node, negated=False), False
        case NoneOf(parts=parts):
            inner, sign = _plain(AnyOf(parts, place=node.place, path=node.path))
            return inner, not sign
        case All(parts=(only,)) | AnyOf(parts=(only,)):
            return _plain(only)
        case _:
            return node, True


def with_segments(known: Iterable[Fact], segments: Mapping[str, Segment]) -> Facts:
    """Return what is known, and what that says by the segments that it names."""
    found: list[Fact] = []
    waiting = list(known)
    while waiting:
        fact = waiting.pop(0)
        if fact in found:
            continue
        found.append(fact)
        inner, holds = fact
        if isinstance(inner, InSegment) and (holds or inner.lasting is None) and inner.name in segments:
            waiting += facts(segments[inner.name].where, holds=holds)
    return tuple(found)
