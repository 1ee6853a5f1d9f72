"""What can be said of conditions without any data: that one can never hold, that divisions leave a gap or overlap.

Only comparisons of one field are reasoned about, and only on one scale; where nothing can be said, nothing is.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

from retention_cli.compile.ranges import HIGHEST, LOWEST, NOTHING, WHOLE, Cut, Range, Scale, range_of, scale_of
from retention_cli.model.condition import All, Condition, Did, FieldTest, Total, walk
from retention_cli.model.problem import Problem, warning
from retention_cli.model.question import Measure, Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from retention_cli.model.group import Group
    from retention_cli.model.question import Test

    TypeOf = Callable[[str], ColumnType | None]

_TEXTUAL = (ColumnType.TEXT, ColumnType.BOOLEAN)


def impossible(condition: Condition, type_of: TypeOf) -> Iterator[Problem]:
    """Yield the parts of a condition that can never hold, each where it contradicts itself."""
    for node in walk(condition):
        if isinstance(node, FieldTest) and _contradict(node.tests, type_of(str(node.field))):
            yield _never(node, f"{str(node.field)!r} can never be all of this")
        elif isinstance(node, Did) and _contradict(node.times, ColumnType.INTEGER):
            yield _never(node, "nothing can happen so often and not so often")
        elif isinstance(node, Total) and _contradict(node.tests, ColumnType.DECIMAL):
            yield _never(node, f"the value of {str(node.fold)!r} can never be all of this")
        elif isinstance(node, All):
            yield from _together(node, type_of)


def _together(node: All, type_of: TypeOf) -> Iterator[Problem]:
    """Compare the tests of one field that stand in several parts of a list."""
    by_field: dict[str, list[FieldTest]] = {}
    for part in node.parts:
        if isinstance(part, FieldTest):
            by_field.setdefault(str(part.field), []).append(part)
    for name, parts in by_field.items():
        tests = tuple(test for part in parts for test in part.tests)
        if len(parts) > 1 and _contradict(tests, type_of(name)) and not any(_contradict(part.tests, type_of(name)) for part in parts):
            yield _never(parts[-1], f"{name!r} can never be all of this")


def _never(node: FieldTest | Did | Total, message: str) -> Problem:
    return Problem(node.place, "never-holds", message, "nobody would ever fit: for one or the other, write any: [ … ]")


def _contradict(tests: Sequence[Test], kind: ColumnType | None) -> bool:
    if kind is None or not tests:
        return False
    ops = {test.op for test in tests}
    if Op.MISSING in ops and len(ops) > 1:
        return not ops <= {Op.MISSING, Op.IS_NOT, Op.NOT_IN, Op.HAS_NONE}
    if kind in _TEXTUAL:
        return _no_text_left(tests)
    by_scale: dict[Scale, Range] = {}
    for test in _comparable(tests):
        scale = scale_of(test, kind)
        found = None if scale is None else range_of(test, scale)
        if scale is not None and found is not None:
            by_scale[scale] = by_scale.get(scale, WHOLE) & found
    return any(found.is_empty for found in by_scale.values())


def _comparable(tests: Sequence[Test]) -> Sequence[Test]:
    """Leave out what may hold together after all: a month is shorter than 30 days at times, and twice a debt is less than it."""
    units = {test.span.is_calendar for test in tests if test.span is not None}
    factors = {test.against.factor for test in tests if test.against is not None}
    return [test for test in tests if (test.span is None or len(units) == 1) and (test.against is None or len(factors) == 1)]


def _no_text_left(tests: Sequence[Test]) -> bool:
    wanted = [set(test.values) for test in tests if test.op in (Op.IS, Op.IN) and not test.ignore_case]
    barred = {value for test in tests if test.op in (Op.IS_NOT, Op.NOT_IN) and not test.ignore_case for value in test.values}
    return bool(wanted) and not set.intersection(*wanted) - barred


def divided(group: Group, type_of: TypeOf) -> Iterator[Problem]:
    """Yield what divisions leave out or give twice, where they all compare one field."""
    ranges = _ranges(group, type_of)
    if ranges is None:
        return
    field, scale, pieces = ranges
    if not group.first_match:
        for (one, first), (other, second) in combinations(pieces.items(), 2):
            if not (common := first & second).is_empty:
                message = f"the divisions {one!r} and {other!r} overlap: {told(common, field, scale)}"
                hint = "cut them apart, or write first_match: true and let the order decide"
                yield Problem(next(each.place for key, each in group.divisions.items() if str(key) == other), "group-overlap", message, hint)
    union = NOTHING
    for piece in pieces.values():
        union = union | piece
    gap = (_possible(scale) & union.rest()) if group.otherwise is None else NOTHING
    if not gap.is_empty:
        message = f"the group {str(group.name)!r} has a gap: {told(gap, field, scale)}"
        yield warning(group.name.place, "group-gap", message, "widen a division, or name the rest: otherwise: …")


def _possible(scale: Scale) -> Range:
    """Return what a value can be: nothing is older than now and younger than its past, so an age starts at 0."""
    return Range(((Cut(Decimal(0)), HIGHEST),)) if scale.kind == "days ago" else WHOLE


def _ranges(group: Group, type_of: TypeOf) -> tuple[str, Scale, Mapping[str, Range]] | None:
    """Return the one field that all divisions compare, its scale, and what each takes; None where it is not so simple."""
    fields: set[str] = set()
    scales: set[Scale] = set()
    found: dict[str, Range] = {}
    for name, condition in group.divisions.items():
        if not isinstance(condition, FieldTest) or condition.lasting is not None:
            return None
        fields.add(str(condition.field))
        kind = type_of(str(condition.field))
        whole = WHOLE
        for test in condition.tests:
            scale = None if kind is None else scale_of(test, kind)
            piece = None if scale is None else range_of(test, scale)
            if scale is None or piece is None:
                return None
            scales.add(scale)
            whole = whole & piece
        found[str(name)] = whole
    if len(fields) != 1 or len(scales) != 1:
        return None
    return fields.pop(), scales.pop(), found


def told(found: Range, field: str, scale: Scale) -> str:
    """Return a range in words."""
    return f"{field} " + " and ".join(_piece(low, high, scale) for low, high in found.pieces)


def _piece(low: Cut, high: Cut, scale: Scale) -> str:
    unit = _unit(scale)
    first, last = (_shown(cut, scale, is_end=cut is high) for cut in (low, high))
    if low == LOWEST:
        return f"up to {last}{unit}" if high.after or scale.kind == "whole" else f"below {last}{unit}"
    if high == HIGHEST:
        return f"above {first}{unit}" if low.after else f"from {first}{unit} on"
    return f"{first}{unit}" if first == last else f"from {first} to {last}{unit}"


def _shown(cut: Cut, scale: Scale, *, is_end: bool) -> str:
    value = cut.at - 1 if scale.kind == "whole" and is_end and cut.at.is_finite() else cut.at
    return format(value.normalize(), "f") if value.is_finite() else ""


def _unit(scale: Scale) -> str:
    if scale.kind == "days ago":
        return " days ago"
    if scale.yardstick is None:
        return ""
    name = "the percentile" if scale.yardstick.measure is Measure.PERCENTILE else str(scale.yardstick.name)
    return f" x {name}"
