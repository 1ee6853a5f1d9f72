"""What features are called in the plan, so that a person finds the condition again: `count_buy_item_brand_apple_within_1_year`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile import sql
from retention_cli.model.condition import FieldTest, walk
from retention_cli.model.question import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.condition import Condition, EventQuery

_UNSAID = (Op.IS, Op.IN)


def called(query: EventQuery, *more: str) -> str:
    """Return a name for the events that a query counts; further words go behind the events."""
    windows = [("within", query.within), ("older than", query.older_than), ("since", query.since and (query.since.text or "entry"))]
    windows += [("during", query.during), ("number", query.nth)]
    return sql.slug(*query.events, *more, *_asked(query.where), *(f"{word} {length}" for word, length in windows if length))


def _asked(where: Condition | None) -> Iterator[str]:
    for node in walk(where) if where is not None else ():
        if isinstance(node, FieldTest):
            yield node.field.rpartition(".")[2]
            for test in node.tests:
                yield " ".join(("" if test.op in _UNSAID else str(test.op), *test.values[:2]))
