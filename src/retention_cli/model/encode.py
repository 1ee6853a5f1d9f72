"""Conditions and programs as JSON values and back: how a revision is pinned in the ledger.

Every dataclass becomes an object with its class name under `_`; what is not compared (places, paths) and what has its
default is left out, so that the text is the same for the same meaning.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from retention_cli.model import condition, question
from retention_cli.model.duration import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "_"
_NUMBER = "Decimal"

_CONDITIONS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *condition.CONDITION_TYPES,
        *(question.Test, question.Yardstick, condition.Since, condition.Follow, condition.EventsLike, condition.EventQuery, condition.Regularly),
        Duration,
    )
}
_ENUMS: dict[tuple[str, str], type[Enum]] = {
    ("Test", "op"): question.Op,
    ("Yardstick", "measure"): question.Measure,
    ("Total", "fold"): condition.Fold,
}


def encode(value: Any) -> Any:
    """Return a JSON value for a frozen dataclass, a tuple of them, or a scalar."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            KIND: type(value).__name__,
            **{field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value) if _says(value, field)},
        }
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Decimal):
        return {KIND: _NUMBER, "text": format(value, "f")}
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, str) else value


def _says(value: Any, field: dataclasses.Field[Any]) -> bool:
    return field.compare and getattr(value, field.name) != field.default


def decode(value: Any, more: Mapping[str, type], enums: Mapping[tuple[str, str], type[Enum]] = {}) -> Any:
    """Return what `encode` was given; `more` names further dataclasses, `enums` their enum fields."""
    if isinstance(value, list):
        return tuple(decode(item, more, enums) for item in value)
    if not isinstance(value, dict):
        return value
    kind = value[KIND]
    if kind == _NUMBER:
        return Decimal(value["text"])
    known = {**_ENUMS, **enums}
    fields = {name: decode(item, more, enums) for name, item in value.items() if name != KIND}
    fields = {name: known[kind, name](item) if (kind, name) in known else item for name, item in fields.items()}
    return {**_CONDITIONS, **more}[kind](**fields)
