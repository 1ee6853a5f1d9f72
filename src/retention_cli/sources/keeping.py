"""From `raw` to the rows that are a source's own: the view `kept`, with final values, one row a key.

Rows that `where:` does not name are marked and passed over, before keys are compared. Of rows with one key the last holds.
A visitor whom `identities` knows is the customer, and a customer who is one is nobody else; money in another currency becomes the shop's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.model.source import CUSTOMERS, IDENTITIES, VISITOR, Column, ColumnType, EventColumn
from retention_cli.sources import convert, money
from retention_cli.sources.exclude import row_sql
from retention_cli.sources.layout import with_type
from retention_cli.sources.naming import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.source import Source
    from retention_cli.sources.catalogue import Stored
    from retention_cli.sources.layout import Layout
    from retention_cli.sources.lending import Lender

PASSED_OVER = "-"
"""What `raw.bad` holds for a row that is not of this source."""

OTHERS, MERGED, REPEATED = "passed over", "of a customer who is another one by identities", "repeated"


@dataclass(frozen=True, slots=True)
class Shaping:
    """One source's rows on their way into a snapshot. `home` is the shop's currency."""

    name: str
    source: Source
    layout: Layout
    settled: tuple[Column, ...]
    lenders: tuple[Lender, ...]
    identities: Stored | None
    is_parent: bool
    zone: ZoneInfo
    home: str

    @property
    def parent(self) -> Lender | None:
        """The source whose rows these are parts of."""
        return next((lender for lender in self.lenders if lender.is_parent), None)

    @property
    def lent(self) -> tuple[Column, ...]:
        """The columns that come from others."""
        return tuple(column for lender in self.lenders for column in lender.lent)

    @property
    def own(self) -> tuple[Column, ...]:
        """The file's columns that stay: a column that another lends is the other's."""
        taken = {column.name.casefold() for column in self.lent}
        return tuple(column for column in self.settled if column.name.casefold() not in taken)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The snapshot's columns."""
        return (*self.own, *self.lent)

    @property
    def time(self) -> str | None:
        """The snapshot's time column."""
        parent = self.parent
        return self.layout.roles.time or next((column.name for column in (parent.lent if parent else ()) if column.type is ColumnType.TIME), None)

    @property
    def order(self) -> tuple[str, ...]:
        """By what the snapshot is sorted."""
        by_customer = any(column.name == CUSTOMER for column in self.columns)
        wanted = (CUSTOMER, self.time) if by_customer else (self.layout.roles.key,)
        return tuple(name for name in wanted if name is not None)

    @property
    def code(self) -> Sql | None:
        """The column of currencies among the values, None where the source names none."""
        if self.source.currency is None:
            return None
        written = str(self.source.currency.column)
        return next((identifier(column.name) for column in self.settled if written in (column.name, column.origin)), None)


def keep(engine: DuckEngine, shaping: Shaping) -> Mapping[str, int]:
    """Make the view `kept`; return how many rows were passed over, were merged, and gave way to a later one of their key."""
    passed, merged = _pass_over(engine, shaping), _pass_merged(engine, shaping)
    repeated = _keep_last(engine, shaping)
    engine.execute(_kept(shaping, engine, only_last=bool(repeated)))
    return {OTHERS: passed, MERGED: merged, REPEATED: repeated}


def others_too(identities: Stored) -> Sql:
    """Return the query of the ids that are another customer's."""
    return fill("SELECT visitor_id FROM read_parquet({path}) WHERE visitor_id <> customer_id", path=literal(identities.snapshot.path))


def _pass_merged(engine: DuckEngine, shaping: Shaping) -> int:
    """Mark the rows of customers who are another customer by `identities`: what they do is that one's, and they are nobody else."""
    key = shaping.layout.roles.key
    if shaping.identities is None or shaping.name != CUSTOMERS or key is None:
        return 0
    template = "UPDATE raw SET bad = {mark} WHERE bad IS NULL AND {key} IN ({others})"
    query = fill(template, mark=literal(PASSED_OVER), key=fill("v{n}", n=shaping.layout.at(key)), others=others_too(shaping.identities))
    return int(engine.run(query)[0][0])


def _pass_over(engine: DuckEngine, shaping: Shaping) -> int:
    """Mark the rows that `where:` does not name; one that lacks a value may be among them, one that does not fit never is."""
    if shaping.source.where is None:
        return 0
    values = joined(fill("{value} AS {name}", value=_final(shaping, n), name=identifier(column.name)) for n, column in enumerate(shaping.settled))
    query = fill(
        "UPDATE raw SET bad = {mark} WHERE rowid IN (SELECT row FROM (SELECT rowid AS row, {values} FROM raw "
        "WHERE bad IS NULL OR NOT contains(bad, ':')) AS {source} WHERE NOT ({mine}))",
        mark=literal(PASSED_OVER),
        values=values,
        source=identifier(shaping.name),
        mine=row_sql("where", shaping.source.where, shaping.name, shaping.settled, shaping.zone),
    )
    return int(engine.run(query)[0][0])


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


def _kept(shaping: Shaping, engine: DuckEngine, *, only_last: bool) -> Sql:
    known = _known_visitors(shaping, engine)
    values = [
        fill("{value} AS {name}", value=_converted(shaping, n, known=known is not None), name=identifier(column.name))
        for n, column in enumerate(shaping.settled)
    ]
    last = Sql(" AND raw.rowid IN (SELECT place FROM latest)" if only_last else "")
    return fill(
        "CREATE OR REPLACE VIEW kept AS SELECT {values} FROM raw{known} WHERE bad IS NULL{last}",
        values=joined(values),
        known=known or Sql(""),
        last=last,
    )


def _known_visitors(shaping: Shaping, engine: DuckEngine) -> Sql | None:
    """Return a join of the customers of known visitors, by the row's customer or else its visitor; None where there are none."""
    names = [column.name for column in shaping.settled]
    if shaping.identities is None or shaping.name in (IDENTITIES, CUSTOMERS) or CUSTOMER not in names:
        return None
    path = literal(shaping.identities.snapshot.path)
    engine.execute(fill("CREATE OR REPLACE VIEW known AS SELECT visitor_id AS visitor, customer_id AS known FROM read_parquet({path})", path=path))
    sides = [fill("v{n}", n=names.index(name)) for name in (CUSTOMER, VISITOR) if name in names]
    return fill(" LEFT JOIN known ON known.visitor = COALESCE({sides})", sides=joined(sides))


def _converted(shaping: Shaping, n: int, *, known: bool) -> Sql:
    column, value = shaping.settled[n], _final(shaping, n)
    if known and column.name == CUSTOMER:
        return fill("COALESCE(known.known, {value})", value=value)
    if shaping.source.currency is None or not money.is_money(column) or shaping.code is None:
        return value
    code = next(_final(shaping, m) for m, other in enumerate(shaping.settled) if identifier(other.name) == shaping.code)
    return money.in_the_shops(value, column, code, shaping.source.currency)


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
