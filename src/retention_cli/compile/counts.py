"""How often: events counted in the shared pass of their table, or in a pass of their own where that is not enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.labels import called
from retention_cli.compile.passes import Pass
from retention_cli.compile.typed import Typed
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.compile.events import Events, Rows
    from retention_cli.model.condition import EventQuery, Regularly


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts the events of queries."""

    events: Events

    def count(self, query: EventQuery) -> Typed | None:
        """Return how many events match, or how many values of `distinct` they have; 0 for who did nothing at all."""
        if needs_own_pass(query):
            return self._counted_apart(query)
        label = sql.slug("count", called(query))
        parts = [self.folded(rows, label, exp.Count(this=exp.Star())) for rows in self.events.rows(query)]
        counts: list[exp.Expr] = [exp.Coalesce(this=part, expressions=[sql.number(0)]) for part in parts]
        return Typed(summed(counts), ColumnType.INTEGER, never_null=True) if counts else None

    def _counted_apart(self, query: EventQuery) -> Typed | None:
        if query.distinct is None:
            found = Pass(self.events, query).folded(lambda value: exp.Count(this=value))
        else:
            found = Pass(self.events, query, sql.slug("different", query.distinct), query.distinct, query.place).different()
        return None if found is None else Typed(exp.Coalesce(this=found, expressions=[sql.number(0)]), ColumnType.INTEGER, never_null=True)

    def stretches(self, query: EventQuery, regularly: Regularly) -> Typed | None:
        """Return in how many of the last stretches of time the events happened: a bit a stretch, set in the shared pass."""
        label = sql.slug("stretches", called(query), f"{regularly.of} of {regularly.every}")
        masks: list[exp.Expr] = []
        for rows in self.events.rows(query):
            time = self.events.time(rows.event.source)
            if time is not None:
                bits = self.folded(rows, label, sql.call("bit_or", self._stretch(time, regularly)))
                masks.append(exp.Coalesce(this=bits, expressions=[sql.number(0)]))
        if not masks:
            return None
        whole = masks[0]
        for mask in masks[1:]:
            whole = exp.BitwiseOr(this=whole, expression=mask)
        return Typed(sql.call("bit_count", whole), ColumnType.INTEGER, never_null=True)

    def _stretch(self, time: exp.Expr, regularly: Regularly) -> exp.Expr:
        """Return the bit of the stretch that a time lies in, 0 before the oldest; a stretch leaves out its start, as `within` does."""
        moment, values = self.events.tests.moment, self.events.tests.values
        every = regularly.every
        ends = [type(every)(every.count * (n + 1), every.unit) for n in range(regularly.of)]
        starts = [values.bind(moment.ago(end), f"{end} ago") for end in ends]
        cases = [exp.If(this=exp.GT(this=time.copy(), expression=start), true=sql.number(1 << n)) for n, start in enumerate(starts)]
        return exp.cast(exp.Case(ifs=cases, default=sql.number(0)), "bigint", dialect=sql.DIALECT)

    def folded(self, rows: Rows, label: str, aggregate: exp.Expr) -> exp.Column:
        """Return an aggregate over some rows of a table, computed in the table's shared pass."""
        filtered = aggregate if rows.filter is None else exp.Filter(this=aggregate, expression=exp.Where(this=rows.filter))
        return self.events.scans.feature(rows.event, label, filtered, rows.joined)


def needs_own_pass(query: EventQuery) -> bool:
    """Whether a row's neighbours or values matter, so that a shared pass cannot serve."""
    return query.is_sequence or query.nth is not None or query.distinct is not None


def summed(parts: list[exp.Expr]) -> exp.Expr:
    """Return the sum of numbers."""
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total if len(parts) == 1 else exp.Paren(this=total)
