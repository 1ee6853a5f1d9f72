"""`retention message matrix`: every template against the edge members of the audience that it really has, counted.

An edge is a field of the customer that the template reads and some members lack, and the longest text that it may have to write. For
each, one such member's message is made and checked as by `message lint`; what must not be sent so is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retention_cli.app.linting import Reader, lint_one
from retention_cli.app.message import senders, wanted
from retention_cli.app.occasions import occasion_of
from retention_cli.compile.segments import members_query
from retention_cli.compile.sql import created
from retention_cli.engine.quoting import fill, identifier
from retention_cli.errors import UsageError
from retention_cli.model.condition import All, AnyOf, Everyone, FieldTest, InSegment, walk
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.question import Op, Test
from retention_cli.model.trigger import Enters, Moves
from retention_cli.render.bare import bare_fields
from retention_cli.render.needs import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from retention_cli.app.facts import View
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.template import Template

_LACKING = "SELECT count(*), min(customer_id) FROM matrix_audience WHERE {field} IS NULL OR CAST({field} AS VARCHAR) = ''"
_LONGEST = (
    "SELECT customer_id, length(CAST({field} AS VARCHAR)) FROM matrix_audience WHERE typeof({field}) = 'VARCHAR' AND {field} <> ''"
    " ORDER BY 2 DESC, 1 LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Edge:
    """Some members of a template's audience: `what` they have in common, how many, and what is wrong with their messages, if anything."""

    template: str
    audience: int
    what: str
    members: int
    told: str
    is_wrong: bool


def matrix(view: View, templates: Collection[str], say: Callable[[str], None]) -> Iterator[Edge]:
    """Yield the edges of templates (none named: of all that a campaign sends), template by template."""
    sent = senders(view.work.project)
    names = wanted(templates, sent)
    with view.engine() as engine:
        open_view = replace(view, held=engine)
        for name in names:
            yield from _of_template(open_view, engine, name, sent[name], say)


def _of_template(view: View, engine: DuckEngine, name: str, campaigns: Sequence[Campaign], say: Callable[[str], None]) -> Iterator[Edge]:
    template, project = view.work.project.templates[name], view.work.project
    known = {*view.facts.schema.customer_fields, *project.metrics, *BUILT_IN, *project.groups}
    fields = sorted(needs(template).customer & known)
    query = members_query(view.compiler(), AnyOf(tuple(_audience(each) for each in campaigns)), fields)
    engine.execute(created("matrix_audience", query), query.values)
    size = int(str(engine.run("SELECT count(*) FROM matrix_audience", {})[0][0]))
    edges = list(_edges(engine, template, fields)) if size else []
    try:
        somebody, trigger = occasion_of(view, campaigns[0].trigger, None)
    except UsageError:
        somebody, trigger = None, None  # nothing of the kind has happened lately: said of anybody's message
    yield Edge(name, size, "anybody", size, *_judged(view, name, Reader(somebody, trigger), say))
    for what, members, customer, wrong in edges:
        told, is_wrong = _judged(view, name, Reader(customer, trigger), say)
        yield Edge(name, size, what, members, wrong or told, bool(wrong) or is_wrong)


def _edges(engine: DuckEngine, template: Template, fields: Sequence[str]) -> Iterator[tuple[str, int, str, str]]:
    """Yield of each edge what it is, how many are there, one of them, and what is wrong with the template for them."""
    bare, required = bare_fields(template), {str(each).removeprefix("customer.") for each in template.front.requires}
    for field in fields:
        lacking, somebody = engine.run(fill(_LACKING, field=identifier(field)), {})[0]
        if int(str(lacking)) and field not in required:
            wrong = f"written without {field}, and nothing stands in for it" if field in bare else ""
            yield f"no {field}", int(str(lacking)), str(somebody), wrong
        for customer, length in engine.run(fill(_LONGEST, field=identifier(field)), {}):
            yield f"{field} of {length} characters", 1, str(customer), ""


def _judged(view: View, template: str, reader: Reader, say: Callable[[str], None]) -> tuple[str, bool]:
    """Return what is wrong with one member's message, and whether anything is."""
    found = lint_one(view, template, reader, (), say)
    wrong = [f"{each.message} [{each.code}]" for each in found.findings] if found.is_wrong else []
    return "; ".join(wrong[:2]) or "sound", found.is_wrong


def _audience(campaign: Campaign) -> Condition:
    """Return who may get a campaign's messages, as far as conditions over customers tell."""
    parts: list[Condition] = [] if campaign.audience is None or _asks_the_event(campaign.audience) else [campaign.audience]
    match campaign.trigger:
        case Enters(enters=segment):
            parts.append(InSegment(segment))
        case Moves(moves=move) if move.to:
            parts.append(FieldTest(field=str(move.group), tests=(Test(op=Op.IS, values=tuple(map(str, move.to))),)))
        case _:
            pass
    return All(tuple(parts)) if parts else Everyone()


def _asks_the_event(condition: Condition) -> bool:
    return any(isinstance(node, FieldTest) and node.field.startswith("trigger.") for node in walk(condition))
