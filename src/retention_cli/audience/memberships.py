"""Memberships: who is in which segment now, as bitmaps, and against the generation before.

A generation is one evaluation of all segments and groups. Sixty-four segments share an unsigned 64-bit word a customer; the word and
the bit of a segment are its position in `Generation.names`. What leaves here is a Parquet blob, because the ledger keeps
the last two generations whole and the earlier ones as their differences.
"""

from __future__ import annotations

import functools
import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from retention_cli.audience.fingerprints import fingerprint, group_fingerprint
from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.lasting import division_of
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.segments import segments_query
from retention_cli.model.condition import FieldTest, walk
from retention_cli.model.question import Op, Test
from retention_cli.model.trigger import Moves
from retention_cli.project.checks import conditions_over_customers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.group import Group
    from retention_cli.model.project import Project

WORD = 64
NOW, PACKED, BEFORE, COMPARED = "memberships", "memberships_packed", "memberships_before", "memberships_compared"


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
    """Evaluate segments in one plan into the table `memberships(customer_id, a boolean a segment)`.

    The same stands packed in `memberships_packed(customer_id, word_n…)`, since a generation is both kept and compared in words.
    """
    conditions = {name: project.segments[name].where for name in (project.segments if only is None else only)}
    if only is None:
        conditions |= {division: _is_in_division(group, division) for group in _groups(project) for division in _divisions(group)}
    query = segments_query(Compiler(schema, moment, project), dict(sorted(conditions.items())))
    engine.execute(sql.created(NOW, query), query.values)
    now = Generation(meanings(project, only))
    packed = exp.Select().select(sql.col(CUSTOMER, NOW), *words(now), copy=False).from_(sql.table(NOW), copy=False)
    engine.execute(sql.created(PACKED, sql.Query(packed, {})), {})
    return now


def meanings(project: Project, only: Sequence[str] | None = None) -> dict[str, str]:
    """Return what is evaluated by name, in the order of the bits, each with a fingerprint of its meaning."""
    found = {name: fingerprint(project, name) for name in (project.segments if only is None else only)}
    if only is None:
        found |= {division: group_fingerprint(project, group.name) for group in _groups(project) for division in _divisions(group)}
    return dict(sorted(found.items()))


def _divisions(group: Group) -> list[str]:
    return [division_of(group.name, name) for name in group.names]


def _is_in_division(group: Group, division: str) -> FieldTest:
    return FieldTest(field=str(group.name), tests=(Test(op=Op.IS, values=(division.partition("/")[2],)),))


def _groups(project: Project) -> list[Group]:
    """Return the shop's own groups, and those built in that a trigger sees people move in, or a condition asks how long they are in."""
    moved = {str(each.trigger.moves.group) for each in project.campaigns.values() if isinstance(each.trigger, Moves)}
    nodes = (node for condition in conditions_over_customers(project) for node in walk(condition))
    moved |= {str(node.field) for node in nodes if isinstance(node, FieldTest) and node.lasting is not None}
    built_in = [group for name, group in sorted(project.standard_groups.items()) if name in moved and name not in project.groups]
    return [*(group for _, group in sorted(project.groups.items())), *built_in]


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
    return _ubigint(1 << (position % WORD))


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
        columns.append(sql.aliased(_all_of(bits), f"word_{start // WORD}"))
    return columns


def _bit_if(name: str, position: int) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=sql.col(name, NOW), true=bit(position))], default=_ubigint(0))


def whole_blob(engine: DuckEngine) -> bytes:
    """Return the current generation as a Parquet blob: every customer's words, by customer_id."""
    select = exp.Select().select("*", copy=False).from_(sql.table(PACKED), copy=False)
    return _parquet(engine, select.order_by(sql.col(CUSTOMER), copy=False))


def delta_blob(engine: DuckEngine, now: Generation, before: Generation) -> bytes:
    """Return who entered and who left which segment since the generation before: (customer_id, segment, entered)."""
    kept = [position for position, name in enumerate(now.names) if name in before.segments]
    if not kept:
        return _parquet(engine, _nobody())
    engine.execute(sql.created(COMPARED, sql.Query(_compared(kept, now, before), {})), {})
    words_of = [[position for position in kept if position // WORD == word] for word in range(_words(now))]
    changed: list[exp.Query] = [_changed(word, positions, now) for word, positions in enumerate(words_of) if positions]
    return _parquet(engine, functools.reduce(lambda one, other: exp.Union(this=one, expression=other, distinct=False), changed))


def _nobody() -> exp.Select:
    columns = [
        sql.aliased(exp.cast(exp.Null(), kind, dialect=sql.DIALECT), name)
        for name, kind in ((CUSTOMER, "varchar"), ("segment", "varchar"), ("entered", "boolean"))
    ]
    return exp.Select().select(*columns, copy=False).where(sql.false(), copy=False)


def _words(generation: Generation) -> int:
    return max(1, math.ceil(len(generation.names) / WORD))


def _compared(kept: Sequence[int], now: Generation, before: Generation) -> exp.Select:
    """Select whose words differ, joined once: each word now, as `word_n`, and the bits of it that turned, as `turned_n`.

    A segment that the generation before did not know turns nobody: there is nothing to compare it with.
    """
    who = exp.Coalesce(this=sql.col(CUSTOMER, PACKED), expressions=[sql.col(CUSTOMER, BEFORE)])
    columns = [sql.aliased(who, CUSTOMER)]
    turned = []
    for word in range(_words(now)):
        is_in = _or_nothing(sql.col(f"word_{word}", PACKED))
        differs = exp.BitwiseXor(this=is_in, expression=exp.Paren(this=_was(word, now, before)))
        comparable = sum(1 << (position % WORD) for position in kept if position // WORD == word)
        turned.append(exp.BitwiseAnd(this=exp.Paren(this=differs), expression=_ubigint(comparable)))
        columns += [sql.aliased(is_in.copy(), f"word_{word}"), sql.aliased(turned[-1], f"turned_{word}")]
    any_turned = sql.either(exp.NEQ(this=exp.Paren(this=each.copy()), expression=_ubigint(0)) for each in turned)
    return _joined(PACKED, "full").select(*columns, copy=False).where(any_turned, copy=False)


def _was(word: int, now: Generation, before: Generation) -> exp.Expr:
    """Return a word of the generation before, its bits in the order of now."""
    if now.names == before.names:
        return _or_nothing(sql.col(f"word_{word}", BEFORE))
    mine = enumerate(now.names[word * WORD : (word + 1) * WORD])
    bits = [exp.Case(ifs=[exp.If(this=was_in(before, name), true=bit(at))], default=_ubigint(0)) for at, name in mine]
    return _all_of(bits)


def _all_of(bits: Sequence[exp.Expr]) -> exp.Expr:
    return functools.reduce(lambda one, other: exp.BitwiseOr(this=one, expression=other), bits, _ubigint(0))


def _ubigint(value: int) -> exp.Expr:
    return exp.cast(exp.Literal.number(value), "ubigint", dialect=sql.DIALECT)


def _or_nothing(word: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=word, expressions=[_ubigint(0)])


def _changed(word: int, positions: Sequence[int], now: Generation) -> exp.Select:
    """Select a row for each bit of a word that turned."""
    told = [exp.Tuple(expressions=[exp.Literal.string(now.names[at]), bit(at)]) for at in positions]
    alias = exp.TableAlias(this=sql.name("told"), columns=[sql.name("segment"), sql.name("bit")])
    columns = [sql.col(CUSTOMER, COMPARED), sql.col("segment", "told"), sql.aliased(_has_bit(f"word_{word}"), "entered")]
    select = exp.Select().select(*columns, copy=False).from_(sql.table(COMPARED), copy=False)
    return select.join(exp.Values(expressions=told, alias=alias), join_type="cross", copy=False).where(_has_bit(f"turned_{word}"), copy=False)


def _has_bit(column: str) -> exp.Expr:
    common = exp.BitwiseAnd(this=sql.col(column, COMPARED), expression=sql.col("bit", "told"))
    return exp.NEQ(this=exp.Paren(this=common), expression=_ubigint(0))


def joined(side: str) -> exp.Select:
    """Return `SELECT … FROM memberships <side> JOIN memberships_before USING (customer_id)`; the caller adds columns."""
    return _joined(NOW, side)


def _joined(current: str, side: str) -> exp.Select:
    on = exp.EQ(this=sql.col(CUSTOMER, current), expression=sql.col(CUSTOMER, BEFORE))
    return exp.Select().from_(sql.table(current), copy=False).join(sql.table(BEFORE), on=on, join_type=side, copy=False)


def _parquet(engine: DuckEngine, query: exp.Query) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generation.parquet"
        engine.execute(sql.copied_to(str(path), sql.Query(query, {})), {})
        return path.read_bytes()
