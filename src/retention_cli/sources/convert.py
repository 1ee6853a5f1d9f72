"""How a text, or a value of Parquet, becomes a value of a settled type.

A value that does not fit gives NULL and nothing else happens; the reading compares and sets the row aside. Money is
DECIMAL: fractions longer than its scale are rounded half to even, exactly. Times are read in the session's zone (a gap
of the clock moves forward, an hour that comes twice is the second) unless they carry an offset, and kept in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.model.source import ColumnType
from retention_cli.sources.layout import WIDEST_SCALE, Planned, native_type

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine

_SQL_TYPES: dict[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIME: "TIMESTAMP",
    ColumnType.LIST: "VARCHAR[]",
}

_MACROS = (
    "whole(c, n) AS CASE WHEN contains(c, '.') AND TRY_CAST(c AS DECIMAL(38, 12)) % 1 <> 0 THEN NULL ELSE n END",
    "finite(d) AS CASE WHEN isfinite(d) THEN d END",
    "in_utc(t) AS make_timestamp(epoch_us(t))",
    "exact(c) AS TRY_CAST(c AS DECIMAL(38, 18))",
    "fraction(c) AS CASE WHEN contains(c, '.') THEN length(c) - strpos(c, '.') ELSE 0 END",
    "whole_text(d) AS CASE WHEN d = trunc(d) AND abs(d) < 1e15 THEN CAST(CAST(d AS BIGINT) AS VARCHAR) ELSE CAST(d AS VARCHAR) END",
)

_SCALE_MACROS = (
    "nearest_{scale}(x) AS TRY_CAST(x AS DECIMAL(18, {scale}))",
    "is_tie_{scale}(x) AS abs(x - nearest_{scale}(x)) = {half} AND CAST(nearest_{scale}(x) * {power} AS BIGINT) % 2 <> 0",
    "half_even_{scale}(x) AS nearest_{scale}(CASE WHEN is_tie_{scale}(x) THEN x - CASE WHEN x < 0 THEN -{half} ELSE {half} END ELSE x END)",
    """money_{scale}(c, d) AS CASE WHEN d IS NULL THEN nearest_{scale}(c) WHEN nearest_{scale}(d) = d THEN nearest_{scale}(d)
       ELSE half_even_{scale}(exact(c)) END""",
)


def install_macros(engine: DuckEngine) -> None:
    """Define the conversions in a session."""
    macros = [*_MACROS]
    for scale in range(WIDEST_SCALE + 1):
        half = Sql(f"CAST('0.{'0' * scale}5' AS DECIMAL(38, 18))")
        macros += [fill(macro, scale=scale, power=10**scale, half=half) for macro in _SCALE_MACROS]
    engine.execute(joined((fill("CREATE OR REPLACE MACRO {macro}", macro=Sql(macro)) for macro in macros), "; "))


def sql_type(kind: ColumnType | None, scale: int | None) -> Sql:
    """Return the engine's type; a column that is not yet settled is held as text, a scale as the widest."""
    if kind is ColumnType.DECIMAL:
        return fill("DECIMAL(18, {scale})", scale=WIDEST_SCALE if scale is None else scale)
    return Sql("VARCHAR" if kind is None else _SQL_TYPES[kind])


_LOOKS: dict[ColumnType, str] = {
    ColumnType.INTEGER: "TRY_CAST({text} AS BIGINT)",
    ColumnType.DECIMAL: "TRY_CAST({text} AS DECIMAL(18, 6))",
    ColumnType.BOOLEAN: "TRY_CAST({text} AS BOOLEAN)",
    ColumnType.DATE: "TRY_CAST({text} AS DATE)",
    ColumnType.TIME: "TRY_CAST({text} AS TIMESTAMPTZ)",
    ColumnType.LIST: "string_split({text}, '|')",
}

_JUDGED: dict[ColumnType, str] = {
    ColumnType.INTEGER: "whole({text}, {look})",
    ColumnType.DATE: "finite({look})",
    ColumnType.TIME: "in_utc({look})",
}


def look(column: Planned, text: Sql, date_format: str | None = None) -> Sql:
    """Return the first, dear step of reading a text; `judged` makes a value of it, so that it is taken once a row."""
    kind = column.type or ColumnType.TEXT
    plain = fill(_LOOKS.get(kind, "{text}"), text=text)
    if date_format is None or kind not in (ColumnType.DATE, ColumnType.TIME):
        return plain
    as_type = Sql("DATE" if kind is ColumnType.DATE else "TIMESTAMPTZ")
    template = "COALESCE(CAST(try_strptime({text}, {format}) AS {type}), {plain})"
    return fill(template, text=text, format=literal(date_format), type=as_type, plain=plain)


def judged(column: Planned, text: Sql, looked: Sql) -> Sql:
    """Return the column's value of a text and what a first look made of it; NULL where it does not fit."""
    kind = column.type or ColumnType.TEXT
    if kind is ColumnType.DECIMAL:
        return fill("money_{scale}({text}, {look})", scale=_scale(column), text=text, look=looked)
    return fill(_JUDGED.get(kind, "{look}"), text=text, look=looked)


def from_text(column: Planned, text: Sql) -> Sql:
    """Return the column's value read from a text, in one expression."""
    return judged(column, text, look(column, text))


def from_native(column: Planned, value: Sql, native: str) -> Sql | None:
    """Return the column's value taken from a Parquet value of type `native` as it is; None where it goes by way of text."""
    given, kind = native_type({native}), column.type or ColumnType.TEXT
    if given is ColumnType.TIME and kind is ColumnType.TIME:
        return fill("in_utc(CAST({value} AS TIMESTAMPTZ))", value=value)
    if given is kind and kind not in (ColumnType.DECIMAL, ColumnType.TEXT):
        return fill("TRY_CAST({value} AS {type})", value=value, type=sql_type(kind, None))
    return None


def as_words(value: Sql, native: str) -> Sql:
    """Return a Parquet value as text; empty text is no value, and a whole number has no point."""
    if native in ("DOUBLE", "FLOAT"):
        return fill("whole_text({value})", value=value)
    return fill("nullif({value}, '')" if native == "VARCHAR" else "CAST({value} AS VARCHAR)", value=value)


def _scale(column: Planned) -> int:
    return WIDEST_SCALE if column.scale is None else column.scale
