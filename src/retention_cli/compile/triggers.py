"""When a journey begins: the occurrences of a campaign's event, each with its key, its due instant and its facts.

An occurrence is due when its event happened, or when the last `not_followed_by` window is over. Its key is the source's
`key:`, else event, time and lookup key; the customer is part of a journey's identity anyway. Rows of one customer with
one key are one occurrence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.rows import RowScope
from retention_cli.compile.scans import with_ctes
from retention_cli.compile.schema import CUSTOMER, EventTable
from retention_cli.compile.sequences import AT, HOLDS_AT, Extras, compile_sequence
from retention_cli.model.condition import Since

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.events import Rows
    from retention_cli.model.condition import EventQuery

OCCURRENCE, FACTS = "occurrence", "facts"

_DAYS_OF_DOUBT = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Due:
    """The instants between which an occurrence must have become due: after `after`, up to as_of. UTC without offset."""

    after: datetime


def occurrences_query(compiler: Compiler, query: EventQuery, due: Due) -> sql.Query:
    """Return (customer_id, occurrence, at, holds_at, facts): what became due since `due.after`, oldest first, each once."""
    if query.not_followed_by:
        name = compile_sequence(
            compiler.events, _bounded(query, due, compiler), "trigger", {t.source: extras_of(compiler, t) for t in compiler.events.tables(query)}
        )
        columns = [sql.col(column, name) for column in (CUSTOMER, OCCURRENCE, AT, HOLDS_AT, FACTS)]
        select: exp.Select = exp.Select().select(*columns, copy=False).from_(sql.table(name), copy=False)
    else:
        parts = [_plain(compiler, rows) for rows in compiler.events.rows(query)]
        select = exp.Select().select("*", copy=False).from_(_union(parts), copy=False)
    select = select.where(exp.GT(this=sql.col(HOLDS_AT), expression=compiler.values.bind(due.after, "due_after")), copy=False)
    select.set("qualify", exp.Qualify(this=_first_of_its_key()))
    order = [exp.Ordered(this=sql.col(column), nulls_first=False) for column in (HOLDS_AT, CUSTOMER, OCCURRENCE)]
    return sql.finished(with_ctes(select.order_by(*order, copy=False), compiler.ctes()), compiler.values)


def _first_of_its_key() -> exp.Expr:
    order = [exp.Ordered(this=sql.col(column), nulls_first=False) for column in (HOLDS_AT, FACTS)]
    ranked = exp.Window(this=sql.call("row_number"), partition_by=[sql.col(CUSTOMER), sql.col(OCCURRENCE)], order=exp.Order(expressions=order))
    return exp.EQ(this=ranked, expression=sql.number(1))


def _bounded(query: EventQuery, due: Due, compiler: Compiler) -> EventQuery:
    """Look only at anchors that can still become due: no older than the longest window before `due.after`.

    A month back from the end of a month is not a month forth, so calendar windows look some days further.
    """
    if query.since is not None or query.within is not None:
        return query
    spans = [follow.within for follow in query.not_followed_by if follow.within is not None]
    zone = compiler.moment.zone
    after = due.after.replace(tzinfo=UTC)
    earliest = min((span.before(after, zone) - (_DAYS_OF_DOUBT if span.is_calendar else timedelta()) for span in spans), default=after)
    return replace(query, since=Since(text=earliest.isoformat()))


def _plain(compiler: Compiler, rows: Rows) -> exp.Select:
    event = rows.event
    extras = extras_of(compiler, event)
    time = sql.col(compiler.schema.time(event.source) or "", event.source)
    columns = [sql.col(CUSTOMER, event.source), sql.aliased(extras.columns[OCCURRENCE], OCCURRENCE)]
    columns += [sql.aliased(time, AT), sql.aliased(time.copy(), HOLDS_AT), sql.aliased(extras.columns[FACTS], FACTS)]
    select = compiler.scans.from_events(event.source, rows.joined | extras.joined)
    select.set("expressions", columns)
    return select if rows.filter is None else select.where(rows.filter, copy=False)


def _union(parts: list[exp.Select]) -> exp.Subquery:
    whole: exp.Query = parts[0]
    for part in parts[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    return exp.Subquery(this=whole, alias=exp.TableAlias(this=sql.name("happened")))


def extras_of(compiler: Compiler, event: EventTable) -> Extras:
    """Return the key and the facts of an event's row: its own columns, then those of its parent and lookup."""
    schema = compiler.schema
    scope = RowScope(schema, event.source)
    parts: list[exp.Expr] = []
    for column in scope.names():
        found = scope.find(column)
        if found is not None:
            parts += [exp.Literal.string(column), found.told()]
    facts = exp.cast(sql.call("json_object", *parts), "varchar", dialect=sql.DIALECT)
    return Extras({OCCURRENCE: _occurrence(compiler, event), FACTS: facts}, frozenset(scope.joined))


def _occurrence(compiler: Compiler, event: EventTable) -> exp.Expr:
    """Return the text that tells one occurrence of a customer from another; a row without its key is told like one of a source without."""
    schema = compiler.schema
    lookup = schema.lookup(event.source)
    thing = schema.key(lookup) if lookup else None
    happened: exp.Expr = exp.Literal.string(event.event) if event.column is None else sql.col(event.column, event.source)
    parts = [happened, _text(sql.col(schema.time(event.source) or "", event.source))]
    if thing is not None and thing in schema.columns(event.source):
        parts.append(_text(sql.col(thing, event.source)))
    described = sql.call("concat_ws", exp.Literal.string("|"), *parts)
    key = schema.key(event.source)
    return described if key is None else exp.Coalesce(this=_text(sql.col(key, event.source)), expressions=[described])


def _text(expression: exp.Expr) -> exp.Expr:
    return exp.cast(expression, "varchar", dialect=sql.DIALECT)
