"""Conditions that ask who somebody is rather than what they did: a sample, a list, a file of SQL, a consent.

Lists and files of SQL are tables that an engine must hold before the plan runs; `listed_table` and `selected_table` say how
they are called.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.literals import NOUNS
from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.condition import All, AnyOf, EventQuery, EventsLike, FieldTest, Fold, Listed, Total
from retention_cli.model.policy import Default
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op, Test
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.schema import Schema
    from retention_cli.model.condition import Condition, Consented, Sample, Selected
    from retention_cli.model.policy import Consent

_DIGITS = 12
_SEPARATOR = "\x1f"


def sampled(node: Sample, values: sql.Values) -> exp.Expr:
    """Return whether a hash of the sample's name and the customer's id lies in the share: SHA-256, its first 48 bits."""
    if node.share >= 1:
        return sql.true()
    edge = format(int(node.share * (Decimal(16) ** _DIGITS)), f"0{_DIGITS}x")
    text = sql.call("concat", values.bind(f"{node.name}{_SEPARATOR}", "sample"), sql.col(CUSTOMER, CUSTOMERS))
    digits = sql.call("substr", sql.call("sha256", text), sql.number(1), sql.number(_DIGITS))
    return exp.LT(this=digits, expression=values.bind(edge, "sample share"))


def listed_table(file: str) -> str:
    """Return what the table of a file of ids is called."""
    return f"list {file}"


def selected_table(file: str) -> str:
    """Return what the table with the ids that a file of SQL selects is called."""
    return f"selected by {file}"


def in_file(node: Listed | Selected) -> exp.Expr:
    """Return whether the customer's id is in the file's table."""
    table = listed_table(str(node.file)) if isinstance(node, Listed) else selected_table(str(node.file))
    ids = exp.Select().select(sql.col(CUSTOMER, table), copy=False).from_(sql.table(table), copy=False)
    there = sql.present(sql.col(CUSTOMER))  # else nobody would be known not to be in it
    return exp.In(this=sql.col(CUSTOMER, CUSTOMERS), query=exp.Subquery(this=ids.where(there, copy=False)))


def consented(compiler: Compiler, node: Consented) -> exp.Expr:
    """Return whether the customer consented: by a field of theirs, or by the last change that a source tells."""
    consent = compiler.names.consent
    if consent is None:
        message = "nothing says where consent stands"
        compiler.report(Problem(node.place, "no-consent", message, "write policies: {consent: {email: newsletter}} into retention.yml"))
        return sql.false()
    if consent.source is not None:
        return _by_changes(compiler, node, consent)
    field = consent.field(str(node.channel))
    if field is None:
        known = [name for name in ("email", "sms", "push") if consent.field(name) is not None]
        compiler.report(
            Problem(node.place, "no-consent", f"policies: consent says nothing of {node.channel!r}", did_you_mean(str(node.channel), known))
        )
        return sql.false()
    value = compiler.field(str(field), field.place)
    if value is None:
        return sql.false()
    if value.type is not ColumnType.BOOLEAN:
        message = f"{str(field)!r} is {NOUNS[value.type]}, and consent is true or false"
        compiler.report(Problem(field.place, "wrong-type", message, f"settle it under types: {{{field}: boolean}}"))
        return sql.false()
    return sql.sure(value.expression)


def _by_changes(compiler: Compiler, node: Consented, consent: Consent) -> exp.Expr:
    silence = _silence(compiler, node, consent)
    last = Total(fold=Fold.LATEST, query=_changes(compiler.schema, node, str(consent.source)), field="consent", place=node.place)
    value = compiler.total(last)
    if value is None or silence is None:
        return sql.false()
    if value.type is not ColumnType.BOOLEAN:
        message = f"the column consent of {consent.source} is {value.type}, and it should say true or false"
        compiler.report(Problem(node.place, "wrong-type", message, "settle it under types: {consent: boolean}"))
        return sql.false()
    return exp.Coalesce(this=value.expression, expressions=[sql.true() if silence is Default.OPT_OUT else sql.false()])


def last_change(schema: Schema, consent: Consent, node: Consented) -> Total | None:
    """Return what tells when consent was changed last; None where it stands in a field, or nothing is known of the source."""
    time = schema.time(str(consent.source)) if consent.source is not None and str(consent.source) in schema.sources else None
    if time is None:
        return None
    return Total(fold=Fold.LATEST, query=_changes(schema, node, str(consent.source)), field=time, place=node.place)


def _silence(compiler: Compiler, node: Consented, consent: Consent) -> Default | None:
    """Return what it means that there was no change: no, unless a topic says otherwise."""
    if node.topic is None:
        return Default.OPT_IN
    found = {str(name): default for name, default in consent.topics.items()}.get(str(node.topic))
    if found is None:
        hint = did_you_mean(str(node.topic), map(str, consent.topics)) or "write it under policies: consent: topics:"
        compiler.report(Problem(getattr(node.topic, "place", node.place), "unknown-topic", f"there is no topic {str(node.topic)!r}", hint))
    return found


def _changes(schema: Schema, node: Consented, source: str) -> EventQuery:
    """Return the changes of consent to a channel and a topic: a row without either speaks of all of them."""
    columns = schema.columns(source)
    asked: list[Condition] = []
    for column, value in (("channel", node.channel), ("topic", node.topic)):
        if column in columns and value is not None:
            here = FieldTest(field=column, tests=(Test(op=Op.IS, values=(str(value),)),), place=node.place)
            asked.append(AnyOf(parts=(here, FieldTest(field=column, tests=(Test(op=Op.MISSING),), place=node.place))))
    events = (EventsLike(source=source, place=node.place),)
    return EventQuery(events=events, where=All(parts=tuple(asked)) if asked else None, place=node.place)
