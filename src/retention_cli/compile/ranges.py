"""Sets of numbers that comparisons cut out of a line, to reason about conditions without data.

A number stands on its own line, a date and a time on that of their age: `within: 30 days` is 0 to 30 days ago, its start left
out, `older_than` the rest. Whole numbers are closed to the next whole one, so that `at_most: 3` and `at_least: 4` meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.model.question import Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.model.question import Test, Yardstick

_SECONDS_A_DAY = Decimal(86_400)
_DAYS_A_MONTH = Decimal("30.436875")  # of the Gregorian calendar, on average: only the order of lengths matters


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """A place between numbers: just before `at`, or just `after` it. None stands for the ends of the line."""

    at: Decimal
    after: bool = False


LOWEST, HIGHEST = Cut(Decimal("-Infinity")), Cut(Decimal("Infinity"), after=True)


@dataclass(frozen=True, slots=True)
class Range:
    """A set of numbers as pieces between cuts, in order, none touching the next."""

    pieces: tuple[tuple[Cut, Cut], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.pieces

    def without(self, other: Range) -> Range:
        """Return what is here and not there."""
        return self & other.rest()

    def rest(self) -> Range:
        """Return everything else."""
        edges = [LOWEST, *(cut for piece in self.pieces for cut in piece), HIGHEST]
        return _pieces(zip(edges[::2], edges[1::2], strict=True))

    def __and__(self, other: Range) -> Range:
        return _pieces((max(a, c), min(b, d)) for a, b in self.pieces for c, d in other.pieces)

    def __or__(self, other: Range) -> Range:
        return (self.rest() & other.rest()).rest()


def _pieces(found: Iterable[tuple[Cut, Cut]]) -> Range:
    return Range(tuple(sorted((low, high) for low, high in found if low < high)))


WHOLE = Range(((LOWEST, HIGHEST),))
NOTHING = Range(())


@dataclass(frozen=True, slots=True)
class Scale:
    """What numbers of a range mean: `whole` ones, days ago, or multiples of a yardstick; ranges of two scales cannot be compared."""

    kind: str
    yardstick: Yardstick | None = None


def scale_of(test: Test, kind: ColumnType) -> Scale | None:
    """Return the scale on which a test of a value of this type draws its range, None where it draws none."""
    if test.against is not None:
        return Scale("multiple", replace(test.against, factor=Decimal(1), if_missing=None))
    if test.span is not None and test.op in (Op.WITHIN, Op.OLDER_THAN):
        return Scale("days ago")
    if kind in (ColumnType.INTEGER, ColumnType.DECIMAL) and test.op in _NUMBERED:
        return Scale("whole" if kind is ColumnType.INTEGER else "number")
    return None


def range_of(test: Test, scale: Scale) -> Range | None:
    """Return the numbers of which a test holds; None where they cannot be told."""
    if test.against is not None:
        return _numbers(test.op, [test.against.factor])
    if test.span is not None:
        days = Decimal(test.span.months) * _DAYS_A_MONTH + Decimal(test.span.elapsed.total_seconds()) / _SECONDS_A_DAY
        # Of an age: within leaves out its start, which older_than has.
        return _numbers(Op.LESS_THAN, [days]) if test.op is Op.WITHIN else _numbers(Op.AT_LEAST, [days])
    try:
        values = [Decimal(value) for value in test.values]
    except ArithmeticError:
        return None
    found = _numbers(test.op, values)
    return found if scale.kind != "whole" or found is None else _closed(found)


def _numbers(op: Op, values: list[Decimal]) -> Range | None:
    first, last = values[0], values[-1]
    match op:
        case Op.AT_LEAST:
            return _pieces([(Cut(first), HIGHEST)])
        case Op.MORE_THAN:
            return _pieces([(Cut(first, after=True), HIGHEST)])
        case Op.AT_MOST:
            return _pieces([(LOWEST, Cut(first, after=True))])
        case Op.LESS_THAN:
            return _pieces([(LOWEST, Cut(first))])
        case Op.BETWEEN:
            return _pieces([(Cut(first), Cut(last, after=True))])
        case Op.IS | Op.IN:
            found = NOTHING
            for value in values:
                found = found | _pieces([(Cut(value), Cut(value, after=True))])
            return found
        case _:
            return None


_NUMBERED = (Op.AT_LEAST, Op.MORE_THAN, Op.AT_MOST, Op.LESS_THAN, Op.BETWEEN, Op.IS, Op.IN)


def _closed(found: Range) -> Range:
    """Move cuts to whole numbers: more than 3 is at least 4."""
    pieces = [(_to_whole(low), _to_whole(high)) for low, high in found.pieces]
    whole = NOTHING
    for low, high in pieces:
        whole = whole | _pieces([(low, high)])
    return whole


def _to_whole(cut: Cut) -> Cut:
    """Return the cut just before the first whole number that lies behind a cut."""
    if not cut.at.is_finite():
        return cut
    floor = cut.at.to_integral_value(rounding="ROUND_FLOOR")
    if cut.at == floor and not cut.after:
        return cut
    return Cut(floor + 1)
