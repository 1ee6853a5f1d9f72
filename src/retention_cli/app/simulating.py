"""`retention campaign simulate`: one person's way through one campaign, told; no ledger is written and no socket is opened.

A made-up person stands in a file in the form of a test's `given` and `when`. A real one has the shop's rows, and the whole shop
beside, for shares and percentiles are of all customers; the mail that was really sent counts too.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.app.facts import look
from retention_cli.app.mails import mails_of
from retention_cli.app.shop_world import ShopWorld
from retention_cli.app.workspace import known_campaigns
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.duck import DuckEngine
from retention_cli.errors import ProjectInvalid, UsageError
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.delta import Delta
from retention_cli.ledger.reader import open_reader
from retention_cli.ledger.rows import Suppression
from retention_cli.model.word import Word
from retention_cli.project.given import read_given
from retention_cli.proof.check import check
from retention_cli.proof.courses import start_of
from retention_cli.proof.happenings import instant
from retention_cli.proof.harness import Harness
from retention_cli.proof.instants import Span
from retention_cli.proof.mentions import leaning, texts
from retention_cli.proof.scratch import Scratches
from retention_cli.proof.simulation import Simulation, Stage
from retention_cli.sources.peek import peek
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from retention_cli.app.workspace import Workspace
    from retention_cli.model.case import Case
    from retention_cli.model.duration import Duration
    from retention_cli.proof.scenes import Story
    from retention_cli.proof.scratch import Scratch

USUAL = timedelta(days=30)
"""How long a simulation is, where nobody says."""
_CHANNELS = ("email", "sms", "push")


@dataclass(frozen=True, slots=True)
class Asked:
    """One simulation: whose, of which campaign, over which time, and how often somebody looks. None: not said."""

    campaign: str
    customer: str
    start: datetime | None = None
    until: datetime | None = None
    every: Duration | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """How it went."""

    asked: Asked
    span: Span
    story: Story


def simulate_given(work: Workspace, asked: Asked, file: Path) -> Simulated:
    """Tell the way of a made-up person; raise ProjectInvalid for mistakes in the file, UsageError for an unknown campaign."""
    known_campaigns(work, [asked.campaign])
    case, problems = read_given(file.read_text(encoding="utf-8"), str(file), asked.campaign, asked.customer)
    if case is None:
        raise ProjectInvalid(problems)
    zone = work.project.zone
    start = asked.start or start_of(case, zone)
    last = max([start, *(instant(each.at, zone) for each in case.when)])
    span = _span(start, asked.until or last + USUAL)
    [course] = case.courses
    _demand_person(case, asked.customer, file)
    expected = (replace(course, until=Word(span.until.isoformat())),)
    case = case.model_copy(update={"as_of": Word(start.isoformat()), "expect": expected})
    project = work.project.model_copy(update={"cases": (*work.project.cases, case)})
    catalog = peek(project, work.lock.sources)
    problems = [problem for problem in check(project, catalog) if problem.place.file == str(file)]
    if any(problem.is_error for problem in problems):
        raise ProjectInvalid(problems)
    with (
        DuckEngine.within(work.project.limits.lowered(threads=1)) as engine,
        closing(Harness(engine, project, catalog, mails=mails_of(work))) as harness,
    ):
        story = harness.story(case, looks=True, also=_grid(work, span, asked.every))
    return Simulated(asked, span, story.of(asked.campaign, asked.customer))


def _demand_person(case: Case, customer: str, file: Path) -> None:
    named = {str(value) for rows in case.given.values() for row in rows for key, value in row.values.items() if key == CUSTOMER}
    named |= {str(each.customer) for each in case.when if each.of is None}
    if customer not in named:
        raise UsageError(f"nobody in {file} is the customer {customer!r}", did_you_mean(customer, named))


def simulate_customer(work: Workspace, asked: Asked, now: datetime, progress: Callable[[str], None] | None = None) -> Simulated:
    """Tell the way of a customer of the shop, by the exports as they are; raise UsageError where there is no such customer."""
    known_campaigns(work, [asked.campaign])
    until = asked.until or (asked.start + USUAL if asked.start is not None else now)
    span = _span(asked.start or until - USUAL, until)
    view = look(work, span.until, progress)
    project = leaning(work.project, {asked.campaign})
    with view.engine() as engine, closing(Scratches()) as scratches, scratches.fresh() as scratch:
        stage = Stage(engine, project, view.facts.schema, mails_of(work))
        world = ShopWorld(view, engine, asked.customer, texts(list(project.campaigns.values())))
        world.demand_customer()
        _take_suppressions(work, scratch)
        _take_fields(work, scratch, span.start)
        story = Simulation(stage, world, scratch, span, looks=True, also=_grid(work, span, asked.every)).run()
    return Simulated(asked, span, story.of(asked.campaign, asked.customer))


def _span(start: datetime, until: datetime) -> Span:
    if until <= start:
        raise UsageError(f"the simulation would end before it begins: {start.isoformat()} to {until.isoformat()}", "give --until a later time")
    return Span(start, until)


def _grid(work: Workspace, span: Span, every: Duration | None) -> Iterator[datetime]:
    """Yield the instants at which somebody looks, whatever happens."""
    at = span.start
    while every is not None and at < span.until:
        later = every.after_wall(at, work.project.zone)
        if later <= at:
            raise UsageError("--every is no time at all", "write it like 1 day or 6 hours")
        at = later
        yield at


def _take_fields(work: Workspace, scratch: Scratch, until: datetime) -> None:
    """Begin with the fields that steps had really written by then."""
    reader = open_reader(work.location)
    if reader is None:
        return
    with reader:
        last = {row[:3]: row for row in reader.field_history(to_micros(until))}
    scratch.record(Delta(fields_written=list(last.values())), 0)


def _take_suppressions(work: Workspace, scratch: Scratch) -> None:
    """Leave alone whom the real ledger leaves alone."""
    reader = open_reader(work.location)
    if reader is None:
        return
    with reader:
        for channel in _CHANNELS:
            found = reader.suppressed(channel)
            rows = [Suppression(channel, "suppressed", "ledger", 0, address=address) for address in found.addresses]
            scratch.past.suppress([*rows, *(Suppression(channel, "suppressed", "ledger", 0, customer=customer) for customer in found.customers)])
