"""Different values: a value counts in a window that reaches up to now if its latest event does.

So all windows and filters over one column share a pass: each value of a customer is brought to its latest moment for each
filter, and a count of different values is a count of latest moments, which needs no set of values for each window.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.anchors import HAPPENED, VALUE, without_window
from retention_cli.compile.labels import called
from retention_cli.compile.scans import Features
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.windows import earliest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.events import Events, Rows
    from retention_cli.compile.sequences import Extras
    from retention_cli.compile.windows import Start
    from retention_cli.model.condition import EventQuery

_EACH = "each_value"


@dataclass(slots=True)
class _Filter:
    """Which rows of each source have a value that counts, the column of its latest moment, and the windows asked for."""

    rows: Mapping[str, Rows]
    latest: str
    windows: list[Sequence[Start]] = field(default_factory=list)


@dataclass(slots=True)
class SharedValues:
    """The values of one column in the events of some sources."""

    events: Events
    extras: Mapping[str, Extras]
    facts: str = ""
    _filters: dict[object, _Filter] = field(default_factory=dict)
    _features: Features = field(default_factory=Features)

    def add(self, query: EventQuery) -> exp.Column:
        """Return the column that holds how many values the events of a query have in its window."""
        anywhen = without_window(query)
        asked = self._filter(called(anywhen), _by_source(self.events.rows(anywhen)))
        asked.windows.append(self.events.starts(query))
        latest = sql.col(asked.latest, _EACH)
        inside = sql.both(self.events.window(latest, query))
        counted = exp.Count(this=latest) if inside is None else exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=inside))
        return sql.col(self._features.add(called(query), counted), self.facts)

    def _filter(self, label: str, rows: Mapping[str, Rows]) -> _Filter:
        shape = tuple((source, sql.shape(each.filter)) for source, each in rows.items())
        if shape not in self._filters:
            taken = (CUSTOMER, VALUE, *(each.latest for each in self._filters.values()))
            self._filters[shape] = _Filter(rows, Features().add(sql.slug("latest", label), exp.Null(), taken))
        return self._filters[shape]

    def build(self) -> exp.Select:
        """Return a row a customer: the values with a latest moment, in each window."""
        columns = [sql.aliased(counted.copy(), name) for name, counted in self._features.columns.items()]
        values = exp.Subquery(this=self._values(), alias=exp.TableAlias(this=sql.name(_EACH)))
        select = exp.Select().select(sql.col(CUSTOMER, _EACH), *columns, copy=False).from_(values, copy=False)
        return select.group_by(sql.col(CUSTOMER, _EACH), copy=False)

    def _values(self) -> exp.Select:
        """Return a row a customer and value: the latest moment for each filter."""
        whole: exp.Query | None = None
        for source in self.extras:
            part = self._rows(source)
            whole = part if whole is None else exp.Union(this=whole, expression=part, distinct=False)
        keys = [sql.col(CUSTOMER, HAPPENED), sql.col(VALUE, HAPPENED)]
        latest = [sql.aliased(exp.Max(this=sql.col(each.latest, HAPPENED)), each.latest) for each in self._filters.values()]
        select = exp.Select().select(*(key.copy() for key in keys), *latest, copy=False)
        select = select.from_(exp.Subquery(this=whole, alias=exp.TableAlias(this=sql.name(HAPPENED))), copy=False)
        there = sql.present(sql.col(VALUE, HAPPENED))
        return select.where(there, copy=False).group_by(*keys, copy=False)

    def _rows(self, source: str) -> exp.Select:
        """Return the rows of one source that some filter wants: the value, and for each filter the moment where it is fulfilled."""
        extras, time = self.extras[source], self.events.time(source)
        assert time is not None  # noqa: S101 - what has no time has no latest moment and does not come here
        filters = list(self._filters.values())
        joined = {name for each in filters for name in each.rows[source].joined}
        columns = [sql.col(CUSTOMER, source), sql.aliased(extras.columns[VALUE].copy(), VALUE)]
        columns += [sql.aliased(_moment(each.rows[source], time, alone=len(filters) == 1), each.latest) for each in filters]
        wanted = [self._wanted(each, source, time) for each in filters]
        select = self.events.scans.rows(source, joined | extras.joined).select(*columns, copy=False)
        return select if None in wanted else select.where(sql.either(part for part in wanted if part is not None), copy=False)

    def _wanted(self, asked: _Filter, source: str, time: exp.Expr) -> exp.Expr | None:
        """Return what rows one filter wants, back to the earliest beginning of its windows; None where it wants all."""
        start, condition = earliest(asked.windows), asked.rows[source].filter
        bounds = [] if start is None else [start.bound(time, self.events.tests.values)]
        return sql.both([None if condition is None else condition.copy(), *bounds])


def _by_source(found: Sequence[Rows]) -> dict[str, Rows]:
    """Return the rows of each source once: several events may stand in one."""
    merged: dict[str, Rows] = {}
    for rows in found:
        other = merged.setdefault(rows.event.source, rows)
        if other is not rows:
            either = None if other.filter is None or rows.filter is None else sql.either([other.filter, rows.filter])
            merged[rows.event.source] = replace(other, filter=either, joined=other.joined | rows.joined)
    return merged


def _moment(rows: Rows, time: exp.Expr, *, alone: bool) -> exp.Expr:
    """Return the time of a row that a filter wants; a filter that is alone has chosen the rows already."""
    if alone or rows.filter is None:
        return time.copy()
    return exp.Case(ifs=[exp.If(this=rows.filter.copy(), true=time.copy())])


def reaches_now(events: Events, query: EventQuery) -> bool:
    """Whether a query's window, if it has one, has no end, so that the latest event of a value tells whether it counts."""
    timed = all(events.time(table.source) is not None for table in events.tables(query))
    return timed and query.older_than is None and query.during is None and query.nth is None and not query.is_sequence


def shared_values(events: Events, query: EventQuery, extras: Mapping[str, Extras]) -> SharedValues:
    """Return the values that a query shares with every other over the same column of the same sources."""
    key = tuple((source, sql.shape(each.columns[VALUE])) for source, each in extras.items())
    found = events.scans.values_of.get(key)
    if found is None:
        found = events.scans.values_of[key] = SharedValues(events, extras)
        found.facts = events.scans.apart(sql.slug("different", query.distinct), found.build)
    return found
