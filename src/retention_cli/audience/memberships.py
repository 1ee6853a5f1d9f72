"""Memberships: who is in which segment now, as bitmaps, and against the generation before.

A generation is one evaluation of all segments. Sixty-four segments share an unsigned 64-bit word a customer; the word and
the bit of a segment are its position in `Generation.names`. What leaves here is a Parquet blob, because the ledger keeps
the last two generations whole and the earlier ones as their differences.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from retention_cli.audience.fingerprints import fingerprint
from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.segments import segments_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.project import Project

WORD = 64
NOW, BEFORE, COMPARED = "memberships", "memberships_before", "memberships_compared"


class Stored(Protocol):
    """A generation as the ledger keeps it."""

    @property
    def segments(self) -> Mapping[str, str]:
        """Names with their fingerprints, in the order of the bits."""

    @property
    def whole(self) -> bytes:
        """The Parquet blob: customer_id, word_0, word_1, …."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Which segments were evaluated, by name with their fingerprints, in the order of their bits."""

    segments: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """The segments in the order of their bits."""
        return list(self.segments)

    def dump(self) -> str:
        """Return the order and the fingerprints as JSON text."""
        return json.dumps(dict(self.segments))


def evaluate(project: Project, schema: Schema, moment: Moment, engine: DuckEngine, only: Sequence[str] | None = None) -> Generation:
    """Evaluate segments in one plan into the table `memberships(customer_id, a boolean a segment)`."""
    names = sorted(project.segments if only is None else only)
    compiler = Compiler(schema, moment, project)
    query = segments_query(compiler, {name: project.segments[name].where for name in names})
    engine.execute(sql.created(NOW, query), query.values)
    return Generation({name: fingerprint(project, name) for name in names})


def load_before(engine: DuckEngine, stored: Stored | None) -> Generation:
    """Put the generation before into `memberships_before(customer_id, word_n…)`; an empty one where there is none."""
    if stored is None:
        engine.table(BEFORE, {CUSTOMER: "VARCHAR", "word_0": "UBIGINT"}, [])
        return Generation({})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generation.parquet"
        path.write_bytes(stored.whole)
        source = sql.call("read_parquet", exp.Placeholder(this="path"))
        rows = sql.Query(exp.Select().select("*", copy=False).from_(exp.Table(this=source), copy=False), {"path": str(path)})
        engine.execute(sql.created(BEFORE, rows), rows.values)
    return Generation(dict(stored.segments))


def bit(position: int) -> exp.Expr:
    """Return the bit of a segment in its word, as an unsigned 64-bit number."""
    return exp.cast(exp.Literal.number(1 << (position % WORD)), "ubigint", dialect=sql.DIALECT)


def was_in(before: Generation, segment: str) -> exp.Expr:
    """Return whether a row of `memberships_before` has a segment's bit; false for who was not there."""
    if segment not in before.segments:
        return sql.false()
    position = before.names.index(segment)
    word = sql.col(f"word_{position // WORD}", BEFORE)
    return sql.sure(exp.NEQ(this=exp.Paren(this=exp.BitwiseAnd(this=word, expression=bit(position))), expression=sql.number(0)))


def words(now: Generation) -> list[exp.Alias]:
    """Return the words of the current memberships, as columns word_0, word_1, …."""
    columns: list[exp.Alias] = []
    for start in range(0, max(len(now.names), 1), WORD):
        bits = [_bit_if(name, position) for position, name in enumerate(now.names[start : start + WORD], start)]
        word = bits[0] if bits else exp.cast(sql.number(0), "ubigint", dialect=sql.DIALECT)
        for other in bits[1:]:
            word = exp.BitwiseOr(this=word, expression=other)
        columns.append(sql.aliased(word, f"word_{start // WORD}"))
    return columns


def _bit_if(name: str, position: int) -> exp.Expr:
    nothing = exp.cast(sql.number(0), "ubigint", dialect=sql.DIALECT)
    return exp.Case(ifs=[exp.If(this=sql.col(name, NOW), true=bit(position))], default=nothing)


def whole_blob(engine: DuckEngine, now: Generation) -> bytes:
    """Return the current generation as a Parquet blob: every customer's words, by customer_id."""
    select = exp.Select().select(sql.col(CUSTOMER, NOW), *words(now), copy=False).from_(sql.table(NOW), copy=False)
    return _parquet(engine, select.order_by(sql.col(CUSTOMER, NOW), copy=False))


def delta_blob(engine: DuckEngine, now: Generation, before: Generation) -> bytes:
    """Return who entered and who left which segment since the generation before: (customer_id, segment, entered)."""
    names = [name for name in now.names if name in before.segments]
    if not names:
        return _parquet(engine, _nobody())
    union: exp.Query = _changed(names[0])
    for name in names[1:]:
        union = exp.Union(this=union, expression=_changed(name), distinct=False)
    everyone = exp.Select().select("*", copy=False).from_(exp.Subquery(this=union, alias=exp.TableAlias(this=sql.name("changed"))), copy=False)
    # Joined once and kept: a join for each segment would read both generations anew for every one of them.
    return _parquet(engine, everyone.with_(exp.TableAlias(this=sql.name(COMPARED)), as_=_compared(names, now, before), materialized=True, copy=False))


def _nobody() -> exp.Select:
    columns = [
        sql.aliased(exp.cast(exp.Null(), kind, dialect=sql.DIALECT), name)
        for name, kind in ((CUSTOMER, "varchar"), ("segment", "varchar"), ("entered", "boolean"))
    ]
    return exp.Select().select(*columns, copy=False).where(sql.false(), copy=False)


def _compared(names: Sequence[str], now: Generation, before: Generation) -> exp.Select:
    """Select a row a customer, with a column a segment: true where entered, false where left, null where nothing changed."""
    who = exp.Coalesce(this=sql.col(CUSTOMER, NOW), expressions=[sql.col(CUSTOMER, BEFORE)])
    columns = [sql.aliased(_entered(name, before), name) for name in names]
    select = joined("full").select(sql.aliased(who, CUSTOMER), *columns, copy=False)
    if now.names != before.names:
        return select
    # Where every segment kept its bit, most customers are told to be unchanged by their words alone.
    return select.where(sql.either(_differs(word) for word in words(now)), copy=False)


def _differs(word: exp.Alias) -> exp.Expr:
    nobody = sql.number(0)
    then = exp.Coalesce(this=sql.col(word.alias, BEFORE), expressions=[nobody])
    return exp.NEQ(this=exp.Coalesce(this=word.this.copy(), expressions=[nobody.copy()]), expression=then)


def _entered(name: str, before: Generation) -> exp.Expr:
    is_in = sql.sure(sql.col(name, NOW))
    changed = exp.NEQ(this=is_in, expression=was_in(before, name))
    return exp.Case(ifs=[exp.If(this=changed, true=is_in.copy())])


def _changed(name: str) -> exp.Select:
    entered = sql.col(name, COMPARED)
    columns = [sql.col(CUSTOMER, COMPARED), sql.aliased(exp.Literal.string(name), "segment"), sql.aliased(entered, "entered")]
    there = sql.present(entered.copy())
    return exp.Select().select(*columns, copy=False).from_(sql.table(COMPARED), copy=False).where(there, copy=False)


def joined(side: str) -> exp.Select:
    """Return `SELECT … FROM memberships <side> JOIN memberships_before USING (customer_id)`; the caller adds columns."""
    on = exp.EQ(this=sql.col(CUSTOMER, NOW), expression=sql.col(CUSTOMER, BEFORE))
    return exp.Select().from_(sql.table(NOW), copy=False).join(sql.table(BEFORE), on=on, join_type=side, copy=False)


def _parquet(engine: DuckEngine, query: exp.Query) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generation.parquet"
        engine.execute(sql.copied_to(str(path), sql.Query(query, {})), {})
        return path.read_bytes()
