"""What would have begun a campaign for somebody, so that a message can be shown without waiting for it: taken from the newest data.

An event, a change or a product is one that really is there; a date, a division or a time is as the trigger would tell it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.items import items_query, trigger_events
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.rows import RowScope
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.engine.statements import statement
from retention_cli.errors import UsageError
from retention_cli.journey.tables import QUERIES
from retention_cli.model.trigger import Changes, Dated, Elapsed, Enters, Happened, Leaves, Moves, Once, PriceDropped, Restocked, Scheduled

if TYPE_CHECKING:
    from retention_cli.app.facts import View
    from retention_cli.model.condition import EventQuery
    from retention_cli.model.trigger import Change, Trigger

_LOOKED_BACK = timedelta(days=90)
_SUBJECTS = {
    "subject": "BIGINT",
    "campaign": "BIGINT",
    "customer_id": "VARCHAR",
    "entered_at": "TIMESTAMP",
    "trigger": "VARCHAR",
    "is_new": "BOOLEAN",
}
_FEW = 2
"""So many products stand for those that are there again, or cheaper."""

Occurred = tuple[str | None, dict[str, Any] | None]
"""Whose occasion it was, None where anybody's would do, and its facts."""


def occasion_of(view: View, trigger: Trigger, customer: str | None) -> tuple[str | None, str | None]:
    """Return whose occasion would have begun a campaign, of this customer or of anybody, and its facts as JSON.

    UsageError where nothing of the kind has happened in the last 90 days.
    """
    whose, facts = _occurred(view, trigger, customer)
    return whose, None if facts is None else json.dumps(facts, ensure_ascii=False)


def _occurred(view: View, trigger: Trigger, customer: str | None) -> Occurred:
    match trigger:
        case Happened(query=query):
            return _of_event(view, trigger, query, customer)
        case Elapsed(elapsed=lapse):
            return _of_event(view, trigger, lapse.since, customer)
        case Changes(changes=change):
            return _of_row(view, trigger, change, customer)
        case Restocked() | PriceDropped():
            return customer, _of_products(view, trigger)
        case _:
            return customer, _told(view, trigger)


def _told(view: View, trigger: Trigger) -> dict[str, Any] | None:
    """Return the facts of a trigger that no row of an export brings."""
    here = view.as_of.astimezone(view.work.project.zone)
    match trigger:
        case Dated(every=every):
            return {"date": here.date().isoformat()} | ({"years": 1} if every else {})
        case Moves(moves=move):
            return {"group": str(move.group), "from": None, "to": next((str(each) for each in move.to), None)}
        case Enters(enters=name) | Leaves(leaves=name):
            return {"segment": str(name)}
        case Scheduled() | Once():
            return {"time": here.replace(tzinfo=None).isoformat()}
        case _:
            return None


def _of_event(view: View, trigger: Trigger, query: EventQuery, customer: str | None) -> Occurred:
    found = occurrences_query(view.compiler(), query, Due(naive_utc(view.as_of - _LOOKED_BACK)))
    return _latest(view, trigger, found, customer)


def _of_row(view: View, trigger: Trigger, change: Change, customer: str | None) -> Occurred:
    """Return the newest row of the source whose values are watched."""
    source, schema, compiler = str(change.of), view.facts.schema, view.compiler()
    scope, time = RowScope(schema, source), schema.time(source)
    told = [part for name in scope.names() if (found := scope.find(name)) is not None for part in (exp.Literal.string(name), found.told())]
    facts = exp.cast(sql.call("json_object", *told), "varchar", dialect=sql.DIALECT)
    at = exp.Null() if time is None else sql.col(time, source)
    columns = [sql.col(CUSTOMER, source), sql.aliased(at, "holds_at"), sql.aliased(facts, "facts"), sql.aliased(exp.Literal.string(""), "occurrence")]
    select = compiler.scans.from_events(source, scope.joined)
    select.set("expressions", columns)
    wanted = sql.present(sql.col(CUSTOMER, source))
    whose, row = _latest(view, trigger, sql.finished(select.where(wanted, copy=False), compiler.values), customer)
    before = {"from": next((str(each) for each in change.from_), None), "to": next((str(each) for each in change.to), None)}
    return whose, None if row is None else {**row, **({str(change.field): before["to"]} if before["to"] else {}), **before}


def _latest(view: View, trigger: Trigger, query: sql.Query, customer: str | None) -> Occurred:
    """Return the last of some occasions, with the products that it is about."""
    with view.engine() as engine:
        engine.execute(sql.created("trial_occurrences", query), query.values)
        rows = engine.run(statement(QUERIES, "last_occurrence"), {"customer": customer})
        if not rows:
            whose = f"the customer {customer!r}" if customer is not None else "anybody"
            raise UsageError(f"in the last 90 days no event of {whose} would begin this campaign", "give one: --trigger '{…}'")
        whose, at, facts = rows[0]
        engine.table("subjects", _SUBJECTS, [(1, 1, whose, at, facts, True)])
        about = items_query(view.facts.schema, trigger_events(view.facts.schema, trigger), 1)
        items = engine.run(about.sql, about.values) if about is not None else []
    return str(whose), json.loads(str(facts)) | ({"items": json.loads(str(items[0][1]))} if items else {})


def _of_products(view: View, trigger: Restocked | PriceDropped) -> dict[str, Any] | None:
    """Return a few products that can be bought, as those that this trigger would tell of."""
    schema = view.facts.schema
    events = [table for event in trigger.interest.interested.events for table in schema.tables_of(str(event))]
    lookup = next((found for table in events if (found := schema.lookup(table.source)) is not None), None)
    if lookup is None or not schema.is_known(lookup):
        return None
    columns, key = schema.columns(lookup), schema.key(lookup) or ""
    row = sql.call("json_object", *(part for name in columns for part in (exp.Literal.string(name), sql.col(name, lookup))))
    select = exp.Select().select(exp.cast(row, "varchar", dialect=sql.DIALECT), copy=False).from_(sql.table(lookup), copy=False)
    if "stock" in columns:
        select = select.where(exp.GT(this=sql.col("stock", lookup), expression=sql.number(0)), copy=False)
    with view.engine() as engine:
        rows = engine.run(select.order_by(sql.col(key, lookup), copy=False).limit(_FEW, copy=False).sql(sql.DIALECT), {})
    products = [json.loads(str(told)) for (told,) in rows]
    return {"products": products, key: [product[key] for product in products]} if products else None
