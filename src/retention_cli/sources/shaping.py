"""From the rows that were read to the rows of a snapshot: one row a key, no row without its customer, sorted.

Events lie by customer and time, facts and customers by customer, dimensions by key. A child takes the customer and the
time of its parent's row; rows that have no place are counted by why, never dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.model.source import Column, ColumnType, EventColumn
from retention_cli.sources import convert
from retention_cli.sources.catalogue import DATA, LEFT_OUT
from retention_cli.sources.exclude import excluded_rows
from retention_cli.sources.layout import CUSTOMER, with_type
from retention_cli.sources.staging import BITS
from retention_cli.text import plural

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.source import Source
    from retention_cli.sources.catalogue import Stored
    from retention_cli.sources.layout import Layout

NO_CUSTOMER, EXCLUDED, REPEATED, PARENT_LEFT_OUT, NO_PARENT = "without a customer", "excluded", "repeated", "of rows left out", "without a parent"


@dataclass(frozen=True, slots=True)
class Parent:
    """What a child borrows: the parent's key column in the child, and the columns that it takes over."""

    name: str
    key: str
    own_key: str
    lent: tuple[Column, ...]
    stored: Stored


@dataclass(frozen=True, slots=True)
class Shaping:
    """One source's rows on their way into a snapshot."""

    name: str
    source: Source
    layout: Layout
    settled: tuple[Column, ...]
    parent: Parent | None
    is_parent: bool
    zone: ZoneInfo

    @property
    def lent(self) -> tuple[Column, ...]:
        """The columns that come from the parent."""
        return self.parent.lent if self.parent else ()

    @property
    def own(self) -> tuple[Column, ...]:
        """The file's columns that stay: a column that the parent lends is the parent's."""
        taken = {column.name.casefold() for column in self.lent}
        return tuple(column for column in self.settled if column.name.casefold() not in taken)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The snapshot's columns."""
        return (*self.own, *self.lent)

    @property
    def time(self) -> str | None:
        """The snapshot's time column."""
        return self.layout.roles.time or next((column.name for column in self.lent if column.type is ColumnType.TIME), None)

    @property
    def order(self) -> tuple[str, ...]:
        """By what the snapshot is sorted."""
        by_customer = any(column.name == CUSTOMER for column in self.columns)
        wanted = (CUSTOMER, self.time) if by_customer else (self.layout.roles.key,)
        return tuple(name for name in wanted if name is not None)


@dataclass(frozen=True, slots=True)
class Shaped:
    """What became of the rows."""

    rows: int
    newest: datetime | None
    events: tuple[str, ...] | None
    left_out: dict[str, int]
    warnings: tuple[str, ...]


def shape(engine: DuckEngine, shaping: Shaping, folder: Path) -> Shaped:
    """Write the snapshot's Parquet into `folder` from `raw`."""
    repeated = _keep_last(engine, shaping)
    engine.execute(_kept(shaping, only_last=bool(repeated)))
    unwanted = _unwanted(shaping)
    total, no_customer, excluded, newest = engine.run(_counting(shaping, unwanted))[0]
    rows = _write(engine, shaping, unwanted, folder)
    if shaping.is_parent and no_customer + excluded:
        _write_left_out(engine, shaping, unwanted, folder)
    left_out = {REPEATED: repeated, NO_CUSTOMER: no_customer, EXCLUDED: excluded}
    left_out |= _orphans(engine, shaping, unwanted, total - no_customer - excluded - rows)
    newest = newest if shaping.layout.roles.time else _newest(engine, shaping, folder)
    counted = {reason: count for reason, count in left_out.items() if count}
    return Shaped(rows, newest, _events(engine, shaping, folder), counted, tuple(_warnings(engine, shaping, counted)))


def _keep_last(engine: DuckEngine, shaping: Shaping) -> int:
    """Find the last row of every repeated key; return how many rows give way."""
    key = shaping.layout.roles.key
    if key is None:
        return 0
    column = fill("v{n}", n=shaping.layout.at(key))
    hashes = "SELECT count(*), count(DISTINCT hash({key})) FROM raw WHERE bad IS NULL"
    rows, different = engine.run(fill(hashes, key=column))[0]
    if rows == different:
        return 0
    engine.execute(fill("CREATE OR REPLACE TABLE latest AS SELECT max(rowid) AS place FROM raw WHERE bad IS NULL GROUP BY {key}", key=column))
    return int(rows - engine.run("SELECT count(*) FROM latest")[0][0])


def _kept(shaping: Shaping, *, only_last: bool) -> Sql:
    values = joined(fill("{value} AS {name}", value=_final(shaping, n), name=identifier(column.name)) for n, column in enumerate(shaping.settled))
    last = Sql(" AND rowid IN (SELECT place FROM latest)" if only_last else "")
    return fill("CREATE OR REPLACE VIEW kept AS SELECT {values} FROM raw WHERE bad IS NULL{last}", values=values, last=last)


def _final(shaping: Shaping, n: int) -> Sql:
    column, planned = shaping.settled[n], shaping.layout.columns[n]
    raw = fill("v{n}", n=n)
    if planned.type is None:
        return convert.from_text(with_type(planned, column.type, column.scale), raw)
    if column.type is ColumnType.DECIMAL:
        return fill("CAST({raw} AS {type})", raw=raw, type=convert.sql_type(column.type, column.scale))
    names = shaping.source.event.names if isinstance(shaping.source.event, EventColumn) and column.name == shaping.layout.roles.event else {}
    if not names:
        return raw
    cases = joined((fill("WHEN {theirs} THEN {ours}", theirs=literal(theirs), ours=literal(ours)) for theirs, ours in names.items()), " ")
    return fill("CASE {raw} {cases} ELSE {raw} END", raw=raw, cases=cases)


def _unwanted(shaping: Shaping) -> tuple[Sql, Sql]:
    """Return when a row has no customer, and when it is excluded; over a table named for the source."""
    no_customer = Sql("false")
    if shaping.layout.roles.customer is not None and shaping.layout.roles.key != CUSTOMER:
        no_customer = fill("{customer} IS NULL", customer=identifier(CUSTOMER))
    if shaping.source.exclude is None:
        return no_customer, Sql("false")
    return no_customer, excluded_rows(shaping.source.exclude, shaping.name, shaping.settled, shaping.zone)


def _counting(shaping: Shaping, unwanted: tuple[Sql, Sql]) -> Sql:
    no_customer, excluded = unwanted
    time = shaping.layout.roles.time
    return fill(
        "SELECT count(*), count(*) FILTER ({no_customer}), count(*) FILTER (NOT ({no_customer}) AND {excluded}), {newest} FROM kept AS {source}",
        no_customer=no_customer,
        excluded=excluded,
        newest=fill("max({time})", time=identifier(time)) if time else Sql("NULL"),
        source=identifier(shaping.name),
    )


def _wanted_rows(shaping: Shaping, unwanted: tuple[Sql, Sql]) -> Sql:
    no_customer, excluded = unwanted
    template = "(SELECT * FROM kept AS {source} WHERE NOT ({no_customer}) AND NOT ({excluded}))"
    return fill(template, source=identifier(shaping.name), no_customer=no_customer, excluded=excluded)


def _write(engine: DuckEngine, shaping: Shaping, unwanted: tuple[Sql, Sql], folder: Path) -> int:
    columns = [fill("k.{name}", name=identifier(column.name)) for column in shaping.own]
    columns += [fill("p.p{n} AS {name}", n=n, name=identifier(column.name)) for n, column in enumerate(shaping.lent, start=1)]
    order = joined(identifier(name) for name in shaping.order)
    query = fill(
        "SELECT {columns} FROM {rows} k{join}{order}",
        columns=joined(columns),
        rows=_wanted_rows(shaping, unwanted),
        join=_parent_join(shaping.parent) if shaping.parent else Sql(""),
        order=fill(" ORDER BY {order}", order=order) if order else Sql(""),
    )
    return copy_to(engine, query, folder / DATA)


def copy_to(engine: DuckEngine, query: Sql, path: Path) -> int:
    """Write a query's rows as Parquet; return how many there are."""
    found = engine.run(fill("COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd)", query=query, path=literal(str(path))))
    return int(found[0][0])


def _parent_join(parent: Parent) -> Sql:
    lent = [fill("{name} AS p{n}", name=identifier(column.name), n=n) for n, column in enumerate(parent.lent, start=1)]
    return fill(
        " JOIN (SELECT {key} AS p0, {lent} FROM read_parquet({path})) p ON k.{own} = p.p0",
        key=identifier(parent.key),
        lent=joined(lent),
        path=literal(parent.stored.snapshot.path),
        own=identifier(parent.own_key),
    )


def _write_left_out(engine: DuckEngine, shaping: Shaping, unwanted: tuple[Sql, Sql], folder: Path) -> None:
    no_customer, excluded = unwanted
    key = shaping.layout.roles.key
    if key is None:
        return
    template = "SELECT {key} AS key FROM kept AS {source} WHERE ({no_customer}) OR ({excluded})"
    query = fill(template, key=identifier(key), source=identifier(shaping.name), no_customer=no_customer, excluded=excluded)
    copy_to(engine, query, folder / LEFT_OUT)


def _orphans(engine: DuckEngine, shaping: Shaping, unwanted: tuple[Sql, Sql], lost: int) -> dict[str, int]:
    """Tell rows whose parent was left out from rows whose parent was never there."""
    if not lost or shaping.parent is None:
        return {}
    left_out = shaping.parent.stored.folder / LEFT_OUT
    known = 0
    if left_out.exists():
        query = fill(
            "SELECT count(*) FROM {rows} k SEMI JOIN read_parquet({path}) l ON k.{own} = l.key",
            rows=_wanted_rows(shaping, unwanted),
            path=literal(str(left_out)),
            own=identifier(shaping.parent.own_key),
        )
        known = int(engine.run(query)[0][0])
    return {PARENT_LEFT_OUT: known, NO_PARENT: lost - known}


def _newest(engine: DuckEngine, shaping: Shaping, folder: Path) -> datetime | None:
    if shaping.time is None:
        return None
    query = fill("SELECT max({time}) FROM read_parquet({path})", time=identifier(shaping.time), path=literal(str(folder / DATA)))
    newest: datetime | None = engine.run(query)[0][0]
    return newest


def _events(engine: DuckEngine, shaping: Shaping, folder: Path) -> tuple[str, ...] | None:
    event = shaping.layout.roles.event
    if event is None:
        return None if shaping.source.event is None else (str(shaping.source.event),)
    template = "SELECT DISTINCT {event} FROM read_parquet({path}) ORDER BY ALL"
    return tuple(row[0] for row in engine.run(fill(template, event=identifier(event), path=literal(str(folder / DATA)))))


def _warnings(engine: DuckEngine, shaping: Shaping, left_out: dict[str, int]) -> list[str]:
    found = [f"{plural(count, 'row')} {reason}" for reason, count in left_out.items() if reason not in (EXCLUDED, PARENT_LEFT_OUT)]
    if REPEATED in left_out:
        found[0] = f"{plural(left_out[REPEATED], 'row')} repeated by a later one with the same {shaping.layout.roles.key}, which holds"
    dropped = [column.name for column in shaping.settled if column not in shaping.own]
    found += [f"column {name!r} is taken from {shaping.parent.name}, not from the file" for name in dropped if shaping.parent]
    return found + _rounded(engine, shaping)


def _rounded(engine: DuckEngine, shaping: Shaping) -> list[str]:
    decimals = [(n, column) for n, column in enumerate(shaping.layout.columns) if column.type is ColumnType.DECIMAL and n < BITS]
    if not decimals:
        return []
    sums = joined(fill("COALESCE(sum((rounded >> {n}) & 1), 0)", n=n) for n, _ in decimals)
    counts = engine.run(fill("SELECT {sums} FROM raw WHERE bad IS NULL AND rounded > 0", sums=sums))[0]
    pairs = [(column, shaping.settled[n].scale, int(count)) for (n, column), count in zip(decimals, counts, strict=True) if count]
    return [f"{plural(count, 'value')} of {column.name!r} rounded half to even, to {plural(scale, 'digit')}" for column, scale, count in pairs]
