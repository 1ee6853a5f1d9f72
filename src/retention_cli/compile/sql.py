"""Small pieces of SQL trees: names, bound values, and the finished query.

Every tree is built from sqlglot nodes, never from pasted text, and every value that a user wrote travels beside the tree
under a name that a person recognises (`$country_1`). `Query.readable()` puts the values back for reading aloud.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DIALECT = "duckdb"

Value = str | int | float | Decimal | bool | date | datetime | None

_PLACES = 6
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(
    """
    all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean both by case cast
    char character check coalesce collate collation column columns concurrently constraint create cross dec decimal default deferrable
    desc describe distinct do else end except exists extract false fetch float for foreign freeze from full generated glob group
    grouping grouping_id having ilike in initially inner inout int integer intersect interval into is isnull join lambda lateral
    leading left like limit map national natural nchar none not notnull null nullif numeric offset on only or order outer overlaps
    overlay pivot placing position positional precision primary qualify real references returning right row select semi setof show
    similar smallint some struct substring summarize symmetric table tablesample then time timestamp to trailing treat trim true
    try_cast tuple union unique unpack unpivot using values varchar variadic verbose when where window with
    """.split()  # noqa: SIM905 - a list of a hundred words reads better as text
)
"""Words that DuckDB does not take as a bare name (duckdb_keywords(), all categories but unreserved)."""


def name(text: str) -> exp.Identifier:
    """Return an identifier, quoted where the engine needs it."""
    return exp.to_identifier(text, quoted=not _PLAIN.fullmatch(text) or text in _RESERVED)


def col(column: str, table: str | None = None) -> exp.Column:
    """Return a column, of a table where one is named."""
    return exp.Column(this=name(column), table=name(table) if table else None)


def table(text: str, alias: str | None = None) -> exp.Table:
    """Return a table, under another name where one is given."""
    return exp.Table(this=name(text), alias=exp.TableAlias(this=name(alias)) if alias else None)


def aliased(expression: exp.Expr, alias: str) -> exp.Alias:
    """Return `expression AS alias`."""
    return exp.Alias(this=expression, alias=name(alias))


def shape(node: object) -> object:
    """Return what tells a tree from every other, to look it up by; writing it out as SQL would cost thirty times as much."""
    if isinstance(node, exp.Expr):
        return (type(node), *((key, shape(value)) for key, value in node.args.items() if value is not None))
    return tuple(map(shape, node)) if isinstance(node, list) else node


def call(function: str, *arguments: exp.Expr) -> exp.Expr:
    """Return a call of a DuckDB function by exactly this name."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def json_text(document: exp.Expr, *keys: str) -> exp.Expr:
    """Return the text under a key of a JSON object, whatever signs the key has (a JSON Pointer, RFC 6901); more keys lead deeper."""
    return call("json_extract_string", document, _pointer(keys))


def json_value(document: exp.Expr, *keys: str) -> exp.Expr:
    """Return the JSON under a key of a JSON object."""
    return call("json_extract", document, _pointer(keys))


def _pointer(keys: Sequence[str]) -> exp.Expr:
    return exp.Literal.string("".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys))


def number(value: int) -> exp.Expr:
    """Return a whole number that the tool itself wrote."""
    return exp.Literal.number(value)


def rounded(fraction: exp.Expr) -> exp.Expr:
    """Return a fraction to six places: what a binary one adds beyond would miss the decimal that a user compares it with."""
    return call("round", fraction, number(_PLACES))


def quotient(total: exp.Expr, count: exp.Expr) -> exp.Expr:
    """Return `total / count` to six places, missing where the count is 0."""
    return rounded(exp.Div(this=total, expression=exp.Nullif(this=count, expression=number(0))))


def true() -> exp.Boolean:
    """Return TRUE."""
    return exp.Boolean(this=True)


def false() -> exp.Boolean:
    """Return FALSE."""
    return exp.Boolean(this=False)


def sure(expression: exp.Expr) -> exp.Expr:
    """Make a comparison two-valued: what a missing value leaves open is false."""
    return exp.Coalesce(this=expression, expressions=[false()])


def first_there(values: Sequence[exp.Expr]) -> exp.Expr:
    """Return the first value that is not missing."""
    return values[0] if len(values) == 1 else exp.Coalesce(this=values[0], expressions=list(values[1:]))


def both(parts: Iterable[exp.Expr | None]) -> exp.Expr | None:
    """Return the conjunction of what is there, None where nothing is."""
    found = [part for part in parts if part is not None and not (isinstance(part, exp.Boolean) and part.this)]
    if not found:
        return None
    return found[0] if len(found) == 1 else exp.and_(*found, dialect=DIALECT, copy=False)


def either(parts: Iterable[exp.Expr]) -> exp.Expr:
    """Return the disjunction; of nothing it is FALSE."""
    found = [part for part in parts if not isinstance(part, exp.Boolean) or part.this]
    if not found:
        return false()
    return found[0] if len(found) == 1 else exp.or_(*found, dialect=DIALECT, copy=False)


def negated(expression: exp.Expr) -> exp.Expr:
    """Return NOT expression, in brackets where they are needed."""
    return exp.not_(expression, dialect=DIALECT, copy=False)


def present(expression: exp.Expr) -> exp.Expr:
    """Return `expression IS NOT NULL`."""
    return negated(exp.Is(this=expression, expression=exp.Null()))


def bracketed(expression: exp.Expr) -> exp.Expr:
    """Return an expression in brackets."""
    return exp.Paren(this=expression)


def slug(*words: object, limit: int = 56) -> str:
    """Make a readable name of what something means: `order`, `90 days` → `order_90_days`."""
    text = "_".join(str(word) for word in words if word not in (None, ""))
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:limit].rstrip("_") or "x"


@dataclass(slots=True)
class Values:
    """The bound values of one query: equal values under one hint share a name."""

    by_name: dict[str, Value] = field(default_factory=dict)
    _known: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def bind(self, value: Value, hint: str) -> exp.Placeholder:
        """Keep a value and return the place that stands for it."""
        base = slug(hint, limit=40)
        base = f"v_{base}" if base[0].isdigit() else base
        key = (base, type(value).__name__, str(value))
        if key not in self._known:
            taken = base if base not in self.by_name else next(f"{base}_{n}" for n in range(2, 100_000) if f"{base}_{n}" not in self.by_name)
            self.by_name[taken] = value
            self._known[key] = taken
        return exp.Placeholder(this=self._known[key])


def literal(value: Value) -> exp.Expr:
    """Return a value written out, for a reader."""
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp", dialect=DIALECT)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date", dialect=DIALECT)
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


@dataclass(frozen=True, slots=True)
class Query:
    """A finished tree with its values; `values` holds exactly what the tree names."""

    tree: exp.Query
    values: Mapping[str, Value]

    @property
    def sql(self) -> str:
        """The text that the engine runs, with `$names` for the values."""
        return self.tree.sql(dialect=DIALECT)

    def readable(self) -> str:
        """The same query with its values written out and laid out over lines: what `segment sql` shows."""
        tree = self.tree.transform(lambda node: literal(self.values[node.name]) if isinstance(node, exp.Placeholder) else node)
        return tree.sql(dialect=DIALECT, pretty=True)


def finished(tree: exp.Query, values: Values) -> Query:
    """Pair a tree with the values that it really uses."""
    used = {node.name for node in tree.find_all(exp.Placeholder)}
    return Query(tree, {key: value for key, value in values.by_name.items() if key in used})


def created(table_name: str, query: Query) -> str:
    """Return `CREATE OR REPLACE TABLE name AS query`; run it with the query's values."""
    return exp.Create(this=table(table_name), kind="TABLE", replace=True, expression=query.tree).sql(dialect=DIALECT)


def viewed(view_name: str, query: Query) -> str:
    """Return `CREATE OR REPLACE VIEW name AS query`, of a query without values."""
    return exp.Create(this=table(view_name), kind="VIEW", replace=True, expression=query.tree).sql(dialect=DIALECT)


def inserted(table_name: str, query: Query) -> str:
    """Return `INSERT INTO name query`; run it with the query's values."""
    return exp.Insert(this=table(table_name), expression=query.tree).sql(dialect=DIALECT)


def counted(query: Query) -> str:
    """Return `SELECT count(*) FROM (query)`; run it with the query's values."""
    inner = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=name("counted")))
    return exp.Select().select(exp.Count(this=exp.Star()), copy=False).from_(inner, copy=False).sql(dialect=DIALECT)


def copied_to(path: str, query: Query) -> str:
    """Return `COPY (query) TO 'path'` as Parquet; run it with the query's values."""
    settings = [
        exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("parquet")),
        exp.CopyParameter(this=exp.var("COMPRESSION"), expression=exp.var("zstd")),
    ]
    copy = exp.Copy(this=exp.Subquery(this=query.tree), kind=False, files=[exp.Literal.string(path)], params=settings)
    return copy.sql(dialect=DIALECT)
