"""Waits that are shorter than what they wait for: than the time from run to run, and than that from export to export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from retention_cli.compile.rules.course import longest
from retention_cli.model.condition import Did, EventsLike, Total, walk
from retention_cli.model.duration import Duration
from retention_cli.model.problem import NOWHERE, Problem, warning
from retention_cli.model.rule import Rule
from retention_cli.model.step import Send, Until, Wait, all_steps, asked_by
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import EventQuery
    from retention_cli.model.problem import Place
    from retention_cli.model.project import Project

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_BEATS = 500
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def below_tick(project: Project, campaign: Campaign) -> Iterator[Problem]:
    """Yield the waits that end before the next run, where the project itself says when `schedule` runs."""
    daemon = project.settings.daemon
    if "daemon" not in project.settings.model_fields_set or "tick" not in daemon.model_fields_set:
        return
    gap = _shortest_gap(project)
    for span in _spans(campaign):
        if span.longest < gap:
            message = f"a wait of {span} is shorter than the time from run to run: by daemon: tick, {told(gap)} at the least"
            yield warning(span.place, Rule.WAIT_BELOW_TICK, message, "it lasts until the next run: write so long a wait, or let tick run more often")


def _shortest_gap(project: Project) -> timedelta:
    """Return the least time from one run to the next."""
    beat, due = project.settings.daemon.tick, [_SOME_DAY]
    for _ in range(_BEATS):
        due.append(beat.after(due[-1], project.zone))
    return min(later - earlier for earlier, later in pairwise(due[1:]))


def below_export(project: Project, schema: Schema, campaign: Campaign) -> Iterator[Problem]:
    """Yield the waits after which no newer export can have come of what exits and steps ask."""
    rhythms = {source: found for source in _asked(campaign, schema) if (found := _rhythm(project, source)) is not None}
    if not rhythms:
        return
    source = max(sorted(rhythms), key=rhythms.__getitem__)
    often = "a day" if rhythms[source] == _DAY else "an hour"
    for step in all_steps(campaign.steps):
        if isinstance(step, Wait) and timedelta(0) < longest(step) < rhythms[source] and (place := _place(step)) != NOWHERE:
            message = f"this wait is shorter than the rhythm of {source!r}: by its guard, an export comes about once {often}"
            hint = f"what happens meanwhile is not seen when it ends: wait {often} or longer, or export more often and say so by max_age"
            yield warning(place, Rule.WAIT_BELOW_EXPORT, message, hint)


def _rhythm(project: Project, source: str) -> timedelta | None:
    """Return how often an export comes, by how old it may be: one that may be 26 hours old comes about once a day."""
    spec = project.sources.get(source)
    age = None if spec is None else spec.guard.max_age
    if age is None:
        return None
    return _DAY if age.longest >= _DAY else _HOUR if age.longest >= _HOUR else None


def _asked(campaign: Campaign, schema: Schema) -> set[str]:
    """Return the sources whose events exits and steps ask about; those of parts are also their parents."""
    conditions = [*campaign.exit.values(), *(condition for step in all_steps(campaign.steps) for condition in asked_by(step))]
    queries = [node.query for condition in conditions for node in walk(condition) if isinstance(node, (Did, Total))]
    found = {source for query in queries for source in _sources(query, schema)}
    return found | {parent for source in found if (parent := schema.parent(source)) is not None}


def _sources(query: EventQuery, schema: Schema) -> Iterator[str]:
    for event in query.events:
        if not isinstance(event, EventsLike):
            yield from (table.source for table in schema.tables_of(str(event)))
        elif event.source:
            yield event.source


def _spans(campaign: Campaign) -> Iterator[Duration]:
    """Yield the lengths of time that are waited for."""
    for step in all_steps(campaign.steps):
        if isinstance(step, Wait) and isinstance(step.wait, Duration):
            yield step.wait
        elif isinstance(step, Send) and step.no_reaction is not None:
            yield step.no_reaction.after


def _place(step: Wait) -> Place:
    span = step.wait.at_most if isinstance(step.wait, Until) else step.wait
    return NOWHERE if span is None else span.place


def told(length: timedelta) -> str:
    """Return a length of time in its largest whole unit."""
    seconds = int(length.total_seconds())
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return plural(seconds // size, name)
    return plural(seconds, "second")
