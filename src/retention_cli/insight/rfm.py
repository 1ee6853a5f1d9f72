"""How customers spread over recency and frequency, with what they paid: by the metrics rfm_recency, rfm_frequency, rfm_monetary.

They are the shop's own where it defines them anew, so the map, a segment and a template mean the same by a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.scans import over_ctes
from retention_cli.engine.statements import tree
from retention_cli.errors import UsageError
from retention_cli.insight.orders import QUERIES
from retention_cli.model.problem import NOWHERE

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.engine.base import Engine, Row

BINS = 5
MEASURES = ("recency", "frequency", "monetary")
_COLUMNS = {
    "recency_score": ("rfm_recency", "bigint"),
    "frequency_score": ("rfm_frequency", "bigint"),
    "monetary_score": ("rfm_monetary", "bigint"),
    "days": ("days_since_last_order", "double"),
    "orders": ("orders_count", "double"),
    "paid": ("total_spent", "double"),
}
_NEEDED = ("recency_score", "frequency_score")


@dataclass(frozen=True, slots=True)
class Cell:
    """Who has these two scores: how many, what they paid (shop's currency), and their mean monetary score; None without totals."""

    recency: int
    frequency: int
    customers: int
    revenue: Decimal | None
    monetary: Decimal | None


@dataclass(frozen=True, slots=True)
class Range:
    """The values that have a score: days since the last order, orders, or what was paid."""

    measure: str
    score: int
    lowest: float
    highest: float
    customers: int


@dataclass(frozen=True, slots=True)
class Rfm:
    """The cells that have somebody in them, and what each score stands for."""

    cells: tuple[Cell, ...]
    ranges: tuple[Range, ...]

    @property
    def customers(self) -> int:
        """How many have both scores."""
        return sum(cell.customers for cell in self.cells)

    @property
    def best(self) -> int:
        """The highest score there is."""
        return max([BINS, *(each.score for each in self.ranges)])

    def cell(self, recency: int, frequency: int) -> Cell:
        """Return a cell; nobody may be in it."""
        empty = Cell(recency, frequency, 0, None, None)
        return next((cell for cell in self.cells if (cell.recency, cell.frequency) == (recency, frequency)), empty)

    def range(self, measure: str, score: int) -> Range | None:
        """Return what a score stands for; None where nobody has it."""
        return next((each for each in self.ranges if (each.measure, each.score) == (measure, score)), None)


def rfm(engine: Engine, compiler: Compiler) -> Rfm:
    """Return the map of everybody who has a score, as of the compiler's moment; raise UsageError where orders are not there."""
    scored = _scored(compiler)
    ctes = [*compiler.ctes(), ("scored", scored)]
    rows = [_run(engine, compiler, name, ctes) for name in ("rfm_cells", "rfm_ranges")]
    cells = tuple(Cell(int(r), int(f), int(n), _money(paid), _money(score)) for r, f, n, paid, score in rows[0])
    return Rfm(cells, tuple(Range(measure, int(score), low, high, int(n)) for measure, score, low, high, n in rows[1]))


def _scored(compiler: Compiler) -> exp.Select:
    found = {column: compiler.field(name, NOWHERE) for column, (name, _) in _COLUMNS.items()}
    if any(found[column] is None for column in _NEEDED):
        raise UsageError("there are no scores without orders", "name the orders' event: `event: order`")
    columns = [
        sql.aliased(exp.cast(exp.Null() if typed is None else typed.expression, _COLUMNS[column][1], dialect=sql.DIALECT), column)
        for column, typed in found.items()
    ]
    inner = exp.Subquery(this=compiler.scans.base().select(*columns, copy=False), alias=exp.TableAlias(this=sql.name("everybody")))
    there = [sql.present(sql.col(column)) for column in _NEEDED]
    return exp.Select().select(exp.Star(), copy=False).from_(inner, copy=False).where(*there, copy=False)


def _run(engine: Engine, compiler: Compiler, name: str, ctes: list[tuple[str, exp.Query]]) -> list[Row]:
    query = sql.finished(over_ctes(tree(QUERIES, name), [(cte, inner.copy()) for cte, inner in ctes]), compiler.values)
    return engine.run(query.sql, query.values)


def _money(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
