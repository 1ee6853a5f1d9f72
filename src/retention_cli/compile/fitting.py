"""Which questions each type of value can answer, and what somebody meant who asks one that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile import literals
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.model.question import Test

EQUALITY = {Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN, Op.PRESENT, Op.MISSING}
ORDER = {Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.BETWEEN}
TEXT = {Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, Op.MATCHES, Op.UNDER}
RANK = {Op.TOP, Op.BOTTOM}
CLOCK = {Op.WITHIN, Op.OLDER_THAN, Op.IN_NEXT, Op.BEFORE, Op.AFTER, Op.BETWEEN, Op.DURING, Op.ANNIVERSARY_IN, Op.ANNIVERSARY_ON}
LIST = {Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE, Op.PRESENT, Op.MISSING}

FITTING: dict[ColumnType, set[Op]] = {
    ColumnType.TEXT: EQUALITY | TEXT,
    ColumnType.INTEGER: EQUALITY | ORDER | RANK,
    ColumnType.DECIMAL: EQUALITY | ORDER | RANK,
    ColumnType.BOOLEAN: EQUALITY,
    ColumnType.DATE: EQUALITY | CLOCK | ORDER | RANK,
    ColumnType.TIME: {Op.PRESENT, Op.MISSING} | CLOCK | RANK,
    ColumnType.LIST: LIST,
}

_COUNTERPARTS: dict[Op, tuple[Op, ...]] = {
    Op.IS: (Op.HAS_ANY, Op.DURING, Op.BETWEEN),
    Op.IN: (Op.HAS_ANY,),
    Op.IS_NOT: (Op.HAS_NONE,),
    Op.NOT_IN: (Op.HAS_NONE,),
    Op.CONTAINS: (Op.HAS_ANY,),
    Op.UNDER: (Op.HAS_ANY, Op.LESS_THAN, Op.BEFORE),
    Op.HAS_ANY: (Op.IN,),
    Op.HAS_NONE: (Op.NOT_IN,),
    Op.AT_LEAST: (Op.AFTER,),
    Op.MORE_THAN: (Op.AFTER,),
    Op.AT_MOST: (Op.BEFORE,),
    Op.LESS_THAN: (Op.BEFORE,),
}
"""What somebody meant; the first that fits is offered."""


def misfit(kind: ColumnType, test: Test, label: str) -> Problem | None:
    """Return the problem of a question that a type of value cannot answer, None where it can."""
    fitting = [op for op in Op if op in FITTING[kind]]
    if test.op in fitting:
        return None
    near = next((op for op in _COUNTERPARTS.get(test.op, ()) if op in fitting), None)
    message = f"{label} is {literals.NOUNS[kind]}; {test.op} cannot be asked of it"
    return Problem(test.place, "operator-misfit", message, f"did you mean {near.value!r}?" if near else f"it can be asked: {', '.join(fitting)}")
