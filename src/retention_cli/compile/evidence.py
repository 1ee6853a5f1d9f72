"""The rows behind a condition's leaves: for each leaf, which rows of the event tables it counted, and which it passed over.

Nothing here knows a metric or an operator. A leaf is compiled alone, and the scans that it asked for are asked once more
for their rows: what an aggregate filtered is what it counted; what stands in a pass of its own (a median, a gap, a
sequence) is what that pass read. So a new kind of leaf has its rows here as soon as it compiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.operators import Typed
from retention_cli.compile.schema import CUSTOMER
from retention_cli.model.condition import Everyone, InSegment, children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.compile.scans import Scan, Scans
    from retention_cli.model.condition import Condition

COUNTS = "counts"
_WINDOW = ("part", "source")


def evidence_query(compiler: Compiler, parts: Sequence[Condition], limit: int) -> sql.Query | None:
    """Return (part, source, at, counts, columns, counted): rows of the compiler's one subject, those that count first, the latest first.

    `part` is the leaf's place in `parts`, `columns` the row as JSON text, `counted` how many rows of that source count for the
    part; at most `limit` rows a part and source. None where no leaf looks at events.
    """
    selects = [
        select
        for n, part in enumerate(parts)
        if not isinstance(part, Everyone | InSegment) and not children(part)
        for select in _of_leaf(_alone(compiler), n, part)
    ]
    if not selects:
        return None
    union: exp.Query = selects[0]
    for select in selects[1:]:
        union = exp.Union(this=union, expression=select, distinct=False)
    rows = exp.Subquery(this=union, alias=exp.TableAlias(this=sql.name("evidence")))
    counted = exp.Window(this=exp.CountIf(this=sql.col(COUNTS)), partition_by=[sql.col(name) for name in _WINDOW])
    columns = [*(sql.col(name) for name in (*_WINDOW, "at", COUNTS, "columns")), sql.aliased(counted, "counted")]
    first = exp.LTE(
        this=exp.Window(this=sql.call("row_number"), partition_by=[sql.col(name) for name in _WINDOW], order=_order()), expression=sql.number(limit)
    )
    select = exp.Select().select(*columns, copy=False).from_(rows, copy=False).qualify(first, copy=False)
    select = select.order_by(*(exp.Ordered(this=sql.col(name), nulls_first=False) for name in _WINDOW), *_order().expressions, copy=False)
    return sql.finished(select, compiler.values)


def _alone(compiler: Compiler) -> Compiler:
    """Return a compiler with scans of its own that shares the values."""
    return Compiler(compiler.schema, compiler.moment, compiler.names, compiler.subject, compiler.values)


def _order() -> exp.Order:
    """Rows that count first, the latest first; equal ones by what they hold, so that the answer is always the same."""
    down = [exp.Ordered(this=sql.col(name), desc=True, nulls_first=False) for name in (COUNTS, "at")]
    return exp.Order(expressions=[*down, exp.Ordered(this=sql.col("columns"), nulls_first=False)])


def _of_leaf(compiler: Compiler, n: int, leaf: Condition) -> Iterator[exp.Select]:
    compiler.condition(leaf)
    scans = compiler.scans
    for scan in scans.shared.values():
        select = scans.from_events(scan.source, scan.joined)
        if scan.events is not None:
            select = select.where(scans.named(scan.source, scan.events), copy=False)
        mentioned = _mentioned(scan.features.columns.values())
        yield _told(scans, select, n, scan.source, _counts(scan), mentioned=mentioned)
    for source, select in _passes(scans):
        yield _told(scans, select, n, source, sql.true(), mentioned=_mentioned([select]))


def _mentioned(trees: Iterable[exp.Expr]) -> set[tuple[str, str]]:
    """Return (table, column) of all that is read there."""
    return {(column.table, column.name) for tree in trees for column in tree.find_all(exp.Column)}


def _counts(scan: Scan) -> exp.Expr:
    """Return whether a row went into any of a scan's aggregates."""
    filters = [aggregate.expression.this if isinstance(aggregate, exp.Filter) else sql.true() for aggregate in _aggregates(scan)]
    return sql.true() if any(isinstance(each, exp.Boolean) for each in filters) else sql.sure(sql.either(each.copy() for each in filters))


def _aggregates(scan: Scan) -> Iterator[exp.Expr]:
    for feature in scan.features.columns.values():
        yield next(feature.find_all(exp.Filter), feature)


def _passes(scans: Scans) -> Iterator[tuple[str, exp.Select]]:
    """Yield the selects that read an event table in passes of their own, once each."""
    seen: set[object] = set()
    for _, query in scans.passes():
        for select in query.find_all(exp.Select):
            source = _event_table(scans, select)
            if source is not None and (shape := sql.shape(select)) not in seen:
                seen.add(shape)
                yield source, select.copy().where(*_of_subjects(scans, source), copy=False)


def _of_subjects(scans: Scans, source: str) -> list[exp.Expr]:
    """Return what keeps to the subjects' own rows: a pass may read everybody's and choose later."""
    if scans.subject.table is None:
        return []
    wanted = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(scans.subject.table), copy=False)
    return [exp.In(this=sql.col(CUSTOMER, source), query=exp.Subquery(this=wanted))]


def _event_table(scans: Scans, select: exp.Select) -> str | None:
    """Return the event table that a select reads directly, None where it reads something else."""
    tables = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or ())] if select.args.get("from_") else []
    names = [table.name for table in tables if isinstance(table, exp.Table)]
    return next((name for name in names if name in scans.schema.sources and scans.schema.time(name)), None)


def _told(scans: Scans, select: exp.Select, n: int, source: str, counts: exp.Expr, *, mentioned: set[tuple[str, str]]) -> exp.Select:
    """Give a select of events the columns of evidence instead of its own."""
    columns = [
        sql.aliased(sql.number(n), "part"),
        sql.aliased(exp.Literal.string(source), "source"),
        sql.aliased(sql.col(scans.schema.time(source) or "", source), "at"),
        sql.aliased(counts.copy(), COUNTS),
        sql.aliased(exp.cast(sql.call("json_object", *_columns(scans, source, mentioned)), "varchar", dialect=sql.DIALECT), "columns"),
    ]
    for clause in ("group", "having", "qualify", "order", "limit", "distinct"):
        select.set(clause, None)
    return select.select(*columns, append=False, copy=False)


def _columns(scans: Scans, source: str, mentioned: set[tuple[str, str]]) -> list[exp.Expr]:
    """Return names and values of a row: first what the condition reads, of other tables too, then the rest of its own."""
    schema = scans.schema
    lent = [(other, column) for other in (schema.lookup(source), schema.parent(source)) if other for column in schema.columns(other).values()]
    found = [(table, column) for table, column in lent if (table, column.name) in mentioned]
    own = sorted(schema.columns(source).values(), key=lambda column: (source, column.name) not in mentioned)
    told = [*((f"{table}.{column.name}", Typed(sql.col(column.name, table), column.type)) for table, column in found)]
    told += [(column.name, Typed(sql.col(column.name, source), column.type)) for column in own]
    return [part for name, value in told for part in (exp.Literal.string(name), value.told())]
