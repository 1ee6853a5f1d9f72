"""Everything in a project that names a field, a column or an event, tried against what is known of the sources.

The same compiler that makes the SQL finds the mistakes, so nothing passes here that a run would stumble over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.program import compile_program
from retention_cli.compile.rows import RowScope, row_condition
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.model.campaign import Happened
from retention_cli.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.project import Project

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def check(project: Project, schema: Schema) -> list[Problem]:
    """Return every mistake that shows only once columns and events are known."""
    moment = Moment(_SOME_DAY, project.zone)
    compiler = Compiler(schema, moment, project.segments, project.metrics)
    for segment in project.segments.values():
        compiler.condition(segment.where)
    for metric in project.metrics.values():
        compiler.total(metric.definition)
    problems = [*_columns(project), *compiler.problems, *_sources(project, schema, moment)]
    for campaign in project.campaigns.values():
        problems += _campaign(project, schema, moment, campaign)
    return list(dict.fromkeys(problems))


def _columns(project: Project) -> Iterable[Problem]:
    """Segments become columns beside the customer's id, and engines do not tell upper case from lower."""
    taken = {CUSTOMER: CUSTOMER}
    for name, segment in project.segments.items():
        other = taken.setdefault(name.lower(), name)
        if other != name or name == CUSTOMER:
            message = f"the segment {name!r} would have the same column as {other!r}: upper and lower case are one there"
            yield Problem(segment.name.place, "duplicate-name", message, "rename it")


def _campaign(project: Project, schema: Schema, moment: Moment, campaign: Campaign) -> list[Problem]:
    journeys = Compiler(schema, moment, project.segments, project.metrics, JOURNEYS)
    program = compile_program(campaign)
    asked = [*(step.condition for step in program.steps), *(each.condition for each in program.exits), *(goal.when for goal in program.goals)]
    for condition in (campaign.audience, *asked):
        if condition is not None:
            journeys.condition(condition)
    for goal in program.goals:
        if goal.total is not None:
            journeys.total(goal.total)
    trigger = Compiler(schema, moment, project.segments, project.metrics)
    if isinstance(campaign.trigger, Happened) and trigger.events.tables(campaign.trigger.query):
        occurrences_query(trigger, campaign.trigger.query, Due(moment.instant))
    return [*journeys.problems, *trigger.problems]


def _sources(project: Project, schema: Schema, moment: Moment) -> Iterable[Problem]:
    for name, source in project.sources.items():
        for condition in (source.where, source.exclude, *source.checks):
            if condition is not None and schema.is_known(name):
                compiler = Compiler(schema, moment, {}, {})
                row_condition(condition, RowScope(schema, name), compiler.tests)
                yield from compiler.problems
