"""Repeat buying of one shop: its purchases read from a snapshot of orders, and the models fitted to them.

The fit looks at all orders of the snapshot, up to the day of the newest: it says what this shop's customers are like, and
is made once a snapshot. Where too few bought again there is no fit but a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import Moment
from retention_cli.compile.purchases import TOTAL, over_purchases, purchases
from retention_cli.compile.scans import Scans, with_ctes
from retention_cli.engine.statements import tree
from retention_cli.model.fitted import DAYS_A_WEEK, Buying, FitCheck, Fitted, Spending, Unfit
from retention_cli.text import plural

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    import numpy as np
    from numpy.typing import NDArray

    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.engine.base import Engine
    from retention_cli.features.bg_nbd import History

    Floats = NDArray[np.float64]

QUERIES = "retention_cli.features.queries"
FEWEST = 50
"""Customers who bought again, at least: with fewer, four parameters say more about chance than about the shop."""
MOST_REPEATS = 7
"""Where the fit check sums up: so many repeat purchases or more."""


def fit_orders(engine: Engine, schema: Schema, order: EventTable, snapshot: str, *, currency: str, zone: ZoneInfo) -> Fitted | Unfit:
    """Fit the snapshot with the id `snapshot`, which the engine shows under its source's name; needs numpy and scipy."""
    orders = _Orders(engine, schema, order, zone)
    until = orders.newest()
    if until is None:
        return Unfit("there are no orders yet")
    history = _history(orders, until)
    repeaters = int(history.people[history.repeats > 0].sum())
    if repeaters < FEWEST:
        return Unfit(f"only {plural(repeaters, 'customer')} bought on more than one day; it takes {FEWEST}", "wait for more orders")
    buying = _buying(history, repeaters)
    if isinstance(buying, Unfit):
        return buying
    return Fitted(snapshot, until, buying, _spending(orders, until, currency), _checks(history, buying))


@dataclass(frozen=True, slots=True)
class _Orders:
    """The orders of one snapshot, in an engine; days are those of the shop's zone."""

    engine: Engine
    schema: Schema
    order: EventTable
    zone: ZoneInfo

    def newest(self) -> date | None:
        """Return the day of the newest order."""
        values = sql.Values()
        day = Moment(datetime.max.replace(tzinfo=UTC), self.zone).local_day(exp.Max(this=sql.col(self.schema.time(self.order.source) or "")), values)
        select = exp.Select().select(day, copy=False).from_(sql.table(self.order.source), copy=False)
        found: date | None = self.engine.run(select.sql(dialect=sql.DIALECT), values.by_name)[0][0]
        return found

    def ask(self, name: str, until: date) -> Floats:
        """Run a named statement over the purchases up to the end of a day; return a row of the array a column."""
        import numpy as np  # noqa: PLC0415 - the extra

        scans = Scans(self.schema, Moment(datetime.combine(until, time.max, tzinfo=self.zone), self.zone), sql.Values())
        select = over_purchases(tree(QUERIES, name), purchases(scans, self.order))
        query = sql.finished(with_ctes(select, scans.ctes()), scans.values)
        chunks = [np.array(rows, dtype=float) for rows in self.engine.stream(query.sql, query.values)]
        return np.concatenate(chunks).T if chunks else np.zeros((len(select.selects), 0))


def _history(orders: _Orders, until: date) -> History:
    from retention_cli.features.bg_nbd import History  # noqa: PLC0415 - the extra

    repeats, recency, age, people = orders.ask("histories", until)
    return History(repeats, recency / DAYS_A_WEEK, age / DAYS_A_WEEK, people)


def _buying(history: History, repeaters: int) -> Buying | Unfit:
    from retention_cli.features import bg_nbd  # noqa: PLC0415 - the extra

    found = bg_nbd.fit(history)
    if found is None:
        return Unfit("the orders have no pattern that the model of repeat buying (BG/NBD) fits")
    return Buying(*found, people=int(history.people.sum()), repeaters=repeaters)


def _spending(orders: _Orders, until: date, currency: str) -> Spending | Unfit:
    from retention_cli.features import gamma_gamma  # noqa: PLC0415 - the extra

    if TOTAL not in orders.schema.columns(orders.order.source):
        return Unfit(f"{orders.order.source} has no column {TOTAL!r}", "map it: columns: {total: …}")
    repeats, mean = orders.ask("repeat_values", until)
    if len(mean) < FEWEST:
        return Unfit(f"only {plural(len(mean), 'customer')} paid for a repeat purchase; it takes {FEWEST}", "wait for more orders")
    found = gamma_gamma.fit(repeats, mean)
    if found is None:
        return Unfit("what the orders are worth has no pattern that the model of spending (Gamma-Gamma) fits")
    return Spending(*found, people=len(mean), currency=currency)


def _checks(history: History, buying: Buying) -> tuple[FitCheck, ...]:
    from retention_cli.features import bg_nbd  # noqa: PLC0415 - the extra

    parameters = (buying.r, buying.alpha, buying.a, buying.b)
    expected = bg_nbd.repeats_expected(history.age, history.people, parameters, MOST_REPEATS)
    actual = [int(history.people[history.repeats == n].sum()) for n in range(MOST_REPEATS)]
    actual.append(int(history.people.sum()) - sum(actual))
    return tuple(FitCheck(n, real, float(chance)) for n, (real, chance) in enumerate(zip(actual, expected, strict=True)))
