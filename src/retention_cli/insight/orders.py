"""The orders as insights read them: a row an order up to as_of, with its day by the shop's clock, under a name of our own.

The statements in queries/ are written over `orders_seen` (customer_id, at, day, total) and `bought` (kind, customer_id, day),
whatever the shop's sources and columns are called; here those two are made from the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.purchases import AT, SEEN, TOTAL, from_orders
from retention_cli.compile.rows import RowScope
from retention_cli.compile.scans import Scans, over_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.statements import tree
from retention_cli.errors import UsageError
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.engine.base import Engine, Row

QUERIES = "retention_cli.insight.queries"
BOUGHT = "bought"


@dataclass(frozen=True, slots=True)
class Orders:
    """All orders up to a moment, in an engine that sees the snapshots."""

    engine: Engine
    schema: Schema
    moment: Moment

    @property
    def tables(self) -> tuple[EventTable, ...]:
        """Where the orders stand; raise UsageError where no source gives them."""
        tables = self.schema.tables_of("order")
        if not tables:
            raise UsageError("no source gives the event order", "name the orders' event: `event: order`")
        return tables

    def ask(self, name: str, values: Mapping[str, sql.Value] | None = None, *, through: str | None = None, by: str | None = None) -> list[Row]:
        """Run a named statement over `orders_seen`. It reads the statement `through` like a table of that name.

        `bought` is there for who reads it: by the column `by`, else everything as one kind.
        """
        scans = Scans(self.schema, self.moment, sql.Values())
        asked = tree(QUERIES, name)
        bought = tree(QUERIES, "everything").copy() if by is None else self._bought(scans, by)
        ctes: list[tuple[str, exp.Query]] = [(SEEN, self._orders(scans)), (BOUGHT, bought)]
        if through is not None:
            ctes.append((through, tree(QUERIES, through).copy()))
        query = sql.finished(over_ctes(asked, ctes), sql.Values({**scans.values.by_name, **(values or {})}))
        return self.engine.run(query.sql, query.values)

    def _orders(self, scans: Scans) -> exp.Select:
        day = sql.aliased(self.moment.local_day(sql.col(AT), scans.values), "day")
        return from_orders(scans, self.tables).select(sql.col(CUSTOMER), sql.col(AT), day, sql.col(TOTAL), copy=False)

    def _bought(self, scans: Scans, by: str) -> exp.Query:
        tables = self._reaching(by)
        if not tables:
            known = sorted({name for table in self._lines() for name in RowScope(self.schema, table.source).names()})
            raise UsageError(f"neither orders nor their lines have a column {by!r}", did_you_mean(by, known))
        whole: exp.Query = self._kinds(scans, tables[0], by)
        for table in tables[1:]:
            whole = exp.Union(this=whole, expression=self._kinds(scans, table, by), distinct=False)
        return whole

    def _kinds(self, scans: Scans, table: EventTable, by: str) -> exp.Select:
        scope = RowScope(self.schema, table.source)
        found = scope.find(by)
        select = scans.from_events(table.source, scope.joined)
        if table.column is not None:
            select = select.where(scans.named(table.source, {table.event}), copy=False)
        day = self.moment.local_day(sql.col(self.schema.time(table.source) or "", table.source), scans.values)
        kind = exp.cast(found.expression if found else exp.Null(), "varchar", dialect=sql.DIALECT)
        return select.select(sql.aliased(kind, "kind"), sql.aliased(day, "day"), copy=False)

    def has(self, column: str) -> bool:
        """Whether an order, or a line of one, has a column in reach."""
        return bool(self._reaching(column))

    def _reaching(self, column: str) -> list[EventTable]:
        """Return what to read a column of: the lines of each table of orders that reach it, else those orders."""
        found: list[EventTable] = []
        for order in self.tables:
            tables = [table for table in (*self._lines_of(order), order) if RowScope(self.schema, table.source).find(column) is not None]
            found += [table for table in tables if table is not order] or tables
        return found

    def _lines(self) -> list[EventTable]:
        """Return the tables of order lines, each behind it the orders themselves."""
        return [table for order in self.tables for table in (*self._lines_of(order), order)]

    def _lines_of(self, order: EventTable) -> list[EventTable]:
        """Return the tables whose rows are lines of these orders; of a table with several events the first stands for it."""
        first: dict[str, EventTable] = {}
        for table in (table for tables in self.schema.events.values() for table in tables):
            first.setdefault(table.source, table)
        return [table for source, table in first.items() if self.schema.parent(source) == order.source]
