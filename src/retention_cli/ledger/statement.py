"""Fixed SQL: one statement a file, named for what it does.

The files hold what SQLite and PostgreSQL share. Where they differ there is `NAME.sqlite.sql` beside `NAME.postgresql.sql`,
or one of two small marks: a comment `/*+postgresql … */` is opened there, and `json_each(:rows) AS w`, a JSON array as
rows of one column `value`, takes its name from that database.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from sqlalchemy import TextClause

_FOLDER = files("retention_cli.ledger") / "statements"
_OPENED = re.compile(r"/\*\+postgresql (.*?)\*/")
_EACH = re.compile(r"json_each\(:(\w+)\) AS (\w+)")
_LISTS = re.compile(r"\bIN :(\w+)")


@cache
def statement(name: str, dialect: str) -> TextClause:
    """Return the statement `name` for a dialect; a parameter after IN takes a list."""
    own = _FOLDER / f"{name}.{dialect}.sql"
    sql = (own if own.is_file() else _FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    if dialect == "postgresql":
        sql = _EACH.sub(r"json_array_elements(CAST(:\1 AS JSON)) AS \2 (value)", _OPENED.sub(r"\1", sql))
    return text(sql).bindparams(*(bindparam(found, expanding=True) for found in _LISTS.findall(sql)))
