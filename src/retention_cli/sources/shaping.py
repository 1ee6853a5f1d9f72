"""From the rows that were read to the rows of a snapshot: one row a key, no row without its customer, sorted.

Events lie by customer and time, facts and customers by customer, dimensions by key. A child takes the customer and the
time of its parent's row; rows that have no place are counted by why, never dropped in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.sources import money
from retention_cli.sources.addresses import EMAIL, odd_addresses
from retention_cli.sources.catalogue import DATA, LEFT_OUT
from retention_cli.sources.exclude import row_sql
from retention_cli.sources.keeping import OTHERS, REPEATED, keep
from retention_cli.sources.naming import CUSTOMER
from retention_cli.sources.reading import BITS
from retention_cli.text import plural

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.source import Column
    from retention_cli.sources.keeping import Shaping
    from retention_cli.sources.lending import Lender

NO_CUSTOMER, EXCLUDED, PARENT_LEFT_OUT, NO_PARENT = "without a customer", "excluded", "of rows left out", "without a parent"
_UNSAID = (EXCLUDED, PARENT_LEFT_OUT, OTHERS)


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
    passed = keep(engine, shaping)
    unwanted = _unwanted(shaping)
    if shaping.source.currency is not None and shaping.code is not None:
        money.refuse_unknown(engine, shaping.name, _wanted_rows(shaping, unwanted), shaping.code, currency=shaping.source.currency, home=shaping.home)
    total, no_customer, excluded, newest = engine.run(_counting(shaping, unwanted))[0]
    rows = _write(engine, shaping, unwanted, folder)
    if shaping.is_parent and no_customer + excluded:
        _write_left_out(engine, shaping, unwanted, folder)
    left_out = {**passed, NO_CUSTOMER: no_customer, EXCLUDED: excluded}
    left_out |= _orphans(engine, shaping, unwanted, total - no_customer - excluded - rows)
    newest = newest if shaping.layout.roles.time else _newest(engine, shaping, folder)
    counted = {reason: count for reason, count in left_out.items() if count}
    return Shaped(rows, newest, _events(engine, shaping, folder), counted, tuple(_warnings(engine, shaping, counted)))


def _unwanted(shaping: Shaping) -> tuple[Sql, Sql]:
    """Return when a row has no customer, and when it is excluded; over a table named for the source."""
    no_customer = Sql("false")
    if shaping.layout.roles.customer is not None and shaping.layout.roles.key != CUSTOMER:
        no_customer = fill("{customer} IS NULL", customer=identifier(CUSTOMER))
    if shaping.source.exclude is None:
        return no_customer, Sql("false")
    return no_customer, row_sql("exclude", shaping.source.exclude, shaping.name, shaping.settled, shaping.zone)


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
    columns = [_own(shaping, column) for column in shaping.own]
    columns += [piece for number, lender in enumerate(shaping.lenders) for piece in lender.columns(number)]
    is_ordered = shaping.parent is not None and shaping.parent.is_ordered
    order = Sql("l0.place") if is_ordered else joined(identifier(name) for name in shaping.order)
    query = fill(
        "SELECT {columns} FROM {rows} k{joins}{order}",
        columns=joined(columns),
        rows=_wanted_rows(shaping, unwanted),
        joins=joined((lender.join(number) for number, lender in enumerate(shaping.lenders)), ""),
        order=fill(" ORDER BY {order}", order=order) if order else Sql(""),
    )
    return copy_to(engine, query, folder / DATA)


def _own(shaping: Shaping, column: Column) -> Sql:
    """Return a column of the rows; money of a child is in its parent's currency."""
    value, parent = fill("k.{name}", name=identifier(column.name)), shaping.parent
    if parent is None or parent.currency is None or not money.is_money(column):
        return value
    return fill("{value} AS {name}", value=money.in_the_shops(value, column, Sql("l0.code"), parent.currency), name=identifier(column.name))


def copy_to(engine: DuckEngine, query: Sql, path: Path) -> int:
    """Write a query's rows as Parquet; return how many there are."""
    found = engine.run(fill("COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)", query=query, path=literal(str(path))))
    return int(found[0][0])


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
    said = {REPEATED: f"repeated by a later one with the same {shaping.layout.roles.key}, which holds"}
    found = [f"{plural(count, 'row')} {said.get(reason, reason)}" for reason, count in left_out.items() if reason not in _UNSAID]
    dropped = [column.name for column in shaping.settled if column not in shaping.own]
    found += [f"column {name!r} is taken from {shaping.parent.name}, not from the file" for name in dropped if shaping.parent]
    found += [said for lender in shaping.lenders if not lender.is_parent for said in _strangers(engine, shaping, lender)]
    return [*found, *_rounded(engine, shaping), *(odd_addresses(engine) if shaping.name == CUSTOMERS and _has_email(shaping) else ())]


def _has_email(shaping: Shaping) -> bool:
    return any(column.name == EMAIL and column.type is ColumnType.TEXT for column in shaping.settled)


def _strangers(engine: DuckEngine, shaping: Shaping, lender: Lender) -> list[str]:
    """Say how many rows of a source that adds to the customers are of none of them."""
    template = "SELECT count(*) FROM read_parquet({path}) l ANTI JOIN kept k ON k.{own} = l.{key}"
    query = fill(template, path=literal(lender.stored.snapshot.path), own=identifier(lender.own_key), key=identifier(lender.key))
    count = int(engine.run(query)[0][0])
    return [f"{plural(count, 'row')} of {lender.name} of nobody in {shaping.name}"] if count else []


def _rounded(engine: DuckEngine, shaping: Shaping) -> list[str]:
    decimals = [(n, column) for n, column in enumerate(shaping.layout.columns) if column.type is ColumnType.DECIMAL and n < BITS]
    if not decimals:
        return []
    sums = joined(fill("COALESCE(sum((rounded >> {n}) & 1), 0)", n=n) for n, _ in decimals)
    counts = engine.run(fill("SELECT {sums} FROM raw WHERE bad IS NULL AND rounded > 0", sums=sums))[0]
    pairs = [(column, shaping.settled[n].scale, int(count)) for (n, column), count in zip(decimals, counts, strict=True) if count]
    return [f"{plural(count, 'value')} of {column.name!r} rounded half to even, to {plural(scale, 'digit')}" for column, scale, count in pairs]
