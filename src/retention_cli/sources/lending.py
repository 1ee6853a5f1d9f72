"""What a snapshot takes from others: a child its parent's customer and time, customers the columns that others add.

A row of a child without a parent has no place; a customer of whom a source says nothing simply lacks its columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, identifier, joined, literal
from retention_cli.errors import GuardStopped
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.sources.naming import CUSTOMER, lent_names, naming_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.model.project import Project
    from retention_cli.model.source import Column, Currency
    from retention_cli.sources.catalogue import Stored


@dataclass(frozen=True, slots=True)
class Lender:
    """Another snapshot: its key column, ours that holds the same, and the columns that are taken over.

    `currency` is the parent's column of currencies, `rates` what they are worth, where the child has none of its own.
    """

    name: str
    key: str
    own_key: str
    lent: tuple[Column, ...]
    stored: Stored
    is_parent: bool = True
    currency: Currency | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether its rows lie in the order that the child's shall have: by customer and time, of which it lends both."""
        return self.is_parent and any(column.type is ColumnType.TIME for column in self.lent)

    def columns(self, number: int) -> list[Sql]:
        """Return its columns for the select, as the lender of that number."""
        return [fill("l{i}.p{n} AS {name}", i=number, n=n, name=identifier(column.name)) for n, column in enumerate(self.lent)]

    def join(self, number: int) -> Sql:
        """Return the join on the rows `k`; `l0.code` is the currency."""
        lent = [fill("{name} AS p{n}", name=identifier(column.name), n=n) for n, column in enumerate(self.lent)]
        if self.is_ordered:
            lent.append(Sql("file_row_number AS place"))
        if self.currency is not None:
            lent.append(fill("{name} AS code", name=identifier(str(self.currency.column))))
        return fill(
            " {kind}JOIN (SELECT {key} AS key{lent} FROM read_parquet({path}, file_row_number={ordered})) l{i} ON k.{own} = l{i}.key",
            kind=Sql("" if self.is_parent else "LEFT "),
            i=number,
            key=identifier(self.key),
            ordered=Sql("true" if self.is_ordered else "false"),
            lent=joined((fill(", {piece}", piece=piece) for piece in lent), ""),
            path=literal(self.stored.snapshot.path),
            own=identifier(self.own_key),
        )


def parent_of(project: Project, child: str, own_key: str, stored: Stored) -> Lender:
    """Return what a child borrows of its parent."""
    name, parent = stored.snapshot.source, project.sources[stored.snapshot.source]
    by_name = {column.name: column for column in stored.snapshot.columns}
    wanted = [column for column in lent_names(project, child) if column in by_name]
    lent = tuple(by_name[column].model_copy(update={"origin": f"{name}.{column}"}) for column in wanted)
    key = naming_of(name, parent).role(parent.key) or own_key
    return Lender(name, key, own_key, lent, stored, currency=_borrowed_currency(project, child, by_name))


def _borrowed_currency(project: Project, child: str, columns: Mapping[str, Column]) -> Currency | None:
    own, parent = project.sources[child].currency, project.sources[str(project.sources[child].parent)]
    if own is not None or parent.currency is None:
        return None
    column = naming_of(str(project.sources[child].parent), parent).role(str(parent.currency.column))
    return parent.currency.model_copy(update={"column": column}) if column in columns else None


def adders_of(project: Project, done: Mapping[str, Stored]) -> tuple[Lender, ...]:
    """Return the sources that add to the customers; raises GuardStopped where two give a column of one name."""
    names = [name for name, source in project.sources.items() if source.adds_to == CUSTOMERS and name in done]
    return tuple(_adder(name, done[name]) for name in names)


def _adder(name: str, stored: Stored) -> Lender:
    lent = tuple(column.model_copy(update={"origin": f"{name}.{column.name}"}) for column in stored.snapshot.columns if column.name != CUSTOMER)
    return Lender(name, CUSTOMER, CUSTOMER, lent, stored, is_parent=False)


def refuse_twins(own: Iterable[Column], adders: Sequence[Lender]) -> None:
    """Raise GuardStopped where two sources give the customers a column of one name."""
    seen = {column.name.casefold(): f"{CUSTOMERS}.{column.name}" for column in own}
    for column in (column for adder in adders for column in adder.lent):
        other = seen.setdefault(column.name.casefold(), column.origin)
        if other != column.origin:
            raise GuardStopped(f"{other} and {column.origin} would be one field of the customer", "give one of them another name with `columns:`")
