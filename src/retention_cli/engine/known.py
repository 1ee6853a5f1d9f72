"""What a session knows of its small tables without asking: which are empty, and which rows it has put into them.

It only saves the asking. What a statement writes to is forgotten at once, and all where it is not plain what that is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.engine.base import Row

_COMMENTS = r"(?:--[^\n]*\n|\s)*"
_QUESTION = re.compile(_COMMENTS + r"(?:(?:SELECT|WITH|DESCRIBE|EXPLAIN|SET|PRAGMA)\b|COPY \()")
_HEAD = re.compile(_COMMENTS)
_WRITES = re.compile(
    _COMMENTS + r"""(?:CREATE OR REPLACE TABLE|INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?([A-Za-z_][A-Za-z0-9_]*)"?(?:\s.*)?""", re.DOTALL
)
_FEW = 1_000
"""Rows of larger tables are not held on to."""


class Known:
    """The tables of one session."""

    def __init__(self) -> None:
        self._empty: set[str] = set()
        self._rows: dict[str, tuple[dict[str, str], list[Row]]] = {}

    def changed_by(self, sql: str) -> None:
        """Forget the table that a statement writes to."""
        if _QUESTION.match(sql):
            return
        written = [_WRITES.fullmatch(part) for part in _in_parts(sql)]
        for table in [found[1] for found in written if found] if all(written) else list(self._empty | self._rows.keys()):
            self._empty.discard(table)
            self._rows.pop(table, None)

    def learn(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """A table has just been made of these columns and rows."""
        if not rows:
            self._empty.add(table)
        if len(rows) <= _FEW:
            self._rows[table] = (dict(columns), list(rows))

    def learn_empty(self, table: str) -> None:
        """A table has no row now."""
        self._empty.add(table)

    def is_empty(self, table: str) -> bool:
        """Whether a table is known to have no row."""
        return table in self._empty

    def holds(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> bool:
        """Whether a table is known to be made of just these columns and rows."""
        held = self._rows.get(table)
        return held is not None and len(held[1]) == len(rows) and held == (dict(columns), list(rows)) and list(held[0]) == list(columns)


def _in_parts(sql: str) -> list[str]:
    """Return a text's statements: one with a semicolon of its own falls into parts that no table can be read from."""
    head = _HEAD.match(sql)
    return sql[head.end() if head else 0 :].split(";")
