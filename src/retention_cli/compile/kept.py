"""Fields of customers that the ledger keeps, and tags: read like columns, from a table that is made where a plan names it.

The table has a row a customer, field and tag: the last value that was written. What a step wrote wins over a column of the
same name, which only made-up rows of tests have. Of tags the export's own stay, with what steps added and without what
they removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import literals, sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.typed import Typed
from retention_cli.model.effects import Update
from retention_cli.model.kept_field import COLUMNS, KEPT_FIELDS, TAGS
from retention_cli.model.problem import Problem
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.model.step import all_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.effects import Written
    from retention_cli.model.project import Project
    from retention_cli.model.source import Column
    from retention_cli.model.word import Word

_SQL_TYPES = {
    ColumnType.TEXT: "varchar",
    ColumnType.INTEGER: "bigint",
    ColumnType.DECIMAL: "decimal(38, 10)",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIME: "timestamp",
}
_FIELD, _TAG, _VALUE = COLUMNS[1:]


def kept(compiler: Compiler, name: str) -> Typed | None:
    """Return a kept field, or the tags where the ledger keeps some; None where the name is neither."""
    column = compiler.schema.customer_fields.get(name)
    if (declared := compiler.names.kept_fields.get(name)) is not None:
        return _field(compiler, name, declared.column_type, column)
    is_list = column is None or column.type is ColumnType.LIST
    if name == TAGS and is_list and (column is not None or compiler.names.keeps_tags):
        return Typed(sql.col(TAGS, compiler.scans.own_by_customer("all_tags", _tags(column))), ColumnType.LIST)
    return None


def kept_names(compiler: Compiler) -> Iterator[str]:
    """Yield the names of what the ledger keeps."""
    yield from compiler.names.kept_fields
    if compiler.names.keeps_tags:
        yield TAGS


def _field(compiler: Compiler, name: str, kind: ColumnType, column: Column | None) -> Typed:
    value = exp.TryCast(this=sql.col(_VALUE), to=exp.DataType.build(_SQL_TYPES[kind], dialect=sql.DIALECT))
    select = exp.Select().select(sql.col(CUSTOMER), sql.aliased(value, name), copy=False)
    table = compiler.scans.own_by_customer(f"kept_{name}", _where(select, name))
    written = sql.col(name, table)
    if column is None:
        return Typed(written, kind)
    there = exp.If(this=sql.present(sql.col(CUSTOMER, table)), true=written)
    return Typed(exp.Case(ifs=[there], default=sql.col(column.name, CUSTOMERS)), kind)


def _where(select: exp.Select, field: str, value: str | None = None) -> exp.Select:
    """Restrict rows of the kept table to a field, and to a value where one is given; names are the project's own."""
    found = select.from_(sql.table(KEPT_FIELDS), copy=False).where(_is(_FIELD, field), copy=False)
    return found if value is None else found.where(_is(_VALUE, value), copy=False)


def _is(column: str, text: str) -> exp.Expr:
    return exp.EQ(this=sql.col(column), expression=exp.Literal.string(text))


def _tags(column: Column | None) -> exp.Query:
    """Return a row a customer with the list of all tags, sorted."""
    rows: exp.Query = _where(exp.Select().select(sql.col(CUSTOMER), sql.col(_TAG), copy=False), TAGS, "true")
    if column is not None:
        each = exp.Select().select(sql.col(CUSTOMER), sql.aliased(sql.call("unnest", sql.col(column.name)), _TAG), copy=False)
        rows = exp.Union(this=each.from_(sql.table(CUSTOMERS), copy=False), expression=rows, distinct=True)
    removed = _where(exp.Select().select(sql.col(CUSTOMER), sql.col(_TAG), copy=False), TAGS, "false")
    pair = exp.Tuple(expressions=[sql.col(CUSTOMER, "tagged"), sql.col(_TAG, "tagged")])
    stays = sql.negated(exp.In(this=pair, query=exp.Subquery(this=removed)))
    told = sql.aliased(sql.call("list_sort", exp.ArrayAgg(this=sql.col(_TAG, "tagged"))), TAGS)
    select = exp.Select().select(sql.col(CUSTOMER, "tagged"), told, copy=False)
    select = select.from_(exp.Subquery(this=rows, alias=exp.TableAlias(this=sql.name("tagged"))), copy=False)
    return select.where(sql.present(sql.col(_TAG, "tagged")), stays, copy=False).group_by(sql.col(CUSTOMER, "tagged"), copy=False)


def clashes(project: Project, schema: Schema) -> Iterator[Problem]:
    """Yield kept fields that the customers' export has too: one name would mean two things."""
    for name in project.settings.fields:
        if name in schema.columns(CUSTOMERS):
            message = f"the customers have a column {str(name)!r} of their own, and a kept field may not be called the same"
            yield Problem(name.place, "duplicate-name", message, "rename the field, or map the column to another name: columns:")


def misfits_of(project: Project, schema: Schema, moment: Moment, campaign: Campaign) -> Iterator[Problem]:
    """Yield what updates of a campaign write that does not fit: values of another type, tags where tags are no list."""
    for step in all_steps(campaign.steps):
        if isinstance(step, Update):
            yield from _of_values(step.update, project, moment)
            yield from _of_tags(step.update, schema.columns(CUSTOMERS).get(TAGS))


def _of_values(written: Written, project: Project, moment: Moment) -> Iterator[Problem]:
    for name, value in written.set.items():
        declared = project.kept_fields.get(str(name))
        if declared is not None and value and not _fits(value, declared.column_type, moment):
            message = f"{str(value)!r} is not {literals.NOUNS[declared.column_type]}, and {str(name)!r} is declared as one"
            yield Problem(value.place, "wrong-type", message, literals.HINTS.get(declared.column_type, ""))


def _fits(value: Word, kind: ColumnType, moment: Moment) -> bool:
    found = literals.read(value, kind, moment)
    return isinstance(found, int) if kind is ColumnType.INTEGER else found is not None


def _of_tags(written: Written, column: Column | None) -> Iterator[Problem]:
    for tag in (*written.add_tags, *written.remove_tags) if column is not None and column.type is not ColumnType.LIST else ():
        message = f"the customers' column 'tags' is {literals.NOUNS[column.type]}, so that no tag can be added or removed" if column else ""
        yield Problem(tag.place, "wrong-type", message, 'settle its type: types: {tags: {list: ","}}')
