"""`sql:` conditions: a boolean expression over fields and metrics, read into a tree, checked, and compiled like the rest.

Nothing of the text reaches the engine as text. Only these may stand in it: names of fields and metrics, numbers, texts,
`true`, `false`, `null`, comparisons, `and`, `or`, `not`, arithmetic, `in`, `between`, `like`, `is null`, `case`, and the
functions in `kinds`. A text beside a date or a time is read as one, by the shop's clock. What a missing value leaves open is
false, and so is what cannot be computed: a division by zero, a root of a negative number, a number too large. Numbers are
computed as binary fractions, which no engine takes for an error, and compared to six places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from retention_cli.compile import literals, sql
from retention_cli.compile.kinds import COMPARISONS, KINDS, NUMBER, Checked, Fault
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Expression

_LONGEST = 4000


def expression(compiler: Compiler, node: Expression) -> exp.Expr:
    """Return a two-valued expression; a mistake is reported and read as false."""
    try:
        tree = _parsed(str(node.text))
        checked = Checked(compiler, node)
        checked.demand_condition(tree)
    except Fault as fault:
        if fault.code:
            compiler.report(Problem(node.place, fault.code, str(fault), fault.hint))
        return sql.false()
    except RecursionError:
        compiler.report(Problem(node.place, "bad-expression", "the expression is nested too deeply", "make parts of it metrics of their own"))
        return sql.false()
    return sql.sure(sql.bracketed(_built(checked, tree)))


def _parsed(text: str) -> exp.Expr:
    if len(text) > _LONGEST:
        raise Fault(f"the expression is longer than {_LONGEST} characters", "make parts of it metrics of their own")
    try:
        trees = parse(f"SELECT {text}", read=sql.DIALECT)
    except SqlglotError as error:
        raise Fault("this is no expression of SQL", _told(error)) from error
    select = trees[0] if len(trees) == 1 else None
    if (
        not isinstance(select, exp.Select)
        or len(select.expressions) != 1
        or any(value for key, value in select.args.items() if key not in ("expressions", "kind"))
    ):
        raise Fault("only one expression can stand here", "write it like total_spent > 3 * average_order_value; a whole SELECT goes into sql_file")
    return select.expressions[0]  # type: ignore[no-any-return]  # sqlglot's lists are untyped


def _told(error: SqlglotError) -> str:
    """Return what the parser says, without where in its own text it says so."""
    said = str(error).splitlines()[0].partition(". Line")[0]
    return "a part is missing" if said.startswith("Required keyword") else said[:120]


def _built(checked: Checked, part: exp.Expr) -> exp.Expr:
    """Put fields' own expressions in the place of their names, bind what was written, and guard what cannot be computed."""
    compiler = checked.compiler
    if isinstance(part, exp.Column):
        return _column(compiler, checked.node, part)
    if isinstance(part, exp.Literal):
        if part.is_string:
            return compiler.values.bind(checked.read.get(id(part), part.name), "text")
        return _double(exp.Literal.number(f"{literals.read(part.name, ColumnType.DECIMAL, compiler.moment):f}"))
    part.comments = None
    is_asked = isinstance(part, (*COMPARISONS, exp.In, exp.Between, exp.Is))
    computed = [is_asked and not isinstance(child, exp.Column | exp.Literal) and checked.kind(child) == NUMBER for child in part.iter_expressions()]
    places = part.args.get("decimals")
    for child, is_computed in zip(list(part.iter_expressions()), computed, strict=True):
        if child is not places:
            built = _built(checked, child)
            child.replace(_where(sql.call("isfinite", built.copy()), sql.rounded(built.copy())) if is_computed else built)
    return _guarded(part)


def _column(compiler: Compiler, node: Expression, column: exp.Column) -> exp.Expr:
    found = compiler.field(".".join(each.name for each in column.parts), node.place)
    if found is None:
        return exp.Null()
    return _double(found.expression) if KINDS[found.type] == NUMBER else sql.bracketed(found.expression)


def _double(number: exp.Expr) -> exp.Expr:
    return exp.cast(number, "double", dialect=sql.DIALECT)


def _guarded(part: exp.Expr) -> exp.Expr:
    """Keep from engines what some take for an error: it becomes missing, or a number that is none."""
    match part:
        case exp.Div() | exp.Mod():
            part.set("expression", exp.Nullif(this=part.expression, expression=sql.number(0)))
            return part
        case exp.Sqrt():
            return sql.call("pow", part.this, exp.Literal.number("0.5"))
        case exp.Ln():
            return _where(exp.GT(this=part.this.copy(), expression=sql.number(0)), part)
        case _:
            return part


def _where(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value.copy())])
