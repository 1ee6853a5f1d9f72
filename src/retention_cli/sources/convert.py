"""How a text, or a value of Parquet, becomes a value of a settled type: one DuckDB macro a type.

A value that does not fit gives NULL and nothing else happens; the reading compares and sets the row aside. Money is
DECIMAL: fractions longer than its scale are rounded half to even, exactly. Times are read in the session's zone (a gap
of the clock moves forward, an hour that comes twice is the second) unless they carry an offset, and kept in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, literal
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
    "as_text(c) AS c",
    "as_whole(c) AS TRY_CAST(c AS BIGINT)",
    """as_integer(c) AS CASE WHEN contains(c, '.') OR contains(c, 'e') OR contains(c, 'E')
       THEN CASE WHEN TRY_CAST(c AS DECIMAL(38, 12)) % 1 = 0 THEN as_whole(c) END ELSE as_whole(c) END""",
    "as_boolean(c) AS TRY_CAST(c AS BOOLEAN)",
    "as_date(c) AS CASE WHEN isfinite(TRY_CAST(c AS DATE)) THEN TRY_CAST(c AS DATE) END",
    "in_utc(t) AS make_timestamp(epoch_us(t))",
    "as_time(c) AS in_utc(TRY_CAST(c AS TIMESTAMPTZ))",
    "as_list(c) AS string_split(c, '|')",
    "exact(c) AS TRY_CAST(c AS DECIMAL(38, 18))",
    "fraction(c) AS CASE WHEN contains(c, '.') THEN length(c) - strpos(c, '.') ELSE 0 END",
    "whole_text(d) AS CASE WHEN d = trunc(d) AND abs(d) < 1e15 THEN CAST(CAST(d AS BIGINT) AS VARCHAR) ELSE CAST(d AS VARCHAR) END",
)

_SCALE_MACROS = (
    "nearest_{scale}(x) AS TRY_CAST(x AS DECIMAL(18, {scale}))",
    "is_tie_{scale}(x) AS abs(x - nearest_{scale}(x)) = {half} AND CAST(nearest_{scale}(x) * {power} AS BIGINT) % 2 <> 0",
    "half_even_{scale}(x) AS nearest_{scale}(CASE WHEN is_tie_{scale}(x) THEN x - CASE WHEN x < 0 THEN -{half} ELSE {half} END ELSE x END)",
    "as_decimal_{scale}(c) AS CASE WHEN fraction(c) > {scale} THEN half_even_{scale}(exact(c)) ELSE nearest_{scale}(c) END",
    "is_rounded_{scale}(c) AS CASE WHEN fraction(c) > {scale} THEN COALESCE(exact(c) <> nearest_{scale}(exact(c)), false) ELSE false END",
)


def install_macros(engine: DuckEngine) -> None:
    """Define the conversions in a session."""
    for macro in _MACROS:
        engine.execute(fill("CREATE MACRO {macro}", macro=Sql(macro)))
    for scale in range(WIDEST_SCALE + 1):
        half = Sql(f"CAST('0.{'0' * scale}5' AS DECIMAL(38, 18))")
        for macro in _SCALE_MACROS:
            body = fill(macro, scale=scale, power=10**scale, half=half)
            engine.execute(fill("CREATE MACRO {macro}", macro=body))


def sql_type(kind: ColumnType | None, scale: int | None) -> Sql:
    """Return the engine's type; a column that is not yet settled is held as text, a scale as the widest."""
    if kind is ColumnType.DECIMAL:
        return fill("DECIMAL(18, {scale})", scale=WIDEST_SCALE if scale is None else scale)
    return Sql("VARCHAR" if kind is None else _SQL_TYPES[kind])


def from_text(column: Planned, text: Sql, date_format: str | None = None) -> Sql:
    """Return the column's value read from a text; NULL where it does not fit."""
    kind = column.type or ColumnType.TEXT
    if kind is ColumnType.DECIMAL:
        return fill("as_decimal_{scale}({text})", scale=_scale(column), text=text)
    plain = fill("as_{kind}({text})", kind=Sql(kind.value), text=text)
    if date_format is None or kind not in (ColumnType.DATE, ColumnType.TIME):
        return plain
    parsed = fill("try_strptime({text}, {format})", text=text, format=literal(date_format))
    template = "COALESCE(CAST({parsed} AS DATE), {plain})" if kind is ColumnType.DATE else "COALESCE(in_utc(CAST({parsed} AS TIMESTAMPTZ)), {plain})"
    return fill(template, parsed=parsed, plain=plain)


def from_native(column: Planned, value: Sql, native: str) -> Sql:
    """Return the column's value read from a Parquet value of type `native`; NULL where it does not fit."""
    given, kind = native_type({native}), column.type or ColumnType.TEXT
    if given is ColumnType.TIME and kind is ColumnType.TIME:
        return fill("in_utc(CAST({value} AS TIMESTAMPTZ))", value=value)
    if given is kind and kind not in (ColumnType.DECIMAL, ColumnType.TEXT):
        return fill("TRY_CAST({value} AS {type})", value=value, type=sql_type(kind, None))
    if given is ColumnType.DECIMAL and kind is ColumnType.TEXT:
        return fill("whole_text({value})", value=value)
    return from_text(column, as_words(value, native))


def as_words(value: Sql, native: str) -> Sql:
    """Return a Parquet value as text; empty text is no value."""
    return fill("nullif({value}, '')" if native == "VARCHAR" else "CAST({value} AS VARCHAR)", value=value)


def rounded(column: Planned, text: Sql) -> Sql | None:
    """Return whether reading the text loses digits; None where the column cannot."""
    if column.type is not ColumnType.DECIMAL:
        return None
    return fill("is_rounded_{scale}({text})", scale=_scale(column), text=text)


def _scale(column: Planned) -> int:
    return WIDEST_SCALE if column.scale is None else column.scale
