"""Every template tried against the facts that the campaigns which send it can give, without a person and without rendering."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.compile.items import items_query, trigger_events
from retention_cli.compile.recommendable import recommendable_columns
from retention_cli.compile.rows import RowScope
from retention_cli.errors import RenderFailed
from retention_cli.model.effects import Start
from retention_cli.model.kept_field import TAGS
from retention_cli.model.metric import BUILT_IN
from retention_cli.model.step import all_steps, letters, wordings
from retention_cli.model.trigger import (
    Changes,
    Dated,
    Elapsed,
    Enters,
    Happened,
    Leaves,
    Moves,
    Once,
    PriceDropped,
    Restocked,
    Scheduled,
    Started,
)
from retention_cli.render.check import ITEM_FIELDS, Known, check
from retention_cli.render.needs import needs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import EventQuery
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.model.step import Wording
    from retention_cli.model.template import Template
    from retention_cli.model.trigger import Trigger
    from retention_cli.model.word import Word


def check_templates(project: Project, schema: Schema) -> list[Problem]:
    """Return the mistakes of every template, each against the facts that the campaigns which send it can give."""
    customer = {*schema.customer_fields, *project.metrics, *BUILT_IN, *project.kept_fields, *((TAGS,) if project.keeps_tags else ()), *project.groups}
    started = {str(step.start) for campaign in project.campaigns.values() for step in all_steps(campaign.steps) if isinstance(step, Start)}
    problems: list[Problem] = []
    for name, template in sorted(project.templates.items()):
        fields = customer if schema.is_known("customers") else _anything(template)
        for subject, uses in _uses(project, name).items():
            users = [campaign for campaign, _ in uses]
            items = ITEM_FIELDS if all(_has_items(schema, campaign) and campaign.name not in started for campaign in users) else None
            given = set.intersection(*(set(wording.given) for _, wording in uses)) if uses else set()
            ends = all(campaign.deadline is not None for campaign in users)
            coded = bool(uses) and all(wording.has_voucher for _, wording in uses)
            facts = _facts(schema, users, started)
            known = Known(fields, facts, items, project.settings.locale, frozenset(given), has_deadline=ends, has_voucher=coded)
            known = replace(known, segments=frozenset(map(str, project.segments)), products=recommendable_columns(schema))
            problems += check(template.with_subject(subject), known)
    return list(dict.fromkeys(problems))


def _uses(project: Project, template: str) -> dict[Word | None, list[tuple[Campaign, Wording]]]:
    """Return the campaigns that send a template, by the subject that they put in place of its own."""
    found: dict[Word | None, list[tuple[Campaign, Wording]]] = {}
    for campaign in project.campaigns.values():
        for wording in (wording for letter in letters(campaign.steps) for wording in wordings(letter)):
            if wording.template == template:
                found.setdefault(wording.subject, []).append((campaign, wording))
    return found or {None: []}


def _has_items(schema: Schema, campaign: Campaign) -> bool:
    """Tell whether a campaign's event, or a child of its row, names the products that it is about."""
    events = trigger_events(schema, campaign.trigger)
    is_unseen = not all(schema.is_known(event.source) for event in events)
    return bool(events) and (is_unseen or items_query(schema, events, 0) is not None)


def _anything(template: Template) -> set[str]:
    """Return what the template reads: where nothing is known of customers, nothing can be wrong about them."""
    try:
        return set(needs(template).customer)
    except RenderFailed:
        return set()


def _facts(schema: Schema, users: Sequence[Campaign], started: Collection[str]) -> set[str] | None:
    """Return the facts that every campaign which sends a template can give; None where they are not known. A start brings none."""
    found: set[str] | None = None
    for campaign in users:
        facts = set() if campaign.name in started else _told(schema, campaign.trigger)
        if facts is None:
            return None
        found = facts if found is None else found & facts
    return found


def _told(schema: Schema, trigger: Trigger) -> set[str] | None:
    """Return the facts that a trigger tells; None where they are not known."""
    match trigger:
        case Happened(query=query):
            return _of_events(schema, query)
        case Elapsed(elapsed=lapse):
            return _of_events(schema, lapse.since)
        case Changes(changes=change):
            return {*schema.columns(str(change.of)), "from", "to"} if schema.is_known(str(change.of)) else None
        case Restocked() | PriceDropped():
            return _of_products(schema, trigger.interest.interested)
        case Moves():
            return {"group", "from", "to"}
        case Enters() | Leaves():
            return {"segment"}
        case Dated(every=every):
            return {"date"} if every is None else {"date", "years"}
        case Scheduled() | Once():
            return {"time"}
        case Started():
            return set()


def _of_events(schema: Schema, query: EventQuery) -> set[str] | None:
    """Return the columns that the rows of all events of a query have."""
    events = [str(event) for event in query.events]
    tables = [table for event in events for table in schema.tables_of(event)]
    # An event that no source was seen to give may come from any that names its events in a column.
    if not tables or not all(event in schema.events for event in events) or not all(schema.is_known(table.source) for table in tables):
        return None
    return set.intersection(*(set(RowScope(schema, table.source).names()) for table in tables))


def _of_products(schema: Schema, query: EventQuery) -> set[str] | None:
    lookups = {schema.lookup(table.source) for event in query.events for table in schema.tables_of(str(event))}
    keys = {schema.key(lookup) for lookup in lookups if lookup is not None}
    return {"products", *(key for key in keys if key is not None)} if len(keys) == 1 else None
