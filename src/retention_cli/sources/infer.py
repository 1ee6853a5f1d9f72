"""Types told from values, once: at the first import, over every value of a column and never over a sample.

A sample only says which types are worth asking about. A type holds when every value is written in its plain form, so an
id with a leading zero stays text, and so does a column of numbers with one `N/A` at row 30,001 (with a warning).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.model.source import Column, ColumnType
from retention_cli.sources import convert
from retention_cli.sources.layout import MONEY, WIDEST_SCALE, Planned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.layout import Layout

SAMPLE = 10_000
_MONEY_SCALE = 2
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

PATTERNS: Mapping[ColumnType, str] = {
    ColumnType.BOOLEAN: r"(?i:true|false)",
    ColumnType.INTEGER: r"-?(0|[1-9][0-9]{0,17})",
    ColumnType.DECIMAL: r"-?(0|[1-9][0-9]{0,13})(\.[0-9]+)?",
    ColumnType.DATE: _DAY,
    ColumnType.TIME: _DAY + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?",
}
"""The plain form of each type, tried in this order; RE2 and `re` read them alike."""


def settle(engine: DuckEngine, layout: Layout) -> tuple[tuple[Column, ...], list[str]]:
    """Return every column's type and scale by the values in `raw`, and what a user should hear."""
    guessed = [(n, column) for n, column in enumerate(layout.columns) if column.type is None]
    kinds, warnings = _kinds(engine, guessed)
    known = [replace(column, type=kinds.get(n, column.type)) for n, column in enumerate(layout.columns)]
    scales = _scales(engine, [(n, column) for n, column in enumerate(known) if column.scale is None and column.type is ColumnType.DECIMAL], kinds)
    columns = tuple(column.settled(column.type or ColumnType.TEXT, scales.get(n, column.scale or 0)) for n, column in enumerate(known))
    return columns, warnings


def _kinds(engine: DuckEngine, guessed: Sequence[tuple[int, Planned]]) -> tuple[dict[int, ColumnType], list[str]]:
    sampled = _misfits(engine, {n: list(PATTERNS) for n, _ in guessed}, sample=True)
    asked = {n: [kind for kind in PATTERNS if sampled[n][kind] == 0] for n, _ in guessed}
    whole = _misfits(engine, asked, sample=False)
    values = _values(engine, [n for n, _ in guessed])
    kinds, warnings = {}, []
    for n, column in guessed:
        fitting = [kind for kind in asked[n] if whole[n][kind] == 0]
        kinds[n] = fitting[0] if fitting and values[n] else ColumnType.TEXT
        if asked[n] and not fitting:
            warnings.append(_almost(column, asked[n][0], whole[n][asked[n][0]]))
    return kinds, warnings


def _almost(column: Planned, kind: ColumnType, misfits: int) -> str:
    return f"column {column.origin!r} looks like {kind.value}, but {misfits:,} of its values are not: kept as text; `types:` settles it"


def _misfits(engine: DuckEngine, asked: Mapping[int, Iterable[ColumnType]], *, sample: bool) -> dict[int, dict[ColumnType, int]]:
    pairs = [(n, kind) for n, kinds in asked.items() for kind in kinds]
    if not pairs:
        return {n: {} for n in asked}
    counts = joined(fill("count(*) FILTER (NOT COALESCE({fits}, true))", fits=_fits(n, kind)) for n, kind in pairs)
    rows = Sql(f"(SELECT * FROM raw WHERE bad IS NULL LIMIT {SAMPLE})" if sample else "raw")  # noqa: S608 - the one piece is our own number
    found = engine.run(fill("SELECT {counts} FROM {rows} WHERE bad IS NULL", counts=counts, rows=rows))[0]
    result: dict[int, dict[ColumnType, int]] = {n: {} for n in asked}
    for (n, kind), count in zip(pairs, found, strict=True):
        result[n][kind] = count
    return result


def _fits(n: int, kind: ColumnType) -> Sql:
    value = convert.from_text(Planned("", "", kind), fill("v{n}", n=n))
    return fill("regexp_full_match(v{n}, {pattern}) AND ({value} IS NOT NULL OR v{n} IS NULL)", n=n, pattern=literal(PATTERNS[kind]), value=value)


def _values(engine: DuckEngine, columns: Sequence[int]) -> dict[int, int]:
    if not columns:
        return {}
    counts = joined(fill("count(v{n})", n=n) for n in columns)
    return dict(zip(columns, engine.run(fill("SELECT {counts} FROM raw WHERE bad IS NULL", counts=counts))[0], strict=True))


def _scales(engine: DuckEngine, decimals: Sequence[tuple[int, Planned]], guessed: Mapping[int, ColumnType]) -> dict[int, int]:
    if not decimals:
        return {}
    longest = joined(fill("max({digits})", digits=_digits(n, text=n in guessed)) for n, _ in decimals)
    found = engine.run(fill("SELECT {longest} FROM raw WHERE bad IS NULL", longest=longest))[0]
    pairs = zip(decimals, found, strict=True)
    return {n: min(WIDEST_SCALE, max(digits or 0, _MONEY_SCALE if column.name in MONEY else 0)) for (n, column), digits in pairs}


def _digits(n: int, *, text: bool) -> Sql:
    if text:
        return fill("fraction(v{n})", n=n)
    steps = joined((fill("WHEN v{n} * {power} % 1 = 0 THEN {scale}", n=n, power=10**scale, scale=scale) for scale in range(WIDEST_SCALE)), " ")
    return fill("CASE {steps} ELSE {widest} END", steps=steps, widest=WIDEST_SCALE)


def fits(text: str, kind: ColumnType) -> bool:
    """Return whether a text has the plain form of a type, for a look at a header's first rows."""
    if re.fullmatch(PATTERNS[kind], text) is None:
        return False
    return kind not in (ColumnType.DATE, ColumnType.TIME) or _is_day(text[:10])


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def guess(values: Iterable[str]) -> ColumnType:
    """Return the type that a few values suggest; text where they agree on none, or where there is none."""
    seen = [value for value in values if value]
    return next((kind for kind in PATTERNS if seen and all(fits(value, kind) for value in seen)), ColumnType.TEXT)
