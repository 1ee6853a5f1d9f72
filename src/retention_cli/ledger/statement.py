"""Fixed SQL: one statement a file, named for what it does.

The files hold what SQLite and PostgreSQL share. Where they differ there is `NAME.sqlite.sql` beside `NAME.postgresql.sql`,
or one of two small marks: a comment `/*+postgresql … */` is opened there, and `json_each(:rows) AS w`, a JSON array as
rows of one column `value`, takes its name from that database.

SQLite is asked through its driver, where a list is handed over as JSON too: through SQLAlchemy a statement costs four
times as much, and senders mark message after message.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, TextClause

_FOLDER = files("retention_cli.ledger") / "statements"
_OPENED = re.compile(r"/\*\+postgresql (.*?)\*/")
_EACH = re.compile(r"json_each\(:(\w+)\) AS (\w+)")
_LISTS = re.compile(r"\bIN :(\w+)")


def rows(connection: Connection, name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of the named query."""
    if connection.dialect.name == "sqlite":
        return list(_sqlite(connection, name, values))
    return [tuple(row) for row in connection.execute(statement(name, connection.dialect.name), values)]


def run(connection: Connection, name: str, values: Mapping[str, Any]) -> int:
    """Execute the named statement; return how many rows it touched."""
    if connection.dialect.name == "sqlite":
        touched: int = _sqlite(connection, name, values).rowcount
        return touched
    return connection.execute(statement(name, connection.dialect.name), values).rowcount


@cache
def statement(name: str, dialect: str) -> TextClause:
    """Return the statement `name` for a dialect; a parameter after IN takes a list."""
    sql = _read(name, dialect)
    if dialect == "postgresql":
        sql = _EACH.sub(r"json_array_elements(CAST(:\1 AS JSON)) AS \2 (value)", _OPENED.sub(r"\1", sql))
    return text(sql).bindparams(*(bindparam(found, expanding=True) for found in _LISTS.findall(sql)))


def _sqlite(connection: Connection, name: str, values: Mapping[str, Any]) -> Any:
    sql, lists = _for_driver(name)
    cursor: Any = connection.connection.cursor()
    return cursor.execute(sql, {key: json.dumps(list(value)) if key in lists else value for key, value in values.items()})


@cache
def _for_driver(name: str) -> tuple[str, frozenset[str]]:
    sql = _read(name, "sqlite")
    return _LISTS.sub(r"IN (SELECT value FROM json_each(:\1))", sql), frozenset(_LISTS.findall(sql))


def _read(name: str, dialect: str) -> str:
    own = _FOLDER / f"{name}.{dialect}.sql"
    return (own if own.is_file() else _FOLDER / f"{name}.sql").read_text(encoding="utf-8")
