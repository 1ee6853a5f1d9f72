"""What an analyst asks of a segment beside others: what each condition leaves, who is in several, and what tells it from everyone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.app.segments import known_fields, named
from retention_cli.audience.overlap import Overlap, overlap
from retention_cli.audience.profile import Profile, profile
from retention_cli.audience.waterfall import Waterfall, waterfall
from retention_cli.compile.schema import CUSTOMER
from retention_cli.errors import UsageError
from retention_cli.model.condition import FieldTest, InSegment, walk
from retention_cli.model.metric import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.app.facts import View
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project

_FEWEST, _MOST = 2, 26


@dataclass(frozen=True, slots=True)
class Profiled:
    """A segment's profile; `defining` are the fields that its own condition names, which of course stand out."""

    segment: str
    profile: Profile
    defining: frozenset[str]


def segment_waterfall(view: View, name: str) -> Waterfall:
    """Return what each condition of a segment leaves."""
    with view.engine() as engine:
        return waterfall(engine, view.compiler(), named(view.work, name))


def segment_overlap(view: View, names: Sequence[str]) -> Overlap:
    """Return who is in which of these segments at once."""
    wanted = {name: named(view.work, name).where for name in names}
    if not _FEWEST <= len(wanted) <= _MOST:
        raise UsageError(f"an overlap takes {_FEWEST} to {_MOST} segments, not {len(wanted)}")
    with view.engine() as engine:
        return overlap(engine, view.compiler(), wanted)


def segment_profile(view: View, name: str, fields: Sequence[str]) -> Profiled:
    """Return what tells a segment from everyone, by these fields and metrics or by all there are."""
    where = named(view.work, name).where
    known_fields(view, fields)
    with view.engine() as engine:
        found = profile(engine, view.compiler, where, fields or _everything(view))
    return Profiled(name, found, frozenset(_defining(view.work.project, where, set())))


def _everything(view: View) -> list[str]:
    columns = [field for field in view.facts.schema.customer_fields if field != CUSTOMER]
    return list(dict.fromkeys([*columns, *map(str, view.work.project.metrics), *BUILT_IN]))


def _defining(project: Project, condition: Condition, seen: set[str]) -> Iterator[str]:
    for node in walk(condition):
        if isinstance(node, FieldTest):
            yield str(node.field).removeprefix("customers.")
        elif isinstance(node, InSegment) and str(node.name) not in seen:
            seen.add(str(node.name))
            yield from _defining(project, project.segments[str(node.name)].where, seen)
