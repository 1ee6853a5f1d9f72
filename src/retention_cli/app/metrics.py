"""`retention metric list`: every number about a customer that a condition or a template may name, and what it is made of.

Nothing here knows a metric: the built-in ones are those of `model.metric.BUILT_IN`, the shop's own are the project's, and
what each stands on is read off the plan that it compiles to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.words import in_full
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.questions import NEXT_QUESTION
from retention_cli.compile.schema import Schema
from retention_cli.model.condition import Total
from retention_cli.model.metric import BUILT_IN, NEEDS, Favourite, Score, When
from retention_cli.model.problem import NOWHERE
from retention_cli.model.unit import Unit, unit_of_metric, unit_of_name
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retention_cli.app.workspace import Workspace
    from retention_cli.compile.operators import Typed
    from retention_cli.model.metric import Metric
    from retention_cli.model.project import Project
    from retention_cli.model.source import ColumnType

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Origin(StrEnum):
    """Who says what a metric is."""

    OWN = "own"
    BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class Listed:
    """A metric. `sources` are those it is read from; `place` is the shop's file and line, empty for a built-in one.

    `not_there` says why a built-in metric cannot be had here: its source is missing, or the shop gave the name to something else.
    """

    name: str
    origin: Origin
    type: ColumnType | None
    unit: Unit
    formula: str
    description: str
    place: str
    sources: tuple[str, ...]
    not_there: str = ""


def metric_list(work: Workspace) -> list[Listed]:
    """Return the shop's own metrics, then the built-in ones, by what is known of the sources without reading them."""
    project = work.project
    schema = Schema.of(project.sources, peek(project, work.lock.sources))
    return [*_own(project, schema), *_groups(project, schema), *_built_in(project, schema)]


def units_of(project: Project, names: Iterable[str]) -> dict[str, Unit]:
    """Return what each field or metric is counted in."""
    return {name: unit_of_metric(own, None) if (own := project.metrics.get(name)) is not None else unit_of_name(name, None) for name in names}


def _own(project: Project, schema: Schema) -> Iterator[Listed]:
    for name, metric in sorted(project.metrics.items()):
        found, sources = _compiled(project, schema, str(name))
        kind = found.type if found is not None else None
        place = f"{metric.name.place.file}:{metric.name.place.line}"
        yield Listed(str(name), Origin.OWN, kind, unit_of_metric(metric, kind), _formula(metric), metric.description, place, sources)


def _groups(project: Project, schema: Schema) -> Iterator[Listed]:
    """Yield the groups: a text about each customer, the division's name."""
    for origin, groups in ((Origin.OWN, project.groups), (Origin.BUILT_IN, project.standard_groups)):
        for name, group in sorted(groups.items()):
            found, sources = _compiled(project, schema, str(name))
            own = origin is Origin.OWN
            place = f"{group.name.place.file}:{group.name.place.line}" if own else ""
            missing = "" if own else _missing(project, schema, str(name), found)
            formula = "division: " + ", ".join(group.names)
            yield Listed(str(name), origin, found.type if found else None, Unit.NONE, formula, group.description, place, sources, missing)


def _formula(metric: Metric) -> str:
    match metric.definition:
        case When(condition=condition):
            return f"whether {in_full(condition)}"
        case Score() as score:
            cut = ", ".join(map(str, score.limits)) or f"{score.bins} bins"
            return f"score of {score.of}: {cut}, best {score.best}{f', among {in_full(score.among)}' if score.among is not None else ''}"
        case Favourite() as liked:
            weights = ", ".join(f"{event} {weight}" for event, weight in liked.weights)
            halved = f", halved each {liked.half_life}" if liked.half_life is not None else ""
            return f"favourite {liked.of}, number {liked.rank}, by {weights}{halved}"
        case Total() as total:
            return in_full(total)


def _built_in(project: Project, schema: Schema) -> Iterator[Listed]:
    for name, formula in BUILT_IN.items():
        found, sources = _compiled(project, schema, name)
        kind = found.type if found is not None else None
        yield Listed(name, Origin.BUILT_IN, kind, unit_of_name(name, kind), formula, "", "", sources, _missing(project, schema, name, found))


def _missing(project: Project, schema: Schema, name: str, found: Typed | None) -> str:
    if name in project.metrics or name in project.groups:
        return "your own metric of this name goes before it"
    if name in schema.customer_fields:
        return "the customers' column of this name goes before it"
    if found is not None:
        return ""
    return f"needs {NEEDS[name]}" if name == NEXT_QUESTION else "no source gives what it takes"


def _compiled(project: Project, schema: Schema, name: str) -> tuple[Typed | None, tuple[str, ...]]:
    """Return a metric as it compiles, and the sources that its plan reads."""
    compiler = Compiler(schema, Moment(_SOME_DAY, project.zone), project)
    found = compiler.field(name, NOWHERE)
    read = {table.name for _, query in compiler.scans.ctes() for table in query.find_all(exp.Table)}
    return found, tuple(source for source in schema.sources if source in read)
