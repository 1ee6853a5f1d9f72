"""Contexts: what one message needs of one person, frozen at plan as JSON text, read back at the claim.

Only plain values come out: text, whole numbers, decimals, dates, times, booleans, lists, mappings. A fraction is always
a Decimal, as written; a date or time stays ISO text unless `types` names it. What no message may carry (controls, half
characters) is dropped from texts here, once, so that no later step has to.
"""

from __future__ import annotations

import json
import re
import zlib
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retention_cli.model.source import ColumnType

Context = dict[str, object]

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffd\ufffe\uffff\ud800-\udfff]")
_RAW = "[\x7f-\x9f\u2028\u2029\ufeff\ufffd\ufffe\uffff\ud800-\udfff]"
_SUSPECT = re.compile(_RAW + r"|\\u(?:00[0-1789]|d[89a-f]|202[89]|fe|ff)|\\[bf]", re.IGNORECASE)

# By the words of ColumnType, whose module is a third of what a rendering process would have to load.
_READ: dict[str, Callable[[str], object]] = {"date": date.fromisoformat, "time": datetime.fromisoformat, "decimal": Decimal}


def decode(text: str, types: Mapping[str, ColumnType] | None = None) -> Context:
    """Return the context in JSON `text`; `types` names by path (`customer.birthday`) which texts are dates, times or decimals.

    Raises RenderFailed where the text is no JSON object or a value is not of its type; the sentence shows no value.
    """
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RenderFailed("the frozen context of a message cannot be read") from error
    if not isinstance(found, dict):
        raise RenderFailed("the frozen context of a message is not an object")
    context = cleaned(found) if _SUSPECT.search(text) else found
    for path, kind in (types or {}).items():
        _settle(context, path, kind)
    return context


def cleaned(context: Context) -> Context:
    """Return a copy of `context` whose texts hold nothing that a message may not carry."""
    return {_fit(key): _clean(value) for key, value in context.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return _fit(value)
    if isinstance(value, dict):
        return cleaned(value)
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _fit(text: str) -> str:
    return _UNFIT.sub("", text)


def _no_number(_: str) -> None:
    """Read NaN and Infinity as missing: a person can be told neither."""


def _settle(context: Context, path: str, kind: ColumnType) -> None:
    *parents, last = path.split(".")
    holder: object = context
    for parent in parents:
        holder = holder.get(parent) if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or kind not in _READ:
        return
    value = holder.get(last)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        try:
            holder[last] = _READ[kind](str(value))
        except (ValueError, InvalidOperation) as error:
            raise RenderFailed(f"the frozen value of {path} is no {kind}") from error


def pack(texts: Sequence[str]) -> bytes:
    """Return the contexts of several messages as one compressed chunk, in order."""
    return zlib.compress("\n".join(texts).encode(), level=1)


def unpack(body: bytes) -> list[str]:
    """Return the contexts of a chunk; JSON text has no line breaks of its own. Raises RenderFailed where it cannot be read."""
    try:
        return zlib.decompress(body).decode().split("\n")
    except (zlib.error, UnicodeDecodeError) as error:
        raise RenderFailed("the frozen contexts of some messages cannot be read") from error
