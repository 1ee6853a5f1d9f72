"""Learned thresholds out of the data: one query each, over everybody who has the number, in the plan of conditions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import over_ctes
from retention_cli.engine.statements import tree
from retention_cli.model.lock import LearnedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.base import Engine
    from retention_cli.model.learned import Learned

QUERIES = "retention_cli.audience.queries"
FEWEST = 20
"""People of a kind, at least, for a limit of its own."""
DRIFTED = Decimal("0.1")
"""How far, as a part of it, a limit may be from the data before it is told."""


def learn(engine: Engine, compiler: Callable[[], Compiler], asked: Learned, *, as_of: datetime, sources: Mapping[str, str]) -> LearnedValue | None:
    """Return the threshold as the data have it; None where nobody has the number.

    `sources` are the ids of all snapshots by source; those that the query reads are pinned with the value.
    """
    fresh = compiler()
    number, kind = fresh.field(str(asked.of), asked.of.place), None if asked.by is None else fresh.field(str(asked.by), asked.by.place)
    if number is None:
        return None
    columns = [
        sql.aliased(exp.cast(number.expression, "double", dialect=sql.DIALECT), "number"),
        sql.aliased(exp.cast(exp.Null() if kind is None else kind.expression, "varchar", dialect=sql.DIALECT), "kind"),
    ]
    inner = exp.Subquery(this=fresh.scans.base().select(*columns, copy=False), alias=exp.TableAlias(this=sql.name("everybody")))
    there = sql.present(sql.col("number"))
    known = exp.Select().select(exp.Star(), copy=False).from_(inner, copy=False).where(there, copy=False)
    select = over_ctes(tree(QUERIES, "learned"), [*fresh.ctes(), ("known", known)])
    values = sql.Values({**fresh.values.by_name, "share": float(asked.percentile / 100), "fewest": FEWEST})
    query = sql.finished(select, values)
    found = [(bool(over_all), kind, limit, people) for over_all, kind, limit, people in engine.run(query.sql, query.values)]
    _, _, value, people = found[0]
    if value is None:
        return None
    read = {table.name for table in select.find_all(exp.Table)}
    pins = {source: identity for source, identity in sources.items() if source in read}
    by = {str(kind): _number(limit) for over_all, kind, limit, _ in found if not over_all}
    return LearnedValue(_number(value), int(people), by, pins, as_of.isoformat(timespec="seconds"), asked.meaning)


def _number(value: float) -> Decimal:
    return Decimal(f"{value:.6f}").normalize() + 0


def drift(pinned: LearnedValue, now: LearnedValue) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the limits that have moved by more than a tenth, by kind (the empty name: over all), as (pinned, now).

    A kind that only one of them has takes the value over all in the other, as it does for whoever reads the lock.
    """
    kinds = ["", *sorted({*pinned.by, *now.by})]
    pairs = {kind: (pinned.by.get(kind, pinned.value), now.by.get(kind, now.value)) for kind in kinds}
    return {kind: (was, found) for kind, (was, found) in pairs.items() if abs(found - was) > DRIFTED * abs(was)}
