"""How large segments were at each evaluation: the last one whole, and backwards by who came and went.

The ledger keeps the last memberships as bitmaps and each evaluation as its differences to the one before, so an earlier size
is a later one less who entered, plus who left. Where a segment was not evaluated the chain ends: its earlier sizes are not
known any more.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.audience.memberships import BEFORE, Generation, load_before, was_in
from retention_cli.compile import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.ledger.rows import EvaluationRow, GenerationRow


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A segment at one evaluation; `as_of` is in microseconds. None is what is not known (`size`) or has nothing before it (`entered`, `left`).

    `redefined`: its condition was another one at the evaluation before.
    """

    as_of: int
    size: int | None
    entered: int | None
    left: int | None
    redefined: bool


Changes = dict[tuple[int, str], tuple[int, int]]


def histories(engine: DuckEngine, rows: Sequence[EvaluationRow], last: GenerationRow | None, limit: int) -> dict[str, list[Evaluated]]:
    """Return each segment in the first `limit` of the evaluations, the newest first as `rows` are; `last` is the newest of them whole.

    Give one row more than that where there is one, so that the oldest can be compared too.
    """
    names = sorted({name for row in rows[:limit] for name in row.segments})
    sizes = _last_sizes(engine, last) if last is not None else {}
    changes = _changes(engine, rows)
    return {name: list(_backwards(name, sizes.get(name), rows, changes, limit)) for name in names}


def _backwards(name: str, size: int | None, rows: Sequence[EvaluationRow], changes: Changes, limit: int) -> Iterator[Evaluated]:
    for row, before in zip(rows[:limit], [*rows[1:], None], strict=False):
        if name not in row.segments:
            size = None
            continue
        known = before is not None and name in before.segments and row.delta is not None
        entered, left = changes.get((row.id, name), (0, 0)) if known else (None, None)
        redefined = before is not None and before.segments.get(name, row.segments[name]) != row.segments[name]
        yield Evaluated(row.as_of, size, entered, left, redefined)
        size = None if size is None or entered is None or left is None else size - entered + left


def _last_sizes(engine: DuckEngine, last: GenerationRow) -> Mapping[str, int]:
    before: Generation = load_before(engine, last)
    if not before.names:
        return {}
    counts = [sql.aliased(exp.CountIf(this=was_in(before, name)), name) for name in before.names]
    row = engine.run(exp.Select().select(*counts, copy=False).from_(sql.table(BEFORE), copy=False).sql(dialect=sql.DIALECT))[0]
    return {name: int(count or 0) for name, count in zip(before.names, row, strict=True)}


def _changes(engine: DuckEngine, rows: Sequence[EvaluationRow]) -> Changes:
    """Count who entered and who left, of every evaluation at once."""
    kept = [row for row in rows if row.delta is not None]
    if not kept:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for row in kept:
            (Path(folder) / f"{row.id}.parquet").write_bytes(row.delta or b"")
        paths = exp.Array(expressions=[exp.Literal.string(str(Path(folder) / f"{row.id}.parquet")) for row in kept])
        found = engine.run(_counted(paths).sql(dialect=sql.DIALECT))
    return {(int(Path(file).stem), segment): (int(entered), int(left)) for file, segment, entered, left in found}


def _counted(paths: exp.Array) -> exp.Select:
    source = sql.call("read_parquet", paths, exp.PropertyEQ(this=sql.name("filename"), expression=sql.true()))
    entered = exp.CountIf(this=sql.col("entered"))
    left = exp.CountIf(this=sql.negated(sql.col("entered")))
    select = exp.Select().select(sql.col("filename"), sql.col("segment"), entered, left, copy=False)
    return select.from_(exp.Table(this=source), copy=False).group_by(sql.col("filename"), sql.col("segment"), copy=False)
