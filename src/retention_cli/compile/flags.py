"""Flags: what features ask of a lookup alone is answered once a row of the lookup, not once an event.

A million events name a few thousand products, so `category: {under: Home/Kitchen}` is a column of the products, made before
they are joined. Only conditions that are false where nothing is joined can be moved; the others stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from retention_cli.compile import sql


@dataclass(slots=True)
class Flags:
    """The flags of one lookup in one pass, by the shape of what they answer."""

    lookup: str
    names: dict[object, str] = field(default_factory=dict)
    asked: dict[str, exp.Expr] = field(default_factory=dict)

    def moved(self, aggregate: exp.Expr) -> exp.Expr:
        """Return an aggregate whose filter reads flags for what it asked of the lookup alone."""
        condition = aggregate.expression.this if isinstance(aggregate, exp.Filter) else None
        if condition is None:
            return aggregate.copy()
        parts = [self._flag(part) if self._can_move(part) else part.copy() for part in conjuncts(condition)]
        return exp.Filter(this=aggregate.this.copy(), expression=exp.Where(this=sql.both(parts) or sql.true()))

    def beside(self, select: exp.Select, called: str) -> exp.Select:
        """Return a pass that joins its lookup with the flags beside it, worked out once in a CTE of this name.

        The CTE is materialized: DuckDB would otherwise put the conditions back behind the join, and answer them for every event.
        """
        if not self.asked:
            return select
        read = {column.name for column in select.find_all(exp.Column) if column.table == self.lookup} - {*self.asked}
        columns: list[exp.Expr] = [sql.col(name, self.lookup) for name in sorted(read)]
        columns += [sql.aliased(condition.copy(), name) for name, condition in self.asked.items()]
        rows = exp.Select().select(*columns, copy=False).from_(sql.table(self.lookup), copy=False)
        for join in select.args["joins"]:
            if join.this.name == self.lookup:
                join.set("this", sql.table(called, self.lookup))
        return select.with_(exp.TableAlias(this=sql.name(called)), as_=rows, materialized=True, copy=False)

    def _can_move(self, part: exp.Expr) -> bool:
        tables = {column.table for column in part.find_all(exp.Column)}
        return tables == {self.lookup} and isinstance(part, exp.Coalesce) and part.find(exp.Not) is None

    def _flag(self, part: exp.Expr) -> exp.Column:
        shape = sql.shape(part)
        if shape not in self.names:
            self.names[shape] = f"fits_{len(self.names) + 1}"
            self.asked[self.names[shape]] = part
        return sql.col(self.names[shape], self.lookup)


def conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    """Return the parts of a conjunction, brackets taken off."""
    bare = condition.this if isinstance(condition, exp.Paren) else condition
    return [part for half in (bare.left, bare.right) for part in conjuncts(half)] if isinstance(bare, exp.And) else [bare]
