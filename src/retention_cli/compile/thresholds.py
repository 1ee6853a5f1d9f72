"""Thresholds that are found: the edge of a share, a percentile over all customers, the customer's own metric, a pinned one.

Edges and percentiles are one row a value, computed over every customer who has it, whoever the subjects of the plan are.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.literals import NOUNS
from retention_cli.model.problem import Problem
from retention_cli.model.question import Measure, Op
from retention_cli.model.source import ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.operators import Typed
    from retention_cli.model.condition import Did, FieldTest, Total
    from retention_cli.model.lock import LearnedValue
    from retention_cli.model.question import Test, Yardstick

NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL)
_HUNDRED = Decimal(100)


def over_everybody(compiler: Compiler, label: str, value: exp.Expr, aggregates: Mapping[str, exp.Expr]) -> dict[str, exp.Expr]:
    """Add one row of aggregates over a value of all customers to the plan; return each as an expression.

    The aggregates speak of a column `value`; `value` itself is an expression of the population's compiler.
    """
    scans = compiler.population.scans
    needed = {column.table for column in value.find_all(exp.Column)}
    inner = scans.base(needed).select(sql.aliased(value, "value"), copy=False)
    everybody = exp.Subquery(this=inner, alias=exp.TableAlias(this=sql.name("everybody")))
    columns = [sql.aliased(aggregate, name) for name, aggregate in aggregates.items()]
    cte = scans.own(label, exp.Select().select(*columns, copy=False).from_(everybody, copy=False), attach=False)
    return {name: exp.Subquery(this=exp.Select().select(sql.col(name, cte), copy=False).from_(sql.table(cte), copy=False)) for name in aggregates}


def quantile(share: Decimal) -> exp.Expr:
    """Return the quantile of `value` below which a share of all lies, interpolated between neighbours."""
    return sql.call("quantile_cont", exp.cast(sql.col("value"), "double", dialect=sql.DIALECT), exp.Literal.number(format(share, "f")))


@dataclass(frozen=True, slots=True)
class ThresholdsOf:
    """The thresholds of one leaf, whose value is of this type."""

    compiler: Compiler
    leaf: FieldTest | Did | Total
    type: ColumnType

    def __call__(self, test: Test, label: str) -> exp.Expr | None:
        """Return what the value is compared with, None where it was reported."""
        if test.against is None:
            return self._edge(test, label)
        if self.type not in NUMBERS:
            message = f"{label} is {NOUNS[self.type]}, and only a number can be measured against a {test.against.measure}"
            self.compiler.report(Problem(test.against.place, "wrong-type", message, "write the value itself"))
            return None
        return self._yardstick(test.against, test, label)

    def _edge(self, test: Test, label: str) -> exp.Expr | None:
        """Return the smallest value that still is in the top share (or the largest in the bottom one): ties are in."""
        value = self._of_everybody()
        if value is None:
            return None
        order = exp.Ordered(this=sql.col("value"), desc=test.op is Op.TOP, nulls_first=False)
        share = exp.Literal.number(test.values[0])
        edge = exp.WithinGroup(this=exp.PercentileDisc(this=share), expression=exp.Order(expressions=[order]))
        there = exp.Where(this=sql.present(sql.col("value")))
        name = sql.slug(test.op, test.values[0], label)
        return over_everybody(self.compiler, f"{name}_edge", value.expression, {"edge": exp.Filter(this=edge, expression=there)})["edge"]

    def _of_everybody(self) -> Typed | None:
        population = self.compiler.population
        value, _ = population.measured(self.leaf)
        return value

    def _yardstick(self, asked: Yardstick, test: Test, label: str) -> exp.Expr | None:
        match asked.measure:
            case Measure.PERCENTILE:
                found = self._percentile(asked, label)
            case Measure.METRIC:
                found = self._metric(asked)
            case Measure.LEARNED:
                found = self._learned(asked)
        if found is None:
            return None
        if asked.factor != 1:
            factor = self.compiler.values.bind(asked.factor, f"{label} factor")
            found = exp.Paren(this=exp.Mul(this=found, expression=factor))
        if asked.if_missing is None:
            return found
        stand_in = self.compiler.tests.read(str(asked.if_missing), ColumnType.DECIMAL, test, label)
        return None if stand_in is None else exp.Coalesce(this=found, expressions=[self.compiler.values.bind(stand_in, f"{label} if missing")])

    def _percentile(self, asked: Yardstick, label: str) -> exp.Expr | None:
        population = self.compiler.population
        place = getattr(asked.name, "place", asked.place)
        value = population.field(asked.name, place) if asked.name else self._of_everybody()
        if value is None:
            return None
        if value.type not in NUMBERS:
            self.compiler.report(Problem(place, "wrong-type", f"{asked.name} is {NOUNS[value.type]}, and a percentile is of numbers"))
            return None
        name = sql.slug("percentile", format(asked.percentile, "f"), asked.name or label)
        return over_everybody(self.compiler, name, value.expression, {"edge": sql.rounded(quantile(asked.percentile / _HUNDRED))})["edge"]

    def _metric(self, asked: Yardstick) -> exp.Expr | None:
        value = self.compiler.field(asked.name, getattr(asked.name, "place", asked.place))
        if value is None:
            return None
        if value.type not in NUMBERS:
            place = getattr(asked.name, "place", asked.place)
            self.compiler.report(Problem(place, "wrong-type", f"{asked.name} is {NOUNS[value.type]}, and not a number", "name a metric that is one"))
            return None
        return value.copied()

    def _learned(self, asked: Yardstick) -> exp.Expr | None:
        names, name, place = self.compiler.names, str(asked.name), getattr(asked.name, "place", asked.place)
        if name not in names.learned:
            hint = did_you_mean(name, names.learned) or "write it into metrics/: {learned: {percentile: 50, of: days_between_orders}}"
            self.compiler.report(Problem(place, "unknown-learned", f"there is no learned threshold {name!r}", hint))
            return None
        pinned = names.pinned.get(name)
        if pinned is None:
            self.compiler.report(
                Problem(place, "not-pinned", f"retention.lock does not hold {name!r} yet", "run `retention lock`, and review what it wrote")
            )
            return None
        return self._pinned(name, pinned, names.learned[name].by)

    def _pinned(self, name: str, pinned: LearnedValue, by: str | None) -> exp.Expr | None:
        """Return a pinned value: one for all, or one a value of the field that it was learned by."""
        values = self.compiler.values
        whole = values.bind(pinned.value, name)
        if by is None or not pinned.by:
            return whole
        field = self.compiler.field(by, getattr(by, "place", self.leaf.place))
        if field is None:
            return None
        told = field.expression if field.type is ColumnType.TEXT else exp.cast(field.expression, "varchar", dialect=sql.DIALECT)
        cases = [
            exp.If(this=exp.EQ(this=told.copy(), expression=values.bind(key, str(by))), true=values.bind(value, f"{name} {key}"))
            for key, value in pinned.by.items()
        ]
        return exp.Case(ifs=cases, default=whole)
