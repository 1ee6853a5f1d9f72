"""Questions that are asked by mail: which one is next for a customer, and whether they fit the customers' fields.

A question is answered once its field has a value, or an event `answer` names it in its column `question`: the event is there
before the shop's own export has the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import literals
from retention_cli.compile.rows import RowScope
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import All, Condition, Did, EventQuery, FieldTest
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op, Test
from retention_cli.model.source import CUSTOMERS, Column, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.schema import Schema
    from retention_cli.model.survey import Question
    from retention_cli.model.word import Word

NEXT_QUESTION = "next_question"
ANSWER, QUESTION = "answer", "question"


def next_question(compiler: Compiler) -> Typed | None:
    """Return the name of the first question that a customer has not answered, missing where none is left; None without questions."""
    questions = compiler.names.questions
    if not questions:
        return None
    heard = _is_heard(compiler.schema)
    cases = [
        exp.If(this=compiler.condition(_unanswered(each, compiler.schema, heard=heard)), true=exp.Literal.string(str(each.ask))) for each in questions
    ]
    return Typed(compiler.scans.layer(NEXT_QUESTION, exp.Case(ifs=cases)), ColumnType.TEXT)


def _unanswered(question: Question, schema: Schema, *, heard: bool) -> Condition:
    parts: list[Condition] = []
    if _column(question, schema) is not None:
        parts.append(FieldTest(field=f"{CUSTOMERS}.{_name(question)}", tests=(Test(op=Op.MISSING),)))
    if heard:
        asked = FieldTest(field=QUESTION, tests=(Test(op=Op.IS, values=(str(question.ask),)),))
        parts.append(Did(EventQuery(events=(ANSWER,), where=asked), negated=True))
    return All(tuple(parts))


def _is_heard(schema: Schema) -> bool:
    """Whether an event `answer` says in words which question it answers; where none does, the fields alone tell."""
    columns = [RowScope(schema, table.source).find(QUESTION) for table in schema.tables_of(ANSWER)]
    return {column.type for column in columns if column is not None} == {ColumnType.TEXT}


def _name(question: Question) -> str:
    return question.field.removeprefix(f"{CUSTOMERS}.")


def _column(question: Question, schema: Schema) -> Column | None:
    return schema.customer_fields.get(_name(question))


def misfits(compiler: Compiler) -> Iterator[Problem]:
    """Yield what is wrong between the questions and the customers' columns; nothing where no column is known."""
    schema = compiler.schema
    for question in compiler.names.questions if schema.is_known(CUSTOMERS) else ():
        column = _column(question, schema)
        if column is None:
            yield _unknown(question, compiler)
        else:
            yield from _of_another_type(question, column, compiler)


def _unknown(question: Question, compiler: Compiler) -> Problem:
    field, columns = question.field, compiler.schema.customer_fields
    if str(field) in compiler.fields.known():
        message = f"{str(field)!r} is a metric or a group, and an answer belongs into a field of the customers"
        return Problem(field.place, "unknown-field", message, did_you_mean(field, columns))
    return Problem(field.place, "unknown-field", f"customers have no field {str(field)!r}", did_you_mean(field, columns))


def _of_another_type(question: Question, column: Column, compiler: Compiler) -> Iterator[Problem]:
    field, noun = question.field, literals.NOUNS[column.type]
    if question.several and column.type is not ColumnType.LIST:
        hint = f"leave 'several' out, or settle the type: types: {{{column.name}: list}}"
        yield Problem(field.place, "wrong-type", f"{str(field)!r} is {noun}, and 'several' is for lists", hint)
    for answer in question.answers:
        if not _fits(answer.value, column.type, compiler):
            other = "that" if column.type is ColumnType.BOOLEAN else "one"
            message = f"the answer {str(answer.value)!r} is not {noun}, and {str(field)!r} is {other}"
            hint = "write it like 2026-01-31" if column.type is ColumnType.DATE else literals.HINTS.get(column.type, "")
            yield Problem(answer.value.place, "wrong-type", message, hint)


def _fits(value: Word, kind: ColumnType, compiler: Compiler) -> bool:
    """Whether the field can hold the answer: as `literals.read`, less what is only good to compare with."""
    if kind is ColumnType.LIST:
        return True
    if kind is ColumnType.DATE:  # "50 days ago" is another day tomorrow, and so is "today"
        return value[:1].isdigit() and compiler.moment.read_date(value) is not None
    found = literals.read(value, kind, compiler.moment)
    return isinstance(found, int) if kind is ColumnType.INTEGER else found is not None
