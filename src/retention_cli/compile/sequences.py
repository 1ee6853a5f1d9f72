"""Sequences: an event that is not followed by another, strictly later, within a time, with the same value.

Rows of every table concerned are read once into one relation, marked as anchor or as follower; a window over it gives each
anchor the nearest later follower of its customer. It holds once every window is over: `holds_at` is that instant, and a
campaign's trigger is due then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.rows import RowScope
from retention_cli.compile.schema import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.events import Events
    from retention_cli.compile.schema import EventTable
    from retention_cli.model.condition import EventQuery, Follow
    from retention_cli.model.duration import Duration

ANCHOR, AT, HOLDS_AT = "is_anchor", "at", "holds_at"


@dataclass(frozen=True, slots=True)
class Extras:
    """Further columns of the anchors in one table, and the sources that must be joined for them."""

    columns: Mapping[str, exp.Expr]
    joined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What one sequence needs: its query, the tables of anchors and followers, and further columns of the anchors."""

    events: Events
    query: EventQuery
    anchors: Sequence[EventTable]
    followers: Sequence[Sequence[EventTable]]
    extras: Mapping[str, Extras]

    @property
    def sources(self) -> list[str]:
        """Every table concerned, once."""
        tables = [*self.anchors, *(table for tables in self.followers for table in tables)]
        return list(dict.fromkeys(table.source for table in tables))

    @property
    def extra_names(self) -> list[str]:
        """The further columns, in order."""
        return sorted({name for extras in self.extras.values() for name in extras.columns})


def compile_sequence(events: Events, query: EventQuery, label: str, extras: Mapping[str, Extras] | None = None) -> str:
    """Add the CTEs of a sequence to the plan; return the name of the one that gives (customer_id, at, holds_at, extras…).

    `extras` are further columns of the anchors, by name, for each source: a trigger needs the event's key and columns.
    """
    followers = [events.tables(follow) for follow in query.not_followed_by]
    sequence = _Sequence(events, query, events.tables(query), followers, extras or {})
    rows = events.scans.own(f"{label}_rows", _rows(sequence), attach=False)
    return events.scans.own(label, _anchors(events, query, rows, sequence.extra_names), attach=False)


def _rows(sequence: _Sequence) -> exp.Query:
    selects = [_rows_of(sequence, source) for source in sequence.sources]
    if not selects:
        columns = [CUSTOMER, AT, ANCHOR, *(f"follows_{n}" for n, _ in enumerate(sequence.followers, 1)), *sequence.extra_names]
        return exp.Select().select(*[sql.aliased(exp.Null(), name) for name in columns], copy=False)
    union: exp.Query = selects[0]
    for select in selects[1:]:
        union = exp.Union(this=union, expression=select, distinct=False)
    return union


def _rows_of(sequence: _Sequence, source: str) -> exp.Select:
    """Select the rows of one table that are anchor or follower, marked as such."""
    events, query = sequence.events, sequence.query
    scope = RowScope(events.scans.schema, source)
    marks = [(ANCHOR, _anchor(sequence, source, scope))]
    pairs = list(enumerate(zip(query.not_followed_by, sequence.followers, strict=True), 1))
    marks += [(f"follows_{n}", _follower(events, source, follow, tables, scope)) for n, (follow, tables) in pairs]
    same = [(f"same_{n}", _same(sequence, source, n, scope)) for n, (follow, _) in pairs if follow.same is not None]
    extras = sequence.extras.get(source, Extras({}))
    scope.joined.update(extras.joined)
    columns: list[exp.Expr] = [sql.col(CUSTOMER, source), sql.aliased(sql.col(events.scans.schema.time(source) or "", source), AT)]
    columns += [sql.aliased(expression, name) for name, expression in [*marks, *same]]
    columns += [sql.aliased(_of_anchor(marks[0][1], extras.columns.get(name)), name) for name in sequence.extra_names]
    select = exp.Select().select(*columns, copy=False).from_(sql.table(source), copy=False)
    for join in scope.joins():
        select = select.join(join, copy=False)
    # What follows is later than an anchor, so the anchors' beginning bounds it too.
    bounds = [events.scans.until_now(source), *events.begins(source, query)]
    select = select.where(sql.both([*bounds, sql.either(mark.copy() for _, mark in marks)]), copy=False)
    return select if events.scans.subject.table is None else select.where(_of_subjects(events, source), copy=False)


def _of_anchor(is_anchor: exp.Expr, column: exp.Expr | None) -> exp.Expr:
    """Compute a further column for anchors only: followers are many."""
    if column is None:
        return exp.Null()
    return exp.Case(ifs=[exp.If(this=is_anchor.copy(), true=column.copy())])


def _of_subjects(events: Events, source: str) -> exp.Expr:
    wanted = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(events.scans.subject.table or ""), copy=False)
    return exp.In(this=sql.col(CUSTOMER, source), query=exp.Subquery(this=wanted))


def _anchor(sequence: _Sequence, source: str, scope: RowScope) -> exp.Expr:
    events, query = sequence.events, sequence.query
    named = [events.named(table) or sql.true() for table in sequence.anchors if table.source == source]
    if not named:
        return sql.false()
    return sql.both([sql.either(named), events.where(query.where, scope), *events.window(source, query)]) or sql.true()


def _follower(events: Events, source: str, follow: Follow, tables: Sequence[EventTable], scope: RowScope) -> exp.Expr:
    named = [events.named(table) or sql.true() for table in tables if table.source == source]
    return sql.both([sql.either(named), events.where(follow.where, scope)]) or sql.true() if named else sql.false()


def _same(sequence: _Sequence, source: str, n: int, scope: RowScope) -> exp.Expr:
    """Return the value that anchor and follower must share; a table with neither of them has none."""
    follow, concerned = sequence.query.not_followed_by[n - 1], [*sequence.anchors, *sequence.followers[n - 1]]
    if all(table.source != source for table in concerned):
        return exp.cast(exp.Null(), "varchar", dialect=sql.DIALECT)
    column = sequence.events.column(scope, follow.same or "", follow.place)
    return exp.cast(column if column is not None else exp.Null(), "varchar", dialect=sql.DIALECT)


def _anchors(events: Events, query: EventQuery, rows: str, extras: Sequence[str]) -> exp.Select:
    columns = [sql.col(name, "anchor") for name in (CUSTOMER, AT, *extras)]
    nearest = [sql.aliased(_nearest_later(n, follow), f"later_{n}") for n, follow in enumerate(query.not_followed_by, 1)]
    every = exp.Select().select("*", *nearest, copy=False).from_(sql.table(rows), copy=False)
    anchor = exp.Subquery(this=every, alias=exp.TableAlias(this=sql.name("anchor")))
    select = exp.Select().from_(anchor, copy=False).where(sql.col(ANCHOR, "anchor"), copy=False)
    ends: list[exp.Expr] = []
    for n, follow in enumerate(query.not_followed_by, 1):
        later = sql.col(f"later_{n}", "anchor")
        end = sql.col(AT, "anchor") if follow.within is None else _plus(events, sql.col(AT, "anchor"), follow.within)
        never = exp.Is(this=later, expression=exp.Null())
        in_time = never if follow.within is None else sql.either([never, exp.GT(this=later.copy(), expression=end.copy())])
        select = select.where(in_time, copy=False)
        ends.append(end)
    holds_at = ends[0] if len(ends) == 1 else sql.call("greatest", *ends)
    over = exp.LTE(this=holds_at.copy(), expression=events.tests.values.bind(events.tests.moment.instant, "as_of"))
    return select.select(*columns, sql.aliased(holds_at, HOLDS_AT), copy=False).where(over, copy=False)


def _nearest_later(n: int, follow: Follow) -> exp.Window:
    """Return the time of the nearest follower that is strictly later: times are whole microseconds."""
    follows: list[exp.Expr] = [sql.col(f"follows_{n}")]
    among = [sql.col(CUSTOMER)]
    if follow.same is not None:
        among.append(sql.col(f"same_{n}"))
        follows.append(sql.negated(exp.Is(this=sql.col(f"same_{n}"), expression=exp.Null())))  # nothing is not the same as nothing
    nearest = exp.Filter(this=exp.Min(this=sql.col(AT)), expression=exp.Where(this=sql.both(follows)))
    after = exp.WindowSpec(
        kind="RANGE", start=sql.call("to_microseconds", sql.number(1)), start_side="FOLLOWING", end="UNBOUNDED", end_side="FOLLOWING"
    )
    return exp.Window(this=nearest, partition_by=among, order=exp.Order(expressions=[exp.Ordered(this=sql.col(AT))]), spec=after)


def _plus(events: Events, time: exp.Expr, span: Duration) -> exp.Expr:
    """Return `time + span`; months go by the shop's calendar, so they are counted on its wall clock."""
    if not span.is_calendar:
        return exp.Add(this=time, expression=sql.call("to_seconds", sql.number(int(span.elapsed.total_seconds()))))
    zone = events.tests.values.bind(str(events.tests.moment.zone), "zone")
    local = sql.call("timezone", zone, sql.call("timezone", exp.Literal.string("UTC"), time))
    later = exp.Add(this=local, expression=sql.call("to_months", sql.number(span.months)))
    return sql.call("timezone", exp.Literal.string("UTC"), sql.call("timezone", zone.copy(), later))
