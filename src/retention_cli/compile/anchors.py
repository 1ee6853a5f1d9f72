"""Sequences that differ only in the window of their anchors: rows are read and followers found once, each window is cut out after.

What came after an anchor does not depend on the window that it is asked for in. So one relation holds the anchors of all, read
from the earliest beginning on, and each question is an aggregate of its own over them. While only one window is asked for, it
already stands where the rows are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import Features
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import AT, event_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retention_cli.compile.events import Events
    from retention_cli.compile.sequences import EventSequence, Extras
    from retention_cli.model.condition import EventQuery

    Aggregate = Callable[[exp.Expr], exp.Expr]

HAPPENED, VALUE = "happened", "value"


def without_window(query: EventQuery) -> EventQuery:
    """Return which events a query asks for, at any time."""
    return replace(query, within=None, older_than=None, since=None, during=None)


@dataclass(slots=True)
class SharedAnchors:
    """The anchors of one sequence, whatever their windows: counted, or folded by their `value`."""

    events: Events
    extras: Mapping[str, Extras]
    facts: str = ""
    _windows: dict[object, EventQuery] = field(default_factory=dict)
    _features: Features = field(default_factory=Features)
    _asked: dict[str, tuple[EventQuery, Aggregate]] = field(default_factory=dict)

    def enter(self, label: str) -> None:
        """Take the places in the plan: rows, anchors, and a row a customer."""
        scans = self.events.scans
        rows = scans.apart(f"{label}_rows", lambda: self._sequence().rows(), attach=False)
        anchors = scans.apart(label, lambda: self._sequence().anchors(rows), attach=False)
        self.facts = scans.apart(f"{label}_facts", lambda: self._folded(anchors))

    def add(self, query: EventQuery, aggregate: Aggregate, label: str) -> exp.Column:
        """Return the column that holds an aggregate of the anchors in the query's window."""
        window = self._window(query)
        self._windows.setdefault(sql.shape(window), query)
        name = self._features.add(label, self._cut(aggregate, window))
        self._asked.setdefault(name, (query, aggregate))
        return sql.col(name, self.facts)

    def _window(self, query: EventQuery) -> list[exp.Expr]:
        return self.events.window(sql.col(AT, HAPPENED), query)

    def _sequence(self) -> EventSequence:
        """Return the sequence with the one window that there is, or without, back to the earliest beginning of several."""
        windows = list(self._windows.values())
        query = windows[0] if len(windows) == 1 else without_window(windows[0])
        return event_sequence(self.events, query, self.extras, windows)

    def _folded(self, anchors: str) -> exp.Select:
        select = exp.Select().select(sql.col(CUSTOMER, HAPPENED), copy=False).from_(sql.table(anchors, HAPPENED), copy=False)
        for name, (query, aggregate) in self._asked.items():
            window = [] if len(self._windows) == 1 else self._window(query)
            select = select.select(sql.aliased(self._cut(aggregate, window), name), copy=False)
        return select.group_by(sql.col(CUSTOMER, HAPPENED), copy=False)

    def _cut(self, aggregate: Aggregate, window: list[exp.Expr]) -> exp.Expr:
        """Return an aggregate of the anchors in a window: those outside have nothing to fold."""
        inside = sql.both(window)
        if not any(VALUE in each.columns for each in self.extras.values()):
            counted = aggregate(exp.Star())
            return counted if inside is None else exp.Filter(this=counted, expression=exp.Where(this=inside))
        value = sql.col(VALUE, HAPPENED)
        return aggregate(value if inside is None else exp.Case(ifs=[exp.If(this=inside, true=value)]))


def shared_anchors(events: Events, query: EventQuery, extras: Mapping[str, Extras], label: str) -> SharedAnchors:
    """Return the anchors that a query shares with every other that differs from it only in its window."""
    anywhen = event_sequence(events, without_window(query), extras)
    key = (sql.shape(anywhen.rows()), sql.shape(anywhen.anchors(label)))
    found = events.scans.anchors.get(key)
    if found is None:
        found = events.scans.anchors[key] = SharedAnchors(events, extras)
        found.enter(label)
    return found
