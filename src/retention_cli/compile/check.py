"""Everything in a project that names a field, a column or an event, tried against what is known of the sources.

The same compiler that makes the SQL finds the mistakes, so nothing passes here that a run would stumble over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from retention_cli.compile.began import misnamed
from retention_cli.compile.check_triggers import check_trigger
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.definitions import Nothing
from retention_cli.compile.kept import misfits_of
from retention_cli.compile.literals import NOUNS
from retention_cli.compile.moment import Moment
from retention_cli.compile.program import compile_program
from retention_cli.compile.proofs import divided, impossible
from retention_cli.compile.questions import misfits
from retention_cli.compile.rows import RowScope, row_condition
from retention_cli.compile.rules.advice import advise
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.selections import selection
from retention_cli.compile.thresholds import NUMBERS
from retention_cli.model.campaign import conditions_of
from retention_cli.model.condition import Consented, Selected
from retention_cli.model.effects import Call
from retention_cli.model.kind import Kind
from retention_cli.model.policy import FieldLimit
from retention_cli.model.problem import NOWHERE, Problem
from retention_cli.model.source import ColumnType
from retention_cli.model.step import TRIGGER, OnDate, Until, Wait, all_steps
from retention_cli.model.trigger import Happened
from retention_cli.model.word import place_of
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from retention_cli.compile.schema import EventTable, Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.learned import Learned
    from retention_cli.model.program import ProgramGoal
    from retention_cli.model.project import Project
    from retention_cli.model.word import Word

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def check(project: Project, schema: Schema) -> list[Problem]:
    """Return every mistake that shows only once columns and events are known."""
    moment = Moment(_SOME_DAY, project.zone)
    compiler = Compiler(schema, moment, project)
    for segment in project.segments.values():
        compiler.condition(segment.where)
    for metric in project.metrics.values():
        compiler.field(str(metric.name), metric.name.place)
    for group in project.groups.values():
        compiler.field(str(group.name), group.name.place)
    for learned in project.learned.values():
        _learned(compiler, learned)
    problems = [
        *misfits(compiler),
        *_columns(project),
        *compiler.problems,
        *_reasoned(project, compiler),
        *_selections(project, schema),
        *_sources(project, schema, moment),
    ]
    for campaign in project.campaigns.values():
        problems += _campaign(project, schema, moment, campaign)
    problems += [*_policies(project, schema, moment), *advise(project, schema, types_of(compiler))]
    return list(dict.fromkeys(problems))


def _learned(compiler: Compiler, learned: Learned) -> None:
    """Try what a threshold is learned of, and by."""
    found = compiler.field(learned.of, learned.of.place)
    if found is not None and found.type not in NUMBERS:
        message = f"{str(learned.of)!r} is {NOUNS[found.type]}, and a percentile is of numbers"
        compiler.report(Problem(learned.of.place, "wrong-type", message, "name a metric that is one"))
    kind = None if learned.by is None else compiler.field(learned.by, learned.by.place)
    if learned.by is not None and kind is not None and kind.type is ColumnType.LIST:
        message = f"{str(learned.by)!r} is a list, and a customer has one limit"
        compiler.report(Problem(learned.by.place, "wrong-type", message, "name a field with one value: favourite_category"))


def _reasoned(project: Project, compiler: Compiler) -> Iterable[Problem]:
    """Yield what can be said without data: conditions that never hold, groups that are no division."""
    type_of = types_of(compiler)
    of_campaigns = [condition for campaign in project.campaigns.values() for condition in conditions_of(campaign)]
    for condition in (*conditions_over(project), *of_campaigns):
        yield from impossible(condition, type_of)
    for group in project.groups.values():
        yield from divided(group, type_of)


def types_of(compiler: Compiler) -> Callable[[str], ColumnType | None]:
    """Return what tells the type of a customer's field; None for what is no field."""
    known = set(compiler.fields.known())

    def type_of(name: str) -> ColumnType | None:
        found = compiler.field(name, NOWHERE) if name in known else None
        return None if found is None else found.type

    return type_of


def conditions_over(project: Project) -> Iterable[Condition]:
    """Yield the conditions of segments and groups."""
    yield from (segment.where for segment in project.segments.values())
    yield from (condition for group in project.groups.values() for condition in group.divisions.values())


def _selections(project: Project, schema: Schema) -> Iterable[Problem]:
    for segment in project.segments.values():
        if isinstance(segment.where, Selected) and isinstance(found := selection(segment.where, schema), Problem):
            yield found


def _columns(project: Project) -> Iterable[Problem]:
    """Segments become columns beside the customer's id, and engines do not tell upper case from lower."""
    taken = {CUSTOMER: CUSTOMER}
    for name, segment in project.segments.items():
        other = taken.setdefault(name.lower(), name)
        if other != name or name == CUSTOMER:
            message = f"the segment {name!r} would have the same column as {other!r}: upper and lower case are one there"
            yield Problem(segment.name.place, "duplicate-name", message, "rename it")


def _campaign(project: Project, schema: Schema, moment: Moment, campaign: Campaign) -> list[Problem]:
    journeys = Compiler(schema, moment, project, JOURNEYS)
    program = compile_program(campaign)
    for condition in (campaign.audience, *(step.condition for step in program.steps), *(each.condition for each in program.exits)):
        if condition is not None:
            journeys.condition(condition)
    for name in (name for step in all_steps(campaign.steps) if isinstance(step, Call) for name in step.fields):
        journeys.field(str(name), name.place)
    goals = [problem for goal in program.goals for problem in _goal(goal, Compiler(schema, moment, project, JOURNEYS))]
    trigger = Compiler(schema, moment, project)
    check_trigger(project, trigger, campaign)
    dates = [problem for word in _dates(campaign) for problem in _date(word, campaign, journeys, schema)]
    return [*misnamed(campaign, schema), *journeys.problems, *goals, *trigger.problems, *dates, *misfits_of(project, schema, moment, campaign)]


def _goal(goal: ProgramGoal, compiler: Compiler) -> list[Problem]:
    """Return what a goal asks in vain: one that no source can show is named."""
    if goal.when is not None:
        compiler.condition(goal.when)
    if goal.total is not None:
        compiler.total(goal.total)
    return [replace(problem, message=f"the goal {goal.name!r}: {problem.message}") for problem in compiler.problems]


def _dates(campaign: Campaign) -> Iterable[Word]:
    """Yield the dates that waits name."""
    for step in all_steps(campaign.steps):
        if isinstance(step, Wait) and isinstance(step.wait, Until) and isinstance(step.wait.until, OnDate):
            yield step.wait.until.date


def _date(word: Word, campaign: Campaign, journeys: Compiler, schema: Schema) -> Iterable[Problem]:
    """Yield what is wrong with a date that is waited for: it is not there, or is no date."""
    if not word.startswith(TRIGGER):
        found = journeys.field(str(word), word.place)
        kinds = {found.type} if found is not None else set()
    else:
        scopes = [RowScope(schema, table.source) for table in _tables(campaign, schema)]
        if any(not schema.is_known(scope.source) for scope in scopes):
            return
        columns = [scope.find(word.removeprefix(TRIGGER)) for scope in scopes]
        if not any(columns):
            message, known = (
                f"the event that begins the campaign has no {word.removeprefix(TRIGGER)!r}",
                {n for scope in scopes for n in scope.names()},
            )
            yield Problem(word.place, "unknown-field", message, did_you_mean(word.removeprefix(TRIGGER), known))
        kinds = {column.type for column in columns if column is not None}
    for kind in kinds - {ColumnType.DATE, ColumnType.TIME}:
        yield Problem(word.place, "wrong-type", f"{str(word)!r} is {NOUNS[kind]}, and a wait is for a date", "name a date, or settle it under types:")


def _tables(campaign: Campaign, schema: Schema) -> Iterable[EventTable]:
    if isinstance(campaign.trigger, Happened):
        yield from (table for event in campaign.trigger.query.events for table in schema.tables_of(str(event)))


def _policies(project: Project, schema: Schema, moment: Moment) -> list[Problem]:
    """Try what policies ask of customers: who consented to what is sent, whom a cap is about, and whose number it goes by."""
    compiler = Compiler(schema, moment, project)
    for campaign in project.campaigns.values() if project.consent is not None else ():
        if campaign.kind is not Kind.TRANSACTIONAL:
            for channel in sorted({channel for step in compile_program(campaign).steps for channel in step.named_channels}):
                compiler.condition(Consented(channel=channel, topic=campaign.topic, place=place_of(campaign.topic or campaign.name)))
    for cap in project.settings.policies.caps:
        if cap.who is not None:
            compiler.condition(cap.who)
        if isinstance(cap.at_most, FieldLimit):
            _number(compiler, cap.at_most.field)
    return compiler.problems


def _number(compiler: Compiler, name: Word) -> None:
    found = compiler.field(str(name), name.place)
    if found is not None and found.type not in NUMBERS:
        message = f"{str(name)!r} is {NOUNS[found.type]}, and a cap is a number"
        compiler.report(Problem(name.place, "wrong-type", message, f"name a field or metric that is one, or settle types: {{{name}: integer}}"))


def _sources(project: Project, schema: Schema, moment: Moment) -> Iterable[Problem]:
    for name, source in project.sources.items():
        for condition in (source.where, source.exclude, *source.checks):
            if condition is not None and schema.is_known(name):
                compiler = Compiler(schema, moment, Nothing())
                row_condition(condition, RowScope(schema, name), compiler.tests)
                yield from compiler.problems
