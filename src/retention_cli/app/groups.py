"""Groups: how they divide the customers of today, and the proof of it that `validate` asks for where there is data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.audience.divisions import Divided, divide
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.errors import UsageError
from retention_cli.model.problem import Problem, warning
from retention_cli.text import did_you_mean, plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from retention_cli.app.facts import View
    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.group import Group
    from retention_cli.model.project import Project


def group_show(view: View, name: str) -> Divided:
    """Return how a group divides the customers; raises UsageError with the nearest name."""
    project = view.work.project
    group = project.groups.get(name) or project.standard_groups.get(name)
    if group is None:
        raise UsageError(f"there is no group {name!r}", did_you_mean(name, [*project.groups, *project.standard_groups]))
    with view.engine() as engine:
        return divide(engine, view.compiler(), group)


def needs_proof(group: Group) -> bool:
    """Whether only data can say that a group is a division: nothing names the rest, or the order decides nothing."""
    return group.otherwise is None or not group.first_match


def proved(project: Project, schema: Schema, engine: DuckEngine, as_of: datetime) -> Iterator[Problem]:
    """Yield the gaps and overlaps of the project's own groups, each with a customer as witness."""
    for group in project.groups.values():
        if needs_proof(group):
            compiler = Compiler(schema, Moment(as_of, project.zone), project)
            yield from _told(group, divide(engine, compiler, group))


def _told(group: Group, found: Divided) -> Iterator[Problem]:
    name = str(group.name)
    if found.gap and group.otherwise is None:
        message = f"the group {name!r} has a gap: {plural(found.gap, 'customer is', 'customers are')} in no division, {found.gap_witness!r} for one"
        yield warning(group.name.place, "group-gap", message, "widen a division, or name the rest: otherwise: …")
    for overlap in () if group.first_match else found.overlaps:
        who = plural(overlap.count, "customer fits", "customers fit")
        message = f"the divisions {overlap.one!r} and {overlap.other!r} overlap: {who} both, {overlap.witness!r} for one"
        place = next(condition.place for key, condition in group.divisions.items() if str(key) == overlap.other)
        yield Problem(place, "group-overlap", message, "cut them apart, or write first_match: true and let the order decide")
