"""`trigger.FIELD`: what the row says that began a journey, as it is told now where it is found again by its key, else as it was then.

Where several products began a journey, what is asked of them is asked of all: a flag is true where it is true of any, a number
or a time is the largest, a text is there where all have the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.events import PRODUCTS_BY
from retention_cli.compile.program import compile_program
from retention_cli.compile.rows import STORED, RowScope
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import EventsLike, FieldTest, walk
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType
from retention_cli.model.step import TRIGGER
from retention_cli.model.trigger import Changes, Elapsed, Happened, PriceDropped, Restocked
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition, EventQuery
    from retention_cli.model.problem import Place

CHANGED = ("from", "to")
"""What a change tells beside the columns of its row: the value before, and the value now."""
_NUMBERS = {ColumnType.INTEGER, ColumnType.DECIMAL}
_BY_KEY = "began_by"
_KEY, _VALUE = "key", "value"


def is_of_trigger(name: str) -> bool:
    """Whether a field is one of the row that began the journey."""
    return name.startswith(TRIGGER)


def sources_of(campaign: Campaign, schema: Schema) -> list[str]:
    """Return the sources whose rows begin journeys of a campaign."""
    match campaign.trigger:
        case Happened(query=query):
            return _of_events(query, schema)
        case Elapsed(elapsed=elapsed):
            return _of_events(elapsed.since, schema)
        case Changes(changes=changes):
            return [str(changes.of)]
        case Restocked() | PriceDropped() as trigger:
            lookups = [schema.lookup(source) for source in _of_events(trigger.interest.interested, schema)]
            return sorted({lookup for lookup in lookups if lookup is not None})
        case _:
            return []


def _of_events(query: EventQuery, schema: Schema) -> list[str]:
    found: set[str] = set()
    for event in query.events:
        if isinstance(event, EventsLike):
            tables = schema.tables_like(source=event.source, starts_with=event.starts_with)
        else:
            tables = schema.tables_of(str(event))
        found |= {str(table.source) for table in tables}
    return sorted(found)


def conditions_of(campaign: Campaign) -> Iterator[Condition]:
    """Yield all that a campaign asks of a journey."""
    program = compile_program(campaign)
    asked = (campaign.audience, *(step.condition for step in program.steps), *(each.condition for each in program.exits))
    yield from (condition for condition in (*asked, *(goal.when for goal in program.goals)) if condition is not None)


def asked_of(campaign: Campaign) -> Iterator[tuple[str, Place]]:
    """Yield the fields of its trigger that a campaign asks for, with where."""
    for condition in conditions_of(campaign):
        for node in walk(condition):
            if isinstance(node, FieldTest) and is_of_trigger(str(node.field)):
                yield str(node.field).removeprefix(TRIGGER), getattr(node.field, "place", node.place)


def misnamed(campaign: Campaign, schema: Schema) -> Iterator[Problem]:
    """Yield the fields that the rows which begin a campaign do not have."""
    sources = sources_of(campaign, schema)
    if any(not schema.is_known(source) for source in sources):
        return
    known = {name for source in sources for name in RowScope(schema, source).names()}
    known |= set(CHANGED) if isinstance(campaign.trigger, Changes) else set()
    for name, place in asked_of(campaign):
        if not sources:
            message = f"nothing but the customer begins {str(campaign.name)!r}, so that there is no {TRIGGER}{name}"
            yield Problem(place, "unknown-field", message, "ask it of the customer, or begin the campaign by an event: did, changes, restocked, …")
        elif name not in known:
            yield Problem(place, "unknown-field", f"what begins the campaign has no {name!r}", did_you_mean(name, known))


def began(compiler: Compiler, name: str, place: Place) -> Typed | None:
    """Return a field of the row that began the journey; None, and a problem, where it has none or cannot be compared."""
    column = name.removeprefix(TRIGGER)
    if compiler.subject.table is None:
        message = f"{name!r} is of what began a journey, and is known in campaigns alone"
        compiler.report(Problem(place, "unknown-field", message, "ask it in exit, if, until or audience of the campaign"))
        return None
    found = _found(compiler, column)
    if not found:
        return None  # `misnamed` has told it, or nothing is known of these sources yet
    kinds = {typed.type for typed in found.values()}
    kind = ColumnType.DECIMAL if kinds == _NUMBERS else next(iter(kinds))
    if (len(kinds) > 1 and kinds != _NUMBERS) or kind is ColumnType.LIST:
        message = f"{name!r} is of one type in {' and of another in '.join(sorted(found))}" if len(kinds) > 1 else f"{name!r} is a list"
        compiler.report(Problem(place, "wrong-type", message, "give it one type under types:, and no list"))
        return None
    then = exp.TryCast(this=sql.json_text(_facts(compiler), column), to=exp.DataType.build(STORED[kind], dialect=sql.DIALECT))
    now = [_now(compiler, source, column, kind) for source in found if source and compiler.schema.key(source)]
    return Typed(exp.Coalesce(this=now[0], expressions=[*now[1:], then]) if now else then, kind)


def _found(compiler: Compiler, column: str) -> Mapping[str, Typed]:
    """Return the column by source, over all campaigns that ask for it: one plan answers them together."""
    found: dict[str, Typed] = {}
    for campaign in compiler.names.campaigns.values():
        if column not in {name for name, _ in asked_of(campaign)}:
            continue
        for source in sources_of(campaign, compiler.schema):
            typed = RowScope(compiler.schema, source).find(column)
            if typed is not None:
                found[source] = typed
        if column in CHANGED and isinstance(campaign.trigger, Changes):
            found[""] = Typed(exp.Null(), ColumnType.TEXT)
    return found


def _facts(compiler: Compiler) -> exp.Column:
    return sql.col("trigger", compiler.subject.table)


def _now(compiler: Compiler, source: str, column: str, kind: ColumnType) -> exp.Expr:
    """Return the column as the source tells it now of the row, or of all products, by which a journey began."""
    scope = RowScope(compiler.schema, source)
    typed = scope.find(column)
    key = compiler.schema.key(source) or ""
    keys = compiler.scans.own(f"{_BY_KEY}_{source}", _keys(compiler, key), attach=False)
    same = exp.EQ(this=exp.cast(sql.col(key, source), "varchar", dialect=sql.DIALECT), expression=sql.col(_KEY, keys))
    subject = sql.col(compiler.subject.key, keys)
    value = exp.Null() if typed is None else exp.cast(typed.copied(), STORED[kind], dialect=sql.DIALECT)
    select = exp.Select().select(subject, sql.aliased(_of_all(value, kind), _VALUE), copy=False).from_(sql.table(keys), copy=False)
    select = select.join(sql.table(source), on=same, join_type="inner", copy=False)
    select = compiler.scans.with_tables(select, source, scope.joined).group_by(subject.copy(), copy=False)
    return sql.col(_VALUE, compiler.scans.own(f"began_{source}_{column}", select))


def _keys(compiler: Compiler, key: str) -> exp.Query:
    """Return a row a journey and key of what began it."""
    table = compiler.subject.table or ""
    subject = sql.col(compiler.subject.key, table)
    one = exp.Select().select(subject, sql.aliased(sql.json_text(_facts(compiler), key), _KEY), copy=False)
    listed = exp.cast(sql.json_value(_facts(compiler), PRODUCTS_BY, key), "varchar[]", dialect=sql.DIALECT)
    several = exp.Select().select(subject.copy(), sql.aliased(sql.call("unnest", listed), _KEY), copy=False)
    return exp.Union(this=one.from_(sql.table(table), copy=False), expression=several.from_(sql.table(table), copy=False), distinct=True)


def _of_all(value: exp.Expr, kind: ColumnType) -> exp.Expr:
    if kind is ColumnType.BOOLEAN:
        return sql.call("bool_or", value)
    if kind is not ColumnType.TEXT:
        return exp.Max(this=value)
    is_one = exp.EQ(this=exp.Min(this=value), expression=exp.Max(this=value.copy()))
    return exp.Case(ifs=[exp.If(this=is_one, true=exp.Min(this=value.copy()))])
