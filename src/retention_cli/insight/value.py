"""What the shop's buyers are expected to bring: the fit, how well it fits, and how value spreads over people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import over_ctes
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.statements import tree
from retention_cli.insight.orders import QUERIES
from retention_cli.model.problem import NOWHERE
from retention_cli.model.source import CUSTOMERS

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.base import Engine
    from retention_cli.model.fitted import Fitted

VALUE = "predicted_value_1y"
_NUMBERS = (VALUE, "expected_orders_90d", "probability_alive")


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the buyers, the most valuable first: their predicted value of a year (shop's currency), orders, chance to be there."""

    decile: int
    people: int
    lowest: float
    highest: float
    total: float
    orders_90d: float
    alive: float


@dataclass(frozen=True, slots=True)
class Value:
    """The fit with its predictions as of a moment; `deciles` is empty where there is no fit of spending."""

    fitted: Fitted
    deciles: tuple[Decile, ...]

    @property
    def people(self) -> int:
        """How many buyers there are."""
        return sum(decile.people for decile in self.deciles)

    @property
    def total(self) -> float:
        """What all of them are expected to bring within a year, in the shop's currency."""
        return sum(decile.total for decile in self.deciles)

    @property
    def top_share(self) -> float:
        """The share of it that the first tenth brings, 0 to 1."""
        return self.deciles[0].total / self.total if self.total else 0.0


def value(engine: Engine, compiler: Compiler, fitted: Fitted) -> Value:
    """Return the fit and the deciles of all who have ordered, as of the compiler's moment."""
    found = [(name, compiler.field(name, NOWHERE)) for name in _NUMBERS]
    columns = [sql.aliased(typed.expression, name) for name, typed in found if typed is not None]
    if len(columns) < len(_NUMBERS):
        return Value(fitted, ())
    select = compiler.scans.base().select(sql.aliased(sql.col(CUSTOMER, CUSTOMERS), CUSTOMER), *columns, copy=False)
    inner = exp.Subquery(this=select, alias=exp.TableAlias(this=sql.name("everybody")))
    there = sql.present(sql.col(VALUE))
    predicted = exp.Select().select(exp.Star(), copy=False).from_(inner, copy=False).where(there, copy=False)
    asked = over_ctes(tree(QUERIES, "value_deciles"), [*compiler.ctes(), ("predicted", predicted)])
    query = sql.finished(asked, compiler.values)
    return Value(fitted, tuple(Decile(*row) for row in engine.run(query.sql, query.values)))
