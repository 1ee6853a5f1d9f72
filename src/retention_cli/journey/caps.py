"""Caps: of all messages that could leave, those that a customer's caps leave room for, the higher priority first.

What has not left is a reservation and counts in every window; what left, or may have, counts at its time. So it is enough
that messages are allotted here, in the tick's own transaction: nothing is asked at the claim. The n-th messages of all
customers are allotted together, in rounds, for what the first takes the second finds taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.moment import naive_utc
from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.hours import last_moments
from retention_cli.journey.tables import QUERIES
from retention_cli.model.duration import Duration
from retention_cli.model.period import Period, period_start, period_starts
from retention_cli.model.policy import FieldLimit, WhenCapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.programs import Asked
    from retention_cli.journey.zones import Zones
    from retention_cli.model.policy import Cap

TWIN_WINDOW = timedelta(days=30)
"""For so long one address does not get the same step of a campaign again, through whichever customer."""

_MOST = 1_000_000_000
_CAPS = {
    "cap": "BIGINT",
    "told": "VARCHAR",
    "at_most": "BIGINT",
    "kind": "VARCHAR",
    "channel": "VARCHAR",
    "topic": "VARCHAR",
    "who": "BIGINT",
    "period": "VARCHAR",
    "months": "INTEGER",
    "seconds": "BIGINT",
}
_HISTORY = {
    "message": "BIGINT",
    "customer_id": "VARCHAR",
    "key": "VARCHAR",
    "channel": "VARCHAR",
    "kind": "VARCHAR",
    "topic": "VARCHAR",
    "campaign": "BIGINT",
    "step": "VARCHAR",
    "state": "VARCHAR",
    "changed_at": "BIGINT",
}


def load_caps(frame: Frame, engine: DuckEngine, asked: Asked) -> None:
    """Fill `policy_caps`, numbered in the order of the file; a cap's `who` is one of the tick's questions."""
    caps = frame.project.settings.policies.caps
    engine.table("policy_caps", _CAPS, [_row(number, cap, asked) for number, cap in enumerate(caps, 1)])


def limit_fields(frame: Frame) -> set[str]:
    """Return the customers' fields that caps go by."""
    return {str(cap.at_most.field) for cap in frame.project.settings.policies.caps if isinstance(cap.at_most, FieldLimit)}


def _row(number: int, cap: Cap, asked: Asked) -> tuple[object, ...]:
    limit = None if isinstance(cap.at_most, FieldLimit) else min(cap.at_most, _MOST)
    filters = (cap.kind and str(cap.kind), cap.channel, cap.topic and str(cap.topic), asked.number(cap.who))
    if isinstance(cap.per, Duration):
        return (number, str(cap), limit, *filters, None, cap.per.months, int(cap.per.elapsed.total_seconds()))
    return (number, str(cap), limit, *filters, str(cap.per), 0, 0)


def allot(frame: Frame, engine: DuckEngine, zones: Zones) -> None:
    """Fill `allotted`: every message that could leave and is not transactional, with the cap that stops it, if any does."""
    policies = frame.project.settings.policies
    engine.execute(statement(QUERIES, "allotted_table"), {})
    if not policies.caps and not policies.one_per_address:
        return
    engine.execute(statement(QUERIES, "wanting"), {"by_address": policies.one_per_address})
    _load_limits(frame, engine)
    _load_periods(frame, engine, zones)
    _load_history(frame, engine)
    twins_since = {"by_address": policies.one_per_address, "since": to_micros(frame.as_of - TWIN_WINDOW)}
    for name, values in (("counted", {"by_address": policies.one_per_address}), ("matches", {}), ("rules", {}), ("twins", twins_since)):
        engine.execute(statement(QUERIES, name), values)
    drop = policies.when_capped is WhenCapped.DROP
    for number in range(1, 1 + _rounds(engine)):
        engine.execute(statement(QUERIES, "allot_round"), {"round": number, "by_address": policies.one_per_address, "drop": drop})


def _rounds(engine: DuckEngine) -> int:
    return int(str(engine.run("SELECT coalesce(max(round), 0) FROM cap_wanting", {})[0][0]))


def _load_limits(frame: Frame, engine: DuckEngine) -> None:
    """Fill `cap_limits(subject, limits)`: each customer's own number a cap, by the cap's number; null where the cap says it itself."""
    known = engine.columns("SELECT * FROM answered")
    limits = [_limit(cap, known) for cap in frame.project.settings.policies.caps]
    folded = exp.cast(exp.Array(expressions=limits), "bigint[]", dialect=sql.DIALECT)
    select = exp.Select().select(sql.col("subject"), sql.aliased(folded, "limits"), copy=False)
    engine.execute(sql.created("cap_limits", sql.Query(select.from_(sql.table("answered"), copy=False), {})), {})


def _limit(cap: Cap, known: Mapping[str, str]) -> exp.Expr:
    if not isinstance(cap.at_most, FieldLimit):
        return exp.Null()
    column, otherwise = f"field_{cap.at_most.field}", sql.number(min(cap.at_most.if_missing, _MOST))
    if column not in known:
        return otherwise
    number = exp.cast(sql.col(column), "double", dialect=sql.DIALECT)
    whole = sql.call("least", sql.call("greatest", sql.call("floor", number), sql.number(0)), sql.number(_MOST))
    return exp.Case(ifs=[exp.If(this=sql.present(sql.col(column)), true=whole)], default=otherwise)


def _load_periods(frame: Frame, engine: DuckEngine, zones: Zones) -> None:
    """Fill `period_starts(zone, period, starts_at)`, from the period of as_of to that of the last message."""
    periods = {cap.per for cap in frame.project.settings.policies.caps if isinstance(cap.per, Period)}
    rows = [
        (name, str(period), naive_utc(start))
        for name, until in sorted(last_moments(engine, "last_leaves").items())
        for period in sorted(periods)
        for start in period_starts(frame.as_of, until, period, zones.by_name[name])
    ]
    engine.table("period_starts", {"zone": "VARCHAR", "period": "VARCHAR", "starts_at": "TIMESTAMP"}, rows)


def _load_history(frame: Frame, engine: DuckEngine) -> None:
    """Fill `sent_before`: what those who could get something, and their addresses, were sent as far back as any window reaches."""
    customers = [str(row[0]) for row in engine.run("SELECT DISTINCT customer_id FROM cap_wanting", {})]
    addresses: list[str] = []
    if frame.project.settings.policies.one_per_address:
        addresses = [str(row[0]) for row in engine.run("SELECT DISTINCT key FROM cap_wanting", {})]
    rows = frame.past.recent_messages(customers, addresses, to_micros(_oldest(frame))) if customers else []
    engine.table("sent_before", _HISTORY, list(rows))


def _oldest(frame: Frame) -> datetime:
    """Return the earliest instant that a window can reach; a zone's day may begin up to two days before the shop's."""
    found = [frame.as_of - TWIN_WINDOW]
    for cap in frame.project.settings.policies.caps:
        if isinstance(cap.per, Duration):
            found.append(cap.per.before(frame.as_of, frame.project.zone) - timedelta(days=1))
        else:
            found.append(period_start(frame.as_of - timedelta(days=2), cap.per, frame.project.zone) - timedelta(days=2))
    return min(found)
