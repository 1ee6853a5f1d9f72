"""What each part of an `sql:` expression gives, found from the leaves up: whatever may not stand there is a fault.

The parts are a closed set: what is not named here is refused, however harmless it looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import literals, periods, sql
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import Expression

BOOLEAN, NUMBER, TEXT, DATE, TIME, LIST, NOTHING = "true or false", "a number", "text", "a date", "a time", "a list", "nothing"
KINDS = {
    ColumnType.BOOLEAN: BOOLEAN,
    ColumnType.INTEGER: NUMBER,
    ColumnType.DECIMAL: NUMBER,
    ColumnType.TEXT: TEXT,
    ColumnType.DATE: DATE,
    ColumnType.TIME: TIME,
    ColumnType.LIST: LIST,
}
_LOGIC = (exp.And, exp.Or)
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_SAME = "the same"
_MOST_NESTED = 8
_MOST_PLACES = 12

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

_ONE, _TWO, _MANY = frozenset({"this"}), frozenset({"this", "expression"}), frozenset({"this", "expressions"})
_NODES: dict[type[exp.Expr], tuple[str, frozenset[str]]] = {
    exp.Abs: ("abs", _ONE),
    exp.Ceil: ("ceil", _ONE),
    exp.Floor: ("floor", _ONE),
    exp.Round: ("round", frozenset({"this", "decimals"})),
    exp.Sqrt: ("sqrt", _ONE),
    exp.Ln: ("ln", _ONE),
    exp.Pow: ("power", _TWO),
    exp.Lower: ("lower", _ONE),
    exp.Upper: ("upper", _ONE),
    exp.Trim: ("trim", _ONE),
    exp.Length: ("length", _ONE),
    exp.Coalesce: ("coalesce", _MANY),
    exp.Nullif: ("nullif", _TWO),
    exp.Greatest: ("greatest", _MANY),
    exp.Least: ("least", _MANY),
}
"""How sqlglot reads the functions, and the arguments that each may have."""


class Fault(Exception):
    """What is wrong with an expression, and what to do; without a code it was reported where it was found."""

    def __init__(self, message: str, hint: str = "", code: str = "bad-expression") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Checked:
    """Finds the kind of every part, from the leaves up; `read` are the texts that are dates and times, by their node."""

    compiler: Compiler
    node: Expression
    read: dict[int, sql.Value] = field(default_factory=dict)

    def demand_condition(self, tree: exp.Expr) -> None:
        """Raise Fault where a tree is not one condition."""
        kind = self.kind(tree)
        if any(_nesting(part) > _MOST_NESTED for part in tree.walk()):
            raise Fault("functions are nested too deeply", "make parts of it metrics of their own")
        if kind != BOOLEAN:
            raise Fault(f"the expression gives {kind}, and a condition is true or false", "compare it with something: total_spent > 100")
        if tree.find(exp.Column) is None:
            raise Fault("the expression names no field: it holds for everyone or for nobody", "name a field; everyone is meant by everyone: true")

    def kind(self, part: exp.Expr) -> str:  # noqa: C901, PLR0912 - one line a kind of part
        """Return what a part gives; raise Fault where it may not stand there."""
        match part:
            case exp.Paren():
                return self.kind(part.this)
            case exp.Neg():
                return self._all([part.this], NUMBER, "a minus", NUMBER)
            case exp.Boolean():
                return BOOLEAN
            case exp.Null():
                return NOTHING
            case exp.Literal():
                return TEXT if part.is_string else self._number(part)
            case exp.Column():
                return self._field(part)
            case exp.Not():
                return self._all([part.this], BOOLEAN, "not", BOOLEAN)
            case exp.Is(expression=exp.Null()):
                self.kind(part.this)
                return BOOLEAN
            case exp.Is(expression=exp.Boolean()):
                return self._all([part.this], BOOLEAN, "is", BOOLEAN)
            case exp.In() if part.expressions and _only(part, _MANY):
                return self._alike([part.this, *part.expressions], "in")
            case exp.Between() if _only(part, frozenset({"this", "low", "high"})):
                return self._alike([part.this, part.args["low"], part.args["high"]], "between")
            case exp.Like() | exp.ILike():
                return self._all([part.this, part.expression], TEXT, "like", BOOLEAN)
            case exp.Case():
                return self._case(part)
        return self._operator(part)

    def _operator(self, part: exp.Expr) -> str:
        if isinstance(part, _LOGIC):
            return self._all([part.left, part.right], BOOLEAN, part.key, BOOLEAN)
        if isinstance(part, COMPARISONS):
            return self._alike([part.left, part.right], "a comparison")
        if isinstance(part, _ARITHMETIC):
            return self._all([part.left, part.right], NUMBER, "arithmetic", NUMBER)
        name, arguments = _NODES.get(type(part), ("", _ONE))
        if name:
            return self._function(part, name, arguments)
        written = part.sql(dialect=sql.DIALECT, comments=False)
        if isinstance(part, exp.Func) and not isinstance(part, exp.Cast):
            written = written.partition("(")[0]
        near = get_close_matches(written.lower(), FUNCTIONS, 1, cutoff=0.75)
        hint = f"did you mean {near[0]!r}?" if near else f"functions: {', '.join(FUNCTIONS)}"
        raise Fault(f"{written[:60]!r} cannot stand in an expression", hint)

    def _function(self, part: exp.Expr, name: str, arguments: frozenset[str]) -> str:
        if not _only(part, arguments):
            raise Fault(f"{name!r} is given more than it takes", f"write {name}(…) with {'two values' if arguments == _TWO else 'one value'}")
        takes, gives = FUNCTIONS[name]
        given = [each for each in part.iter_expressions() if isinstance(each, exp.Expr)]
        places = part.args.get("decimals")
        if places is not None and not (isinstance(places, exp.Literal) and places.name.isdigit() and int(places.name) <= _MOST_PLACES):
            raise Fault("'round' takes the number of places written out", "write round(total_spent, 2)")
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
                raise Fault(f"{part.sql(dialect=sql.DIALECT, comments=False)[:60]!r} is {found}, and {where} takes {wanted}")
        return gives

    def _alike(self, parts: list[exp.Expr], where: str) -> str:
        """All parts must be of one kind; a text beside a date or a time is read as one."""
        kinds = {self.kind(part) for part in parts} - {NOTHING}
        pointed = kinds - {TEXT}
        if len(kinds) > 1 and TEXT in kinds and len(pointed) == 1 and pointed <= {DATE, TIME}:
            for part in parts:
                if self.kind(part) == TEXT:
                    self._read(part, pointed == {DATE})
        elif len(kinds) > 1:
            raise Fault(f"{where} holds {' and '.join(sorted(kinds))} against each other")
        return BOOLEAN

    def _read(self, part: exp.Expr, is_date: bool) -> None:
        """Read a text that is written out as a date or a time of the shop's clock."""
        moment = self.compiler.moment
        if not isinstance(part, exp.Literal):
            raise Fault(f"{part.sql(dialect=sql.DIALECT, comments=False)[:60]!r} is text, and is compared with {DATE if is_date else TIME}")
        day = periods.day(part.name, moment)
        instant = moment.read_time(part.name) or periods.instant(part.name, moment)
        value: sql.Value = day if is_date else moment.start_of(day) if day is not None and moment.read_date(part.name) is not None else instant
        if value is None:
            raise Fault(f"{part.name!r} is not {DATE if is_date else TIME}", "write it like '2026-01-31'")
        self.read[id(part)] = value

    def _number(self, part: exp.Literal) -> str:
        if literals.read(part.name, ColumnType.DECIMAL, self.compiler.moment) is None:
            raise Fault(f"{part.name!r} is not a number that can be compared", literals.HINTS[ColumnType.DECIMAL])
        return NUMBER

    def _field(self, column: exp.Column) -> str:
        name = ".".join(part.name for part in column.parts)
        found = self.compiler.field(name, self.node.place)
        if found is None:
            raise Fault("", code="")
        return KINDS[found.type]


def _only(part: exp.Expr, arguments: frozenset[str]) -> bool:
    """Whether a part has no other parts than these."""
    return all(key in arguments for key, value in part.args.items() if isinstance(value, exp.Expr) or (isinstance(value, list) and value))


def _nesting(part: exp.Expr) -> int:
    """Return in how many functions and divisors a part stands: each is written out twice where it is guarded."""
    found = 0
    while part.parent is not None:
        twice = isinstance(part.parent, (*_NODES, exp.Case)) or (isinstance(part.parent, exp.Div | exp.Mod) and part.arg_key == "expression")
        part, found = part.parent, found + twice
    return found
