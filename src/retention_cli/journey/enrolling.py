"""What finding candidates stands on, and how they are put into the table `candidates`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.audience.memberships import Generation
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Running
    from retention_cli.journey.zones import Zones
    from retention_cli.model.duration import Duration

CANDIDATES = "candidates"


@dataclass(frozen=True, slots=True)
class Generations:
    """The memberships now and before, and the id that the new generation will have."""

    now: Generation
    before: Generation
    id: int


@dataclass(frozen=True, slots=True)
class Enrolling:
    """The frame, the engine that holds its facts, the memberships, and the zones that customers live in."""

    frame: Frame
    engine: DuckEngine
    generations: Generations
    zones: Zones
    done: list[tuple[int, str, str]] = field(default_factory=list)
    """Times of timetables that this tick deals with: (campaign, "", zone and wall clock), verdicts of nobody in particular."""

    def compiler(self) -> Compiler:
        """Return a fresh compiler over all customers."""
        return Compiler(self.frame.schema, self.frame.moment, self.frame.project)

    def since(self, running: Running, late: Duration, *, backfill: bool) -> datetime:
        """Return the instant after which an occasion still counts: not older than `late`, and not before the campaign first ran."""
        oldest = late.before(self.frame.as_of, self.frame.project.zone)
        return oldest if backfill else max(oldest, running.first_as_of)

    def add(self, running: Running, query: sql.Query) -> None:
        """Add what a query gives as (customer_id, occurrence, holds_at, facts)."""
        found = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("found")))
        facts = sql.col(FACTS, "found")
        per = exp.Null() if running.per is None else sql.json_text(facts.copy(), running.per)
        value = exp.Coalesce(this=per, expressions=[exp.Literal.string("")])
        columns = [sql.number(running.id), *(sql.col(name, "found") for name in (CUSTOMER, OCCURRENCE, HOLDS_AT)), facts, value]
        rows = sql.Query(exp.Select().select(*columns, copy=False).from_(found, copy=False), query.values)
        self.engine.execute(sql.inserted(CANDIDATES, rows), rows.values)

    def count(self, query: sql.Query) -> int:
        """Return how many rows a query gives."""
        return int(str(self.engine.run(sql.counted(query), query.values)[0][0]))
