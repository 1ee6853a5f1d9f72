"""On what the decisions of a simulation rest: the parts of conditions that decided, with the values that they looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.audience.explain import Entry
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment, naive_utc
from retention_cli.compile.scans import JOURNEYS
from retention_cli.proof.why import Why

if TYPE_CHECKING:
    from datetime import datetime

    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project
    from retention_cli.proof.chronicle import Journey
    from retention_cli.proof.verdict import Reason


class Looking:
    """Looks at conditions as of one instant after another, over the tables of an engine."""

    def __init__(self, engine: DuckEngine, project: Project, schema: Schema) -> None:
        self._engine = engine
        self._project = project
        self._schema = schema
        self._moment: Moment | None = None

    @property
    def segments(self) -> set[str]:
        """The segments that there are."""
        return set(self._project.segments)

    def turn(self, now: datetime) -> None:
        """Look as of this instant from now on."""
        self._moment = Moment(now, self._project.zone)

    def reasons(self, condition: Condition, journey: Journey) -> tuple[Reason, ...]:
        """Return on what a condition rests for the customer of a journey."""
        entry = Entry(naive_utc(journey.entered_at) if journey.entered_at is not None else None, journey.trigger)
        return tuple(Why(self._engine, self._compiler, self._project.segments).reasons(condition, journey.customer, entry=entry))

    def _compiler(self) -> Compiler:
        if self._moment is None:
            raise RuntimeError("nothing was looked at as of any moment yet")
        return Compiler(self._schema, self._moment, self._project, JOURNEYS)
