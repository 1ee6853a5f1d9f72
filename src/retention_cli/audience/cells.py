"""A value as a cell: plain for programs, and harmless for spreadsheets, which run what looks like a formula.

A text that begins with one of `= + - @`, their full-width forms, a tab or a line end is run or cut by a spreadsheet; so is a
part of one behind `;`, a tab or a line end, for a spreadsheet of a country with a decimal comma splits a CSV there. Each gets
an apostrophe before it (OWASP, CSV Injection). A text that is nothing but a negative number stays: no spreadsheet runs
that, and an id of `-123` with an apostrophe would be somebody else's.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_RUN = re.compile(rf"\A(?=[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])(?=[{_SIGNS}])")
_NEGATIVE = re.compile(r"-[0-9]+(\.[0-9]+)?", re.ASCII)
BETWEEN = "|"
"""What stands between the elements of a list in a cell."""


def plain(value: Any) -> Any:
    """Return what JSON and CSV hold of a value: times as RFC 3339 in UTC, decimals as numbers."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def cell(value: Any) -> Any:
    """Return what stands in a CSV for a value: a list as its elements with a bar between, true and false as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return BETWEEN.join(str(cell(each)) for each in value)
    if isinstance(value, datetime | date):
        return plain(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def harmless(value: Any) -> Any:
    """Return the same for a spreadsheet: nothing that it would run. Numbers stay numbers."""
    found = cell(value)
    if not isinstance(found, str) or isinstance(value, Decimal) or _NEGATIVE.fullmatch(found):
        return found
    return _RUN.sub("'", found)
