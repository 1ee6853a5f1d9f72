"""Tests run: made-up rows into tables, the same compiler and plan as for real customers, and a verdict.

One harness serves all tests of a project: one engine, one set of tables, and one plan for all tests that ask the same as
of the same moment. Each test has the tables for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_cli.compile.check import check
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.scans import EVERY_CUSTOMER, JOURNEYS
from retention_cli.compile.schema import Schema
from retention_cli.compile.segments import segments_query
from retention_cli.errors import ProjectInvalid
from retention_cli.model.case import Who
from retention_cli.model.problem import NOWHERE
from retention_cli.proof.asked import asked
from retention_cli.proof.beside import Beside
from retention_cli.proof.columns import fitted, with_own_events
from retention_cli.proof.courses import ends_of, failure_of, start_of
from retention_cli.proof.happenings import Happenings, with_happenings
from retention_cli.proof.instants import Span
from retention_cli.proof.mentions import leaning, with_policies
from retention_cli.proof.people import with_everybody
from retention_cli.proof.scratch import Scratches
from retention_cli.proof.simulation import Simulation, Stage
from retention_cli.proof.tables import Tables
from retention_cli.proof.verdict import Failure, Verdict, Wrong
from retention_cli.proof.why import Why
from retention_cli.proof.worlds import MadeUp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from retention_cli.compile.scans import Subject
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Mail
    from retention_cli.model.case import Case, Row
    from retention_cli.model.catalog import Catalog
    from retention_cli.model.condition import Condition
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.model.source import ColumnType
    from retention_cli.model.word import Word
    from retention_cli.proof.asked import Asked
    from retention_cli.proof.scenes import Story
    from retention_cli.proof.verdict import Reason


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    values: Mapping[str, object]
    problems: tuple[Problem, ...]


class Harness:
    """Everything that tests of one project share. `as_written`: rows stand as given, and nobody and nothing is made up beside them."""

    def __init__(self, engine: DuckEngine, project: Project, catalog: Catalog, *, as_written: bool = False, mails: Mapping[Any, Mail] = {}) -> None:
        self._engine = engine
        self._project = with_happenings(with_own_events(project), catalog)
        self._catalog = fitted(self._project, catalog)
        self._happenings = Happenings(self._project, catalog)
        self._mails = mails
        self._scratches = Scratches()
        self._schema = Schema(self._project.sources, self._catalog)
        self._as_written = as_written
        self._tables = Tables(engine, self._project, self._catalog, as_written=as_written)
        self._beside = Beside(engine, self._project, self._schema)
        self._plans: dict[tuple[datetime, tuple[Condition, ...]], _Plan] = {}
        self._checked: dict[frozenset[str], tuple[Problem, ...]] = {}
        self._kinds: dict[str, ColumnType | None] = {}

    def problems(self, case: Case) -> tuple[Problem, ...]:
        """Return what the sources do not have of all that a test asks, in its segments and campaigns too."""
        return (*self._plan(case).problems, *self._of_campaigns(frozenset(str(each.campaign) for each in case.courses)))

    def _of_campaigns(self, names: frozenset[str]) -> tuple[Problem, ...]:
        if names and names not in self._checked:
            found = check(leaning(self._project, names), self._schema)
            self._checked[names] = tuple(problem for problem in found if problem.is_error)
        return self._checked.get(names, ())

    def asked(self, case: Case) -> list[Asked]:
        """Return every condition that a test asks."""
        return asked(case, lambda name: self._kind(case, name))

    def answers(self, case: Case) -> list[tuple[Any, ...]]:
        """Return a row a customer: the id, and for each condition of `asked` whether it holds."""
        plan = self._plan(case)
        if plan.problems:
            raise ProjectInvalid(plan.problems)
        self._tables.fill(self._rows(case))
        self._beside.renew(self._moment(case))
        return self._engine.run(plan.sql, plan.values)

    def _rows(self, case: Case) -> Mapping[str, Sequence[Row]]:
        merged = self._happenings.merged(case)
        if self._as_written:
            return {str(source): rows for source, rows in merged.given.items()}
        return with_everybody(merged.given, self._project, self._catalog)

    def judge(self, case: Case) -> Verdict:
        """Run a test; raise ProjectInvalid where it asks what the sources do not have."""
        questions = self.asked(case)
        rows = self.answers(case) if questions else []
        failures: list[Failure] = []
        for n, each in enumerate(questions, start=1):
            members = {str(row[0]) for row in rows if row[n]}
            if isinstance(each.expectation, Who):
                failures += self._judge_who(case, each, each.expectation, members)
            elif each.who is not None and each.who not in members:
                failures.append(self._other_value(case, each, each.who))
        if not case.courses:
            return Verdict(case, tuple(failures))
        wrong, story = self._judge_courses(case)
        return Verdict(case, tuple(sorted([*failures, *wrong], key=lambda failure: failure.place)), story.points)

    def _judge_courses(self, case: Case) -> tuple[list[Failure], Story]:
        """Run the campaigns of a test; where one goes otherwise, once more, to see on what each decision rests."""
        story = self.story(case)
        if any(failure_of(each, story, self._project.zone) for each in case.courses):
            story = self.story(case, looks=True)
        found = [failure_of(each, story, self._project.zone) for each in case.courses]
        return [failure for failure in found if failure is not None], story

    def story(self, case: Case, *, looks: bool = False, also: Iterable[datetime] = ()) -> Story:
        """Return how the campaigns of a test go; `looks` tells on what each decision rests, `also` are instants to look at besides."""
        project = with_policies(leaning(self._project, {str(each.campaign) for each in case.courses}), case.policies)
        ends = ends_of(case, project.zone)
        span = Span(start_of(case, project.zone), max(ends))
        stage = Stage(self._engine, project, self._schema, self._mails)
        world = MadeUp(
            case, project, self._engine, rows=self._rows(case), tables=self._tables, beside=self._beside, changes=self._happenings.changes(case)
        )
        with self._scratches.fresh() as scratch:
            return Simulation(stage, world, scratch, span, looks=looks, also=[*ends, *also]).run()

    def close(self) -> None:
        """Remove what the tests wrote into folders of their own."""
        self._scratches.close()

    def _judge_who(self, case: Case, each: Asked, expected: Who, members: set[str]) -> Iterable[Failure]:
        exactly, has, lacks = (set(map(str, people or ())) for people in (expected.exactly, expected.has, expected.lacks))
        too_many = (members - exactly if expected.exactly is not None else set()) | (members & lacks)
        too_few = (exactly | has) - members
        if too_many | too_few:
            wrong = [Wrong(who, who in too_many, self._reasons(case, each.condition, who)) for who in sorted(too_many | too_few)]
            yield Failure(expected.place, each.words, _told(expected), tuple(sorted(members)), tuple(wrong))

    def _other_value(self, case: Case, each: Asked, who: Word) -> Failure:
        told = self._reasons(case, each.condition, who)
        subject = f"{each.expectation.path} {getattr(each.expectation, 'name', '')} of {who}"
        return Failure(who.place, subject, (each.words,), tuple(reason.value for reason in told), (Wrong(who, False, told),))

    def _reasons(self, case: Case, condition: Condition, who: str) -> tuple[Reason, ...]:
        return tuple(Why(self._engine, lambda: self.compiler(case, JOURNEYS), self._project.segments).reasons(condition, who))

    def compiler(self, case: Case, subject: Subject = EVERY_CUSTOMER) -> Compiler:
        """Return a fresh compiler at a test's moment."""
        return Compiler(self._schema, self._moment(case), self._project, subject)

    def _moment(self, case: Case) -> Moment:
        return Moment(start_of(case, self._project.zone), self._project.zone)

    def _kind(self, case: Case, name: Word) -> ColumnType | None:
        """Return a field's type, which no moment changes."""
        if str(name) not in self._kinds:
            found = self.compiler(case).field(name, NOWHERE)
            self._kinds[str(name)] = found.type if found is not None else None
        return self._kinds[str(name)]

    def _plan(self, case: Case) -> _Plan:
        compiler, conditions = self.compiler(case), tuple(each.condition for each in self.asked(case))
        key = (compiler.moment.as_of, conditions)
        if key not in self._plans:
            query = segments_query(compiler, {f"asked_{n}": condition for n, condition in enumerate(conditions, start=1)})
            self._plans[key] = _Plan(query.sql, query.values, tuple(compiler.problems))
        return self._plans[key]


def _told(expected: Who) -> tuple[str, ...]:
    return (*map(str, expected.exactly or ()), *(f"has {who}" for who in expected.has), *(f"lacks {who}" for who in expected.lacks))
