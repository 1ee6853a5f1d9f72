"""`sql:` conditions: a boolean expression over fields and metrics, read into a tree, checked, and compiled like the rest.

Nothing of the text reaches the engine as text. Only these may stand in it: names of fields and metrics, numbers, texts,
`true`, `false`, `null`, comparisons, `and`, `or`, `not`, arithmetic, `in`, `between`, `like`, `is null`, `case`, and the
functions below. What a missing value leaves open is false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from retention_cli.compile import sql
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Expression

BOOLEAN, NUMBER, TEXT, DATE, TIME, LIST, NOTHING = "true or false", "a number", "text", "a date", "a time", "a list", "nothing"
_KINDS = {
    ColumnType.BOOLEAN: BOOLEAN,
    ColumnType.INTEGER: NUMBER,
    ColumnType.DECIMAL: NUMBER,
    ColumnType.TEXT: TEXT,
    ColumnType.DATE: DATE,
    ColumnType.TIME: TIME,
    ColumnType.LIST: LIST,
}
_LOGIC = (exp.And, exp.Or)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_SAME = "the same"

FUNCTIONS: dict[str, tuple[str, str]] = {
    "abs": (NUMBER, NUMBER),
    "ceil": (NUMBER, NUMBER),
    "floor": (NUMBER, NUMBER),
    "round": (NUMBER, NUMBER),
    "sqrt": (NUMBER, NUMBER),
    "ln": (NUMBER, NUMBER),
    "power": (NUMBER, NUMBER),
    "lower": (TEXT, TEXT),
    "upper": (TEXT, TEXT),
    "trim": (TEXT, TEXT),
    "length": (TEXT, NUMBER),
    "coalesce": (_SAME, _SAME),
    "nullif": (_SAME, _SAME),
    "greatest": (_SAME, _SAME),
    "least": (_SAME, _SAME),
}
"""What each function takes and gives."""

_NODES: dict[type[exp.Expr], str] = {
    exp.Abs: "abs", exp.Ceil: "ceil", exp.Floor: "floor", exp.Round: "round", exp.Sqrt: "sqrt", exp.Ln: "ln", exp.Pow: "power", exp.Lower: "lower",
    exp.Upper: "upper", exp.Trim: "trim", exp.Length: "length", exp.Coalesce: "coalesce", exp.Nullif: "nullif", exp.Greatest: "greatest",
    exp.Least: "least",
}  # fmt: skip


class _Fault(Exception):
    """What is wrong with an expression, and what to do; without a code it was reported where it was found."""

    def __init__(self, message: str, hint: str = "", code: str = "bad-expression") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


def expression(compiler: Compiler, node: Expression) -> exp.Expr:
    """Return a two-valued expression; a mistake is reported and read as false."""
    try:
        tree = _parsed(str(node.text))
        _Checked(compiler, node).demand_condition(tree)
    except _Fault as fault:
        if fault.code:
            compiler.report(Problem(node.place, fault.code, str(fault), fault.hint))
        return sql.false()
    return sql.sure(sql.bracketed(_replaced(compiler, node, tree)))


def _parsed(text: str) -> exp.Expr:
    try:
        trees = parse(f"SELECT {text}", read=sql.DIALECT)
    except SqlglotError as error:
        raise _Fault("this is no expression of SQL", str(error).splitlines()[0][:200]) from error
    select = trees[0] if len(trees) == 1 else None
    if (
        not isinstance(select, exp.Select)
        or len(select.expressions) != 1
        or any(value for key, value in select.args.items() if key not in ("expressions", "kind"))
    ):
        raise _Fault("only one expression can stand here", "write it like total_spent > 3 * average_order_value; a whole SELECT goes into sql_file")
    return select.expressions[0]  # type: ignore[no-any-return]  # sqlglot's lists are untyped


class _Checked:
    """Finds the kind of every part, from the leaves up."""

    def __init__(self, compiler: Compiler, node: Expression) -> None:
        self.compiler = compiler
        self.node = node

    def demand_condition(self, tree: exp.Expr) -> None:
        """Raise _Fault where a tree is not one condition."""
        kind = self.kind(tree)
        if kind != BOOLEAN:
            raise _Fault(f"the expression gives {kind}, and a condition is true or false", "compare it with something: total_spent > 100")

    def kind(self, part: exp.Expr) -> str:  # noqa: C901 - one line a kind of part
        """Return what a part gives; raise _Fault where it may not stand there."""
        match part:
            case exp.Paren() | exp.Neg():
                return self.kind(part.this)
            case exp.Boolean():
                return BOOLEAN
            case exp.Null():
                return NOTHING
            case exp.Literal():
                return TEXT if part.is_string else NUMBER
            case exp.Column():
                return self._field(part)
            case exp.Not():
                return self._all([part.this], BOOLEAN, "not", BOOLEAN)
            case exp.Is():
                self.kind(part.this)
                return BOOLEAN
            case exp.In() if not part.args.get("query") and not part.args.get("unnest"):
                return self._alike([part.this, *part.expressions], "in")
            case exp.Between():
                return self._alike([part.this, part.args["low"], part.args["high"]], "between")
            case exp.Like() | exp.ILike():
                return self._all([part.this, part.expression], TEXT, "like", BOOLEAN)
            case exp.Case():
                return self._case(part)
        return self._operator(part)

    def _operator(self, part: exp.Expr) -> str:
        if isinstance(part, _LOGIC):
            return self._all([part.left, part.right], BOOLEAN, part.key, BOOLEAN)
        if isinstance(part, _COMPARISONS):
            return self._alike([part.left, part.right], "a comparison")
        if isinstance(part, _ARITHMETIC):
            return self._all([part.left, part.right], NUMBER, "arithmetic", NUMBER)
        name = _NODES.get(type(part))
        if name is not None:
            return self._function(part, name)
        written = part.sql(dialect=sql.DIALECT).partition("(")[0][:60]
        known = ", ".join(FUNCTIONS)
        hint = did_you_mean(written.lower(), FUNCTIONS) if isinstance(part, exp.Func) else ""
        raise _Fault(f"{written!r} cannot stand in an expression", hint or f"functions: {known}")

    def _function(self, part: exp.Expr, name: str) -> str:
        takes, gives = FUNCTIONS[name]
        given = [each for each in part.iter_expressions() if isinstance(each, exp.Expr)]
        if takes == _SAME:
            self._alike(given, name)
            return next((kind for each in given if (kind := self.kind(each)) != NOTHING), NOTHING)
        return self._all(given, takes, name, gives)

    def _case(self, part: exp.Case) -> str:
        subject = part.this
        for each in part.args["ifs"]:
            if subject is None:
                self._all([each.this], BOOLEAN, "when", BOOLEAN)
            else:
                self._alike([subject, each.this], "when")
        results = [each.args["true"] for each in part.args["ifs"]] + [result for result in (part.args.get("default"),) if result is not None]
        self._alike(results, "case")
        return next((kind for each in results if (kind := self.kind(each)) != NOTHING), NOTHING)

    def _all(self, parts: list[exp.Expr], wanted: str, where: str, gives: str) -> str:
        for part in parts:
            found = self.kind(part)
            if found not in (wanted, NOTHING):
                raise _Fault(f"{part.sql(dialect=sql.DIALECT)[:60]!r} is {found}, and {where} takes {wanted}")
        return gives

    def _alike(self, parts: list[exp.Expr], where: str) -> str:
        """All parts must be of one kind; a text beside a date or a time is read as one."""
        kinds = {self.kind(part) for part in parts} - {NOTHING}
        if len(kinds) > 1 and not (TEXT in kinds and len(kinds) == 2 and kinds & {DATE, TIME} and self._texts_are_written(parts)):  # noqa: PLR2004 - a pair
            raise _Fault(f"{where} holds {' and '.join(sorted(kinds))} against each other")
        return BOOLEAN

    def _texts_are_written(self, parts: list[exp.Expr]) -> bool:
        return all(isinstance(part, exp.Literal) for part in parts if self.kind(part) == TEXT)

    def _field(self, column: exp.Column) -> str:
        name = ".".join(part.name for part in column.parts)
        found = self.compiler.field(name, self.node.place)
        if found is None:
            raise _Fault("", code="")
        return _KINDS[found.type]


def _replaced(compiler: Compiler, node: Expression, tree: exp.Expr) -> exp.Expr:
    """Put the fields' own expressions in the place of their names, and bind what was written."""

    def replace(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Column):
            found = compiler.field(".".join(each.name for each in part.parts), node.place)
            return sql.bracketed(found.copied()) if found is not None else exp.Null()
        if isinstance(part, exp.Literal) and part.is_string:
            return compiler.values.bind(part.name, "text")
        return part

    return tree.transform(replace)
