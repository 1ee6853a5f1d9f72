"""Repeat buying of one shop: its purchases read from a snapshot of orders, and the models fitted to them.

The fit looks at all orders of the snapshot, up to the day of the newest: it says what this shop's customers are like, and
is made once a snapshot. Where too few bought again there is no fit but a sentence.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import Moment
from retention_cli.compile.purchases import TOTAL, over_purchases, purchases
from retention_cli.compile.scans import Scans, with_ctes
from retention_cli.features.statements import tree
from retention_cli.model.fitted import DAYS_A_WEEK, Buying, FitCheck, Fitted, Spending, Unfit
from retention_cli.text import plural

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.engine.base import Engine
    from retention_cli.features.bg_nbd import History

    Floats = NDArray[np.float64]

FEWEST = 50
"""Customers who bought again, at least: with fewer, four parameters say more about chance than about the shop."""
MOST_REPEATS = 7
"""Where the fit check sums up: so many repeat purchases or more."""


def fit_orders(engine: Engine, schema: Schema, order: EventTable, snapshot: str, currency: str) -> Fitted | Unfit:
    """Fit the snapshot with the id `snapshot`, which the engine shows under its source's name; needs numpy and scipy."""
    until = _newest(engine, schema, order)
    if until is None:
        return Unfit("there are no orders yet")
    history = _history(engine, schema, order, until)
    repeaters = int(history.people[history.repeats > 0].sum())
    if repeaters < FEWEST:
        return Unfit(f"only {plural(repeaters, 'customer')} bought on more than one day; it takes {FEWEST}", "wait for more orders")
    buying = _buying(history, repeaters)
    if isinstance(buying, Unfit):
        return buying
    return Fitted(snapshot, until, buying, _spending(engine, schema, order, until, currency), _checks(history, buying))


def _newest(engine: Engine, schema: Schema, order: EventTable) -> date | None:
    newest = exp.cast(exp.Max(this=sql.col(schema.time(order.source) or "")), "date", dialect=sql.DIALECT)
    found: date | None = engine.run(exp.Select().select(newest, copy=False).from_(sql.table(order.source), copy=False).sql(dialect=sql.DIALECT))[0][0]
    return found


def _ask(engine: Engine, schema: Schema, order: EventTable, until: date, name: str) -> Floats:
    """Run a named statement over the purchases up to the end of a day; return its columns as rows of an array."""
    import numpy as np  # noqa: PLC0415 - the extra

    scans = Scans(schema, Moment(datetime.combine(until, time.max, tzinfo=UTC), ZoneInfo("UTC")), sql.Values())
    select = over_purchases(tree(name), purchases(scans, order))
    query = sql.finished(with_ctes(select, scans.ctes()), scans.values)
    chunks = [np.array(rows, dtype=float) for rows in engine.stream(query.sql, query.values)]
    return np.concatenate(chunks).T if chunks else np.zeros((len(select.selects), 0))


def _history(engine: Engine, schema: Schema, order: EventTable, until: date) -> History:
    from retention_cli.features.bg_nbd import History  # noqa: PLC0415 - the extra

    repeats, recency, age, people = _ask(engine, schema, order, until, "histories")
    return History(repeats, recency / DAYS_A_WEEK, age / DAYS_A_WEEK, people)


def _buying(history: History, repeaters: int) -> Buying | Unfit:
    from retention_cli.features import bg_nbd  # noqa: PLC0415 - the extra

    found = bg_nbd.fit(history)
    if found is None:
        return Unfit("the orders have no pattern that the model of repeat buying (BG/NBD) fits")
    return Buying(*found, people=int(history.people.sum()), repeaters=repeaters)


def _spending(engine: Engine, schema: Schema, order: EventTable, until: date, currency: str) -> Spending | Unfit:
    from retention_cli.features import gamma_gamma  # noqa: PLC0415 - the extra

    if TOTAL not in schema.columns(order.source):
        return Unfit(f"{order.source} has no column {TOTAL!r}", "map it: columns: {total: …}")
    repeats, mean = _ask(engine, schema, order, until, "repeat_values")
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
