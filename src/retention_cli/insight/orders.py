"""The orders as insights read them: a row an order up to as_of, with its day by the shop's clock, under a name of our own.

The statements in queries/ are written over `orders_seen` (customer_id, at, day, total) and `bought` (kind, customer_id, day),
whatever the shop's sources and columns are called; here those two are made from the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.purchases import TOTAL, everybodys
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
ORDERS, BOUGHT = "orders_seen", "bought"


@dataclass(frozen=True, slots=True)
class Orders:
    """All orders up to a moment, in an engine that sees the snapshots."""

    engine: Engine
    schema: Schema
    moment: Moment

    @property
    def table(self) -> EventTable:
        """Where the orders stand; raise UsageError where no source gives them."""
        tables = self.schema.tables_of("order")
        if not tables:
            raise UsageError("no source gives the event order", "name the orders' event: `event: order`")
        return tables[0]

    @property
    def has_total(self) -> bool:
        """Whether orders say what was paid."""
        return TOTAL in self.schema.columns(self.table.source)

    def ask(self, name: str, values: Mapping[str, sql.Value] | None = None, *, through: str | None = None, by: str | None = None) -> list[Row]:
        """Run a named statement over `orders_seen`. It reads the statement `through` like a table of that name.

        `bought` is there for who reads it: by the column `by`, else everything as one kind.
        """
        scans = Scans(self.schema, self.moment, sql.Values())
        asked = tree(QUERIES, name)
        bought = tree(QUERIES, "everything").copy() if by is None else self._bought(scans, by)
        ctes: list[tuple[str, exp.Query]] = [(ORDERS, self._orders(scans)), (BOUGHT, bought)]
        if through is not None:
            ctes.append((through, tree(QUERIES, through).copy()))
        query = sql.finished(over_ctes(asked, ctes), sql.Values({**scans.values.by_name, **(values or {})}))
        return self.engine.run(query.sql, query.values)

    def _orders(self, scans: Scans) -> exp.Select:
        order = self.table
        at = sql.col(self.schema.time(order.source) or "", order.source)
        total = sql.col(TOTAL, order.source) if self.has_total else exp.cast(exp.Null(), "double", dialect=sql.DIALECT)
        return everybodys(scans, order).select(
            sql.col(CUSTOMER, order.source),
            sql.aliased(at, "at"),
            sql.aliased(self.moment.local_day(at.copy(), scans.values), "day"),
            sql.aliased(total, TOTAL),
            copy=False,
        )

    def _bought(self, scans: Scans, by: str) -> exp.Select:
        scope = RowScope(self.schema, self._with(by).source)
        found = scope.find(by)
        select = scans.from_events(scope.source, scope.joined)
        order = next((table for tables in self.schema.events.values() for table in tables if table.source == scope.source), None)
        if order is not None and order.column is not None:
            select = select.where(scans.named(order.source, {order.event}), copy=False)
        day = self.moment.local_day(sql.col(self.schema.time(scope.source) or "", scope.source), scans.values)
        kind = exp.cast(found.expression if found else exp.Null(), "varchar", dialect=sql.DIALECT)
        return select.select(sql.aliased(kind, "kind"), sql.aliased(day, "day"), copy=False)

    def has(self, column: str) -> bool:
        """Whether an order, or a line of one, has a column in reach."""
        return any(RowScope(self.schema, table.source).find(column) is not None for table in self._lines())

    def _with(self, column: str) -> EventTable:
        for table in self._lines():
            if RowScope(self.schema, table.source).find(column) is not None:
                return table
        known = sorted({name for table in self._lines() for name in RowScope(self.schema, table.source).names()})
        raise UsageError(f"neither orders nor their lines have a column {column!r}", did_you_mean(column, known))

    def _lines(self) -> list[EventTable]:
        """Return the tables of order lines, then the orders themselves."""
        lines = [table for tables in self.schema.events.values() for table in tables if self.schema.parent(table.source) == self.table.source]
        return [*lines, self.table]
