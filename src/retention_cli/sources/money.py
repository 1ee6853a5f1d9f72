"""Money in several currencies: every amount becomes the shop's, half to even, at the column's scale.

An amount without a currency is in the shop's. One in a currency without a rate stops the import: a sum over it would be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.errors import GuardStopped
from retention_cli.model.source import ColumnType
from retention_cli.sources.layout import MONEY
from retention_cli.text import plural, visible

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.source import Column, Currency


def is_money(column: Column) -> bool:
    """Whether a column's amounts are money."""
    return column.name in MONEY and column.type is ColumnType.DECIMAL


def in_the_shops(value: Sql, column: Column, code: Sql, currency: Currency) -> Sql:
    """Return an amount in the shop's currency, given the code of its own."""
    template = "WHEN {name} THEN half_even_{scale}({value} * CAST({rate} AS DECIMAL(20, 12)))"
    cases = [
        fill(template, name=literal(name.upper()), scale=column.scale, value=value, rate=literal(f"{rate:f}"))
        for name, rate in currency.rates.items()
    ]
    return fill("CASE upper(trim({code})) {cases} ELSE {value} END", code=code, cases=joined(cases, " "), value=value) if cases else value


def refuse_unknown(engine: DuckEngine, source: str, rows: Sql, code: Sql, *, currency: Currency, home: str) -> None:
    """Raise GuardStopped where rows are in a currency without a rate; `rows` is a table with the alias of the source."""
    known = [home, *(name.upper() for name in currency.rates)]
    query = fill(
        "SELECT upper(trim({code})) AS code, count(*) FROM {rows} WHERE {code} IS NOT NULL AND upper(trim({code})) NOT IN ({known}) "
        "GROUP BY 1 ORDER BY 2 DESC, 1",
        code=code,
        rows=rows,
        known=joined(literal(name) for name in known),
    )
    if found := engine.run(query):
        said = ", ".join(f"{plural(count, 'row')} in {visible(name)}" for name, count in found[:5])
        hint = f"add what one is worth in {home}: currency: {{column: {currency.column}, rates: {{{visible(found[0][0])}: …}}}}"
        raise GuardStopped(f"{source}: {said}, and the shop counts in {home}", hint)
