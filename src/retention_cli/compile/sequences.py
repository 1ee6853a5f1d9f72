"""Sequences: an event that must be, or must not be, followed by others, strictly later, within a time, with the same value.

Rows of every table concerned are read once into one relation, marked with the parts of the sequence that they can play: part
0 is the anchor, the others are followers, and a follower may itself have followers. From the innermost followers outwards, a
window gives each row the earliest moment at which a later follower fulfilled its own part. A sequence holds once every
`not_followed_by` window is over and every `followed_by` has come: `holds_at` is that instant, when a trigger is due.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.windows import earliest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.events import Events
    from retention_cli.compile.rows import RowScope
    from retention_cli.compile.schema import EventTable
    from retention_cli.compile.windows import Start
    from retention_cli.model.condition import EventQuery, Follow
    from retention_cli.model.duration import Duration

AT, HOLDS_AT = "at", "holds_at"
LAST = "last"


@dataclass(frozen=True, slots=True)
class Extras:
    """Further columns of the anchors in one table, and the sources that must be joined for them."""

    columns: Mapping[str, exp.Expr]
    joined: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Part:
    """One event of the sequence: `number` tells it from the others, `wanted` whether it must come or must not."""

    number: int
    asked: EventQuery | Follow
    tables: list[EventTable]
    wanted: bool = True
    parent: _Part | None = None
    parts: list[_Part] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """The column that says whether a row can play this part."""
        return f"follows_{self.number}" if self.parent else "is_anchor"

    @property
    def came(self) -> str:
        """The column with the earliest moment at which a later row fulfilled this part."""
        return f"came_{self.number}"

    @property
    def span(self) -> Duration | None:
        """How long after the event before it may come."""
        return self.asked.within if self.parent else None


@dataclass(frozen=True, slots=True)
class EventSequence:
    """What one sequence needs: its parts, the anchor first, further columns of the anchors, and before what nothing is read."""

    events: Events
    query: EventQuery
    parts: Sequence[_Part]
    extras: Mapping[str, Extras]
    start: Start | None

    @property
    def sources(self) -> list[str]:
        """Every table concerned, once."""
        return list(dict.fromkeys(table.source for part in self.parts for table in part.tables))

    @property
    def same_names(self) -> list[str]:
        """The columns that followers must share with the event before."""
        return [f"same_{part.number}" for part in self.parts[1:] if part.asked.same is not None]

    @property
    def extra_names(self) -> list[str]:
        """The further columns, in order."""
        return sorted({name for extras in self.extras.values() for name in extras.columns})

    def rows(self) -> exp.Query:
        """Return the rows of every table concerned, marked with the parts that they can play."""
        return _rows(self)

    def anchors(self, rows: str) -> exp.Select:
        """Return (customer_id, at, holds_at, extras…) of the anchors for which the sequence holds, from what `rows()` is called."""
        return _anchors(self, rows)


def event_sequence(
    events: Events, query: EventQuery, extras: Mapping[str, Extras] | None = None, windows: Sequence[EventQuery] = ()
) -> EventSequence:
    """Return a sequence, to be asked for its queries; unknown events are reported.

    `extras` are further columns of the anchors, by name, for each source: a trigger needs the event's key and columns. `windows`
    are the queries whose windows will be cut out of the anchors afterwards; without them the query's own is.
    """
    # What follows is later than an anchor, so the anchors' beginning bounds it too; the so-manieth is counted before any window.
    start = None if query.nth is not None else earliest(events.starts(each) for each in windows or (query,))
    return EventSequence(events, query, _parts(events, query), extras or {}, start)


def compile_sequence(events: Events, query: EventQuery, label: str, extras: Mapping[str, Extras] | None = None) -> str:
    """Add the CTEs of a sequence to the plan; return the name of the one that gives (customer_id, at, holds_at, extras…)."""
    sequence = event_sequence(events, query, extras)
    rows = events.scans.own(f"{label}_rows", sequence.rows(), attach=False)
    return events.scans.own(label, sequence.anchors(rows), attach=False)


def _parts(events: Events, query: EventQuery) -> list[_Part]:
    found = [_Part(0, query, events.tables(query))]
    for parent in found:  # it grows while it is walked: every follower is asked for its own
        asked = [(follow, wanted) for wanted in (False, True) for follow in _follows(parent.asked, wanted=wanted)]
        for follow, wanted in asked:
            part = _Part(len(found), follow, events.tables(follow), wanted, parent)
            parent.parts.append(part)
            found.append(part)
    return found


def _follows(asked: EventQuery | Follow, *, wanted: bool) -> tuple[Follow, ...]:
    return asked.followed_by if wanted else asked.not_followed_by


def _rows(sequence: EventSequence) -> exp.Query:
    selects = [_rows_of(sequence, source) for source in sequence.sources]
    if not selects:
        columns = [CUSTOMER, AT, *(part.mark for part in sequence.parts), *sequence.same_names, *sequence.extra_names]
        return exp.Select().select(*[sql.aliased(exp.Null(), name) for name in columns], copy=False)
    union: exp.Query = selects[0]
    for select in selects[1:]:
        union = exp.Union(this=union, expression=select, distinct=False)
    return union


def _rows_of(sequence: EventSequence, source: str) -> exp.Select:
    """Select the rows of one table that can play a part, marked as such."""
    events = sequence.events
    scope = events.scope(source, [], None)
    marks = [(part.mark, _mark(sequence, part, source, scope)) for part in sequence.parts]
    same = [(f"same_{part.number}", _same(sequence, part, source, scope)) for part in sequence.parts[1:] if part.asked.same is not None]
    extras = sequence.extras.get(source, Extras({}))
    scope.joined.update(extras.joined)
    time = sql.col(events.schema.time(source) or "", source)
    columns: list[exp.Expr] = [sql.col(CUSTOMER, source), sql.aliased(time, AT)]
    columns += [sql.aliased(expression, name) for name, expression in [*marks, *same]]
    columns += [sql.aliased(_of_anchor(marks[0][1], extras.columns.get(name)), name) for name in sequence.extra_names]
    bounds = [] if sequence.start is None else [sequence.start.bound(time, events.tests.values)]
    select = events.scans.rows(source, scope.joined).select(*columns, copy=False)
    return select.where(sql.both([*bounds, sql.either(mark.copy() for _, mark in marks)]), copy=False)


def _of_anchor(is_anchor: exp.Expr, column: exp.Expr | None) -> exp.Expr:
    """Compute a further column for anchors only: followers are many."""
    if column is None:
        return exp.Null()
    return exp.Case(ifs=[exp.If(this=is_anchor.copy(), true=column.copy())])


def _mark(sequence: EventSequence, part: _Part, source: str, scope: RowScope) -> exp.Expr:
    """Return whether a row can play a part; an anchor lies in the query's window, unless which one it is comes first."""
    events, query = sequence.events, sequence.query
    named = [_named(events, table, part) for table in part.tables if table.source == source]
    if not named:
        return sql.false()
    scope.elsewhere = events.scope(source, part.tables, part.asked.where).elsewhere
    time = sql.col(events.schema.time(source) or "", source)
    bounds = [] if part.parent or query.nth else events.window(time, query)
    return sql.both([sql.either(named), events.where(part.asked.where, scope), *bounds]) or sql.true()


def _named(events: Events, table: EventTable, part: _Part) -> exp.Expr:
    return sql.both([events.named(table), events.by_people(table, part.asked.where)]) or sql.true()


def _same(sequence: EventSequence, part: _Part, source: str, scope: RowScope) -> exp.Expr:
    """Return the value that a part and the one before must share; a table with neither of them has none."""
    events, name = sequence.events, part.asked.same or ""
    sides = [side for side in (part.tables, part.parent.tables if part.parent else []) if any(table.source == source for table in side)]
    found: exp.Expr | None = None
    for side in sides:
        scope.elsewhere = events.scope(source, side, None, [name]).elsewhere
        found = events.column(scope, name, part.asked.place)
    return exp.cast(exp.Null() if found is None else found, "varchar", dialect=sql.DIALECT)


def _anchors(sequence: EventSequence, rows: str) -> exp.Select:
    events, query, anchor = sequence.events, sequence.query, sequence.parts[0]
    table = exp.Subquery(this=_with_moments(sequence, rows), alias=exp.TableAlias(this=sql.name("anchor")))
    columns = [sql.col(name, "anchor") for name in (CUSTOMER, AT, *sequence.extra_names)]
    select = exp.Select().from_(table, copy=False).where(sql.col(anchor.mark, "anchor"), copy=False)
    if query.nth is not None:
        select = select.where(sql.col("is_nth", "anchor"), *events.window(sql.col(AT, "anchor"), query), copy=False)
    fulfilled = [_is_fulfilled(events, part, "anchor") for part in anchor.parts]
    select = select.where(*fulfilled, copy=False)
    return select.select(*columns, sql.aliased(_holds_at(events, anchor, "anchor"), HOLDS_AT), copy=False)


def _with_moments(sequence: EventSequence, rows: str) -> exp.Select:
    """Give every row the moments at which later rows fulfilled each part, the innermost parts first."""
    levels: dict[int, list[_Part]] = {}
    for part in sequence.parts[1:]:
        levels.setdefault(_depth(part), []).append(part)
    source: exp.Expr = sql.table(rows)
    for depth in sorted(levels, reverse=True):
        moments = [sql.aliased(_came(sequence.events, part), part.came) for part in levels[depth]]
        if depth == 1 and sequence.query.nth is not None:
            moments.append(sql.aliased(_is_nth(sequence, sequence.query.nth), "is_nth"))
        select = exp.Select().select("*", *moments, copy=False).from_(source, copy=False)
        source = exp.Subquery(this=select, alias=exp.TableAlias(this=sql.name(f"level_{depth}")))
    return select


def _depth(part: _Part) -> int:
    return 0 if part.parent is None else 1 + _depth(part.parent)


def _came(events: Events, part: _Part) -> exp.Expr:
    """Return the earliest moment at which a strictly later row fulfilled a part: times are whole microseconds."""
    among = [sql.col(CUSTOMER)]
    plays: list[exp.Expr] = [sql.col(part.mark), *(_is_fulfilled(events, inner, None) for inner in part.parts)]
    if part.asked.same is not None:
        among.append(sql.col(f"same_{part.number}"))
        plays.append(sql.present(sql.col(f"same_{part.number}")))  # nothing is not the same as nothing
    fulfilled_at = _holds_at(events, part, None)
    earliest = exp.Filter(this=exp.Min(this=fulfilled_at), expression=exp.Where(this=sql.both(plays)))
    end: str | exp.Expr = "UNBOUNDED"
    if part.span is not None:
        end = _length(events, part.span)
    later = exp.WindowSpec(kind="RANGE", start=sql.call("to_microseconds", sql.number(1)), start_side="FOLLOWING", end=end, end_side="FOLLOWING")
    return exp.Window(this=earliest, partition_by=among, order=exp.Order(expressions=[exp.Ordered(this=sql.col(AT))]), spec=later)


def _is_nth(sequence: EventSequence, nth: str) -> exp.Expr:
    """Return whether a row is the so-manieth that can be the anchor, counted from the first or from the last.

    Of several at one moment, what else is known of them decides, so that no run differs from another.
    """
    order = [exp.Ordered(this=sql.col(AT), desc=nth == LAST, nulls_first=False)]
    order += [exp.Ordered(this=sql.col(name), nulls_first=False) for name in (*sequence.same_names, *sequence.extra_names)]
    among = [sql.col(CUSTOMER), sql.col(sequence.parts[0].mark)]
    numbered = exp.Window(this=sql.call("row_number"), partition_by=among, order=exp.Order(expressions=order))
    return exp.EQ(this=numbered, expression=sql.number(1 if nth == LAST else int(nth)))


def _is_fulfilled(events: Events, part: _Part, table: str | None) -> exp.Expr:
    """Return whether a part came that must, or did not come until its time was over."""
    missing = exp.Is(this=sql.col(part.came, table), expression=exp.Null())
    if part.wanted:
        return sql.negated(missing)
    if part.span is None:
        return missing
    over = exp.LTE(this=_plus(events, sql.col(AT, table), part.span), expression=events.tests.values.bind(events.tests.moment.instant, "as_of"))
    return sql.both([missing, over]) or sql.true()


def _holds_at(events: Events, part: _Part, table: str | None) -> exp.Expr:
    """Return the moment at which everything that a row must wait for is over."""
    ends: list[exp.Expr] = []
    for inner in part.parts:
        if inner.wanted:
            ends.append(sql.col(inner.came, table))
        elif inner.span is not None:
            ends.append(_plus(events, sql.col(AT, table), inner.span))
    if not ends:
        return sql.col(AT, table)
    return ends[0] if len(ends) == 1 else sql.call("greatest", *ends)


def _length(events: Events, span: Duration) -> exp.Expr:
    """Return a span as an interval from a row's own time on; months are as long as they are there."""
    if not span.is_calendar:
        return _seconds(span)
    return exp.Paren(this=exp.Sub(this=_plus(events, sql.col(AT), span), expression=sql.col(AT)))


def _plus(events: Events, time: exp.Expr, span: Duration) -> exp.Expr:
    """Return `time + span`; months go by the shop's calendar, so they are counted on its wall clock."""
    if not span.is_calendar:
        return exp.Add(this=time, expression=_seconds(span))
    moment, values = events.tests.moment, events.tests.values
    later = exp.Add(this=moment.local(time, values), expression=sql.call("to_months", sql.number(span.months)))
    return moment.to_utc(later, values)


def _seconds(span: Duration) -> exp.Expr:
    return sql.call("to_seconds", sql.number(int(span.elapsed.total_seconds())))
