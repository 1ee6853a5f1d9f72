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
    from retention_cli.model.dress import CsvFormat
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

_LETTERS = {"d": "[0-9]{1,2}", "m": "[0-9]{1,2}", "Y": "[0-9]{4}", "y": "[0-9]{2}", "H": "[0-9]{1,2}", "M": "[0-9]{2}", "S": "[0-9]{2}"}
_CLOCK = "([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?)"


def pattern_of(kind: ColumnType, dress: CsvFormat) -> str:
    """Return the form of a type in files that are written so; the plain form of a date is always one."""
    if kind in (ColumnType.INTEGER, ColumnType.DECIMAL) and (dress.thousands or dress.decimal == ","):
        mark = "[ \u00a0\u202f]" if dress.thousands == " " else f"[{dress.thousands}]" if dress.thousands else ""
        grouped = f"|[1-9][0-9]{{0,2}}({mark}[0-9]{{3}})+" if mark else ""
        fraction = r"([{}][0-9]+)?".format(dress.decimal or ".") if kind is ColumnType.DECIMAL else ""
        return f"-?(0|[1-9][0-9]{{0,13}}{grouped}){fraction}"
    if kind in (ColumnType.DATE, ColumnType.TIME) and dress.date_format and not dress.date_format.startswith("unix"):
        own = _form(dress.date_format)
        has_clock = any(letter in dress.date_format for letter in ("%H", "%I"))
        if has_clock:
            own = own if kind is ColumnType.TIME else "[^\\s\\S]"
        elif kind is ColumnType.TIME:
            own += _CLOCK
        return f"{PATTERNS[kind]}|{own}"
    return PATTERNS[kind]


def _form(date_format: str) -> str:
    """Return the form of a date written so; a letter of strptime that is not known here may be anything short."""
    pieces = re.split(r"%-?(.)", date_format)
    return "".join(_LETTERS.get(piece, "[^ ]{1,12}") if n % 2 else re.escape(piece) for n, piece in enumerate(pieces))


def settle(engine: DuckEngine, layout: Layout) -> tuple[tuple[Column, ...], list[str]]:
    """Return every column's type and scale by the values in `raw`, and what a user should hear."""
    guessed = [(n, column) for n, column in enumerate(layout.columns) if column.type is None]
    if guessed:
        convert.need_scales(engine, [WIDEST_SCALE])
    kinds, warnings = _kinds(engine, guessed, layout)
    known = [replace(column, type=kinds.get(n, column.type)) for n, column in enumerate(layout.columns)]
    scales = _scales(engine, [(n, column) for n, column in enumerate(known) if column.scale is None and column.type is ColumnType.DECIMAL], kinds)
    convert.need_scales(engine, scales.values())
    columns = tuple(column.settled(column.type or ColumnType.TEXT, scales.get(n, column.scale or 0)) for n, column in enumerate(known))
    return columns, warnings


def _kinds(engine: DuckEngine, guessed: Sequence[tuple[int, Planned]], layout: Layout) -> tuple[dict[int, ColumnType], list[str]]:
    dress = layout.dress
    sampled = _misfits(engine, {n: list(PATTERNS) for n, _ in guessed}, dress, sample=True)
    asked = {n: [kind for kind in PATTERNS if sampled[n][kind] == 0] for n, _ in guessed}
    whole = _misfits(engine, asked, dress, sample=False)
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


def _misfits(engine: DuckEngine, asked: Mapping[int, Iterable[ColumnType]], dress: CsvFormat, *, sample: bool) -> dict[int, dict[ColumnType, int]]:
    pairs = [(n, kind) for n, kinds in asked.items() for kind in kinds]
    if not pairs:
        return {n: {} for n in asked}
    counts = joined(fill("count(*) FILTER (NOT COALESCE({fits}, true))", fits=_fits(n, kind, dress)) for n, kind in pairs)
    rows = Sql(f"(SELECT * FROM raw WHERE bad IS NULL LIMIT {SAMPLE})" if sample else "raw")  # noqa: S608 - the one piece is our own number
    found = engine.run(fill("SELECT {counts} FROM {rows} WHERE bad IS NULL", counts=counts, rows=rows))[0]
    result: dict[int, dict[ColumnType, int]] = {n: {} for n in asked}
    for (n, kind), count in zip(pairs, found, strict=True):
        result[n][kind] = count
    return result


def _fits(n: int, kind: ColumnType, dress: CsvFormat) -> Sql:
    value = convert.from_text(Planned("", "", kind, dress=dress), fill("v{n}", n=n))
    template = "regexp_full_match(v{n}, {pattern}) AND ({value} IS NOT NULL OR v{n} IS NULL)"
    return fill(template, n=n, pattern=literal(pattern_of(kind, dress)), value=value)


def _values(engine: DuckEngine, columns: Sequence[int]) -> dict[int, int]:
    if not columns:
        return {}
    counts = joined(fill("count(v{n})", n=n) for n in columns)
    return dict(zip(columns, engine.run(fill("SELECT {counts} FROM raw WHERE bad IS NULL", counts=counts))[0], strict=True))


def _scales(engine: DuckEngine, decimals: Sequence[tuple[int, Planned]], guessed: Mapping[int, ColumnType]) -> dict[int, int]:
    if not decimals:
        return {}
    longest = joined(fill("max({digits})", digits=_digits(n, column, text=n in guessed)) for n, column in decimals)
    found = engine.run(fill("SELECT {longest} FROM raw WHERE bad IS NULL", longest=longest))[0]
    pairs = zip(decimals, found, strict=True)
    return {n: min(WIDEST_SCALE, max(digits or 0, _MONEY_SCALE if column.name in MONEY else 0)) for (n, column), digits in pairs}


def _digits(n: int, column: Planned, *, text: bool) -> Sql:
    if text:
        return fill("fraction({text})", text=convert.plain_number(column, fill("v{n}", n=n)))
    steps = joined((fill("WHEN v{n} * {power} % 1 = 0 THEN {scale}", n=n, power=10**scale, scale=scale) for scale in range(WIDEST_SCALE)), " ")
    return fill("CASE {steps} ELSE {widest} END", steps=steps, widest=WIDEST_SCALE)


def fits(text: str, kind: ColumnType, dress: CsvFormat | None = None) -> bool:
    """Return whether a text has the form of a type, for a look at a header's first rows."""
    if re.fullmatch(PATTERNS[kind], text) is not None:
        return kind not in (ColumnType.DATE, ColumnType.TIME) or _is_day(text[:10])
    return dress is not None and re.fullmatch(pattern_of(kind, dress), text) is not None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def guess(values: Iterable[str], dress: CsvFormat | None = None) -> ColumnType:
    """Return the type that a few values suggest; text where they agree on none, or where there is none."""
    seen = [value for value in values if value]
    return next((kind for kind in PATTERNS if seen and all(fits(value, kind, dress) for value in seen)), ColumnType.TEXT)
