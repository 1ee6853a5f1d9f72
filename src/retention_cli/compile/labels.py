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
    return sql.slug(*query.events, *more, *_asked(query.where), *windows(query))


def windows(query: EventQuery) -> list[str]:
    """Return the words for when the events are, and which of them counts."""
    found = [("within", query.within), ("older than", query.older_than), ("since", query.since and (query.since.text or "entry"))]
    found += [("during", query.during), ("number", query.nth)]
    return [f"{word} {length}" for word, length in found if length]


def sequence_called(query: EventQuery) -> str:
    """Return a name for the events that a query counts, and that others follow them or do not."""
    return called(query, *(["not followed"] if query.not_followed_by else ["followed"] if query.followed_by else []))


def _asked(where: Condition | None) -> Iterator[str]:
    for node in walk(where) if where is not None else ():
        if isinstance(node, FieldTest):
            yield node.field.rpartition(".")[2]
            for test in node.tests:
                yield " ".join(("" if test.op in _UNSAID else str(test.op), *test.values[:2]))
