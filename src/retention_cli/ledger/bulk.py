"""Many rows at once, by what each driver does best: executemany into SQLite, COPY into PostgreSQL."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows inside the transaction of `connection`. Names are this package's own, values are bound.

    What is missing in every row is left to the database: SQLite's driver takes three times as long for None as for a text.
    """
    rows = list(rows)
    kept = [n for n in range(len(columns)) if any(row[n] is not None for row in rows)]
    if not rows or not kept:
        return
    if len(kept) < len(columns):
        columns, rows = [columns[n] for n in kept], map(itemgetter(*kept), rows) if len(kept) > 1 else ((row[kept[0]],) for row in rows)
    _write(connection, table, columns, rows)


def _write(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names = ", ".join(columns)
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)  # noqa: S608 - as said
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    finally:
        cursor.close()
