"""Scores: a metric cut into bins among all customers, 1 the worst.

As in the R package `rfm` (CRAN, 0.3.0), the cuts are the quantiles of all who have the metric (linear interpolation, R's type
7) plus a step of 1, and a value belongs to the bin whose lower cut it reaches. The lowest bin has no lower cut, the highest no
upper one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.counts import summed
from retention_cli.compile.thresholds import NUMBERS, over_everybody, quantile
from retention_cli.compile.typed import Typed
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.metric import Score


def score(compiler: Compiler, name: str, definition: Score) -> Typed | None:
    """Return the score of a metric; missing where the metric is."""
    place = getattr(definition.of, "place", definition.place)
    value = compiler.field(definition.of, place)
    if value is None:
        return None
    if value.type not in NUMBERS:
        compiler.report(Problem(place, "wrong-type", f"{definition.of} is {value.type}, and a score is of a number", "name a metric that is one"))
        return None
    value = _among(compiler, value, definition)
    cuts = _cuts(compiler, name, definition)
    if cuts is None:
        return None
    reached: list[exp.Expr] = [sql.number(1)]
    reached += [exp.cast(exp.GTE(this=value.copied(), expression=cut), "integer", dialect=sql.DIALECT) for cut in cuts]
    points = summed(reached)
    if definition.best == "low":
        points = exp.Sub(this=sql.number(definition.most + 1), expression=points)
    return Typed(compiler.scans.layer(name, points), ColumnType.INTEGER)


def _among(compiler: Compiler, value: Typed, definition: Score) -> Typed:
    """Leave only the values of those who are scored."""
    if definition.among is None:
        return value
    fits = compiler.condition(definition.among)
    return Typed(exp.Case(ifs=[exp.If(this=fits, true=value.copied())]), value.type)


def _cuts(compiler: Compiler, name: str, definition: Score) -> list[exp.Expr] | None:
    if definition.limits:
        return [compiler.values.bind(limit, f"{name} from") for limit in definition.limits]
    everybody = compiler.population.field(definition.of, definition.place)
    if everybody is None:
        return None
    compared = _among(compiler.population, everybody, definition)
    shares = [Decimal(n) / definition.bins for n in range(1, definition.bins)]
    step = exp.Literal.number(format(definition.step, "f"))
    edges = {f"cut_{n}": exp.Add(this=quantile(share), expression=step.copy()) for n, share in enumerate(shares, 1)}
    return list(over_everybody(compiler, f"{name}_cuts", compared.expression, edges).values())
