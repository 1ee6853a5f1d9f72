"""What a user wrote for a value, read by the type of the field that it meets; text that does not fit is None."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from retention_cli.compile import periods
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.sql import Value

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,38}(\.\d{0,38})?|\.\d{1,38})([eE][+-]?\d{1,2})?", re.ASCII)
_MOST_DIGITS = 38


def read(text: str, kind: ColumnType, moment: Moment) -> Value:
    """Return the value that the text stands for, None where it is of another type."""
    return _READERS[kind](text.strip() if kind is not ColumnType.TEXT else str(text), moment)


def _integer(text: str, moment: Moment) -> int | Decimal | None:
    """Read a whole number; a fraction may be compared with one, too."""
    return int(text) if _WHOLE.fullmatch(text) else _decimal(text, moment)


def _decimal(text: str, _moment: Moment) -> Decimal | None:
    """Read what an engine's decimals can hold: no more than 38 digits, written out rather than as a power of ten."""
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, fraction = format(Decimal(text), "f").lstrip("+-").partition(".")
    return Decimal(format(Decimal(text), "f")) if len(whole.lstrip("0")) + len(fraction) <= _MOST_DIGITS else None


def _boolean(text: str, _: Moment) -> bool | None:
    return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower())


_READERS: dict[ColumnType, Callable[[str, Moment], Value]] = {
    ColumnType.TEXT: lambda text, _: text,
    ColumnType.INTEGER: _integer,
    ColumnType.DECIMAL: _decimal,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: periods.day,
    ColumnType.TIME: lambda text, moment: moment.read_time(text),
}

NOUNS = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "a whole number",
    ColumnType.DECIMAL: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATE: "a date",
    ColumnType.TIME: "a time",
    ColumnType.LIST: "a list",
}
"""What a value of a type is called."""

HINTS = {
    ColumnType.INTEGER: "write it like 1250",
    ColumnType.DECIMAL: "write it like 1250.50",
    ColumnType.BOOLEAN: "write true or false",
    ColumnType.DATE: "write it like 2026-01-31 or 50 days ago",
    ColumnType.TIME: "write it like 2026-01-31T09:00",
}
"""How a value of a type is written."""
