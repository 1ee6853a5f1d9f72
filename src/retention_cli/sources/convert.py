"""How a text, or a value of Parquet, becomes a value of a settled type.

A value that does not fit gives NULL and nothing else happens; the reading compares and sets the row aside. Money is
DECIMAL: fractions longer than its scale are rounded half to even, exactly. Times are read in the session's zone (a gap
of the clock moves forward, an hour that comes twice is the second) unless they carry an offset, and kept in UTC.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.model.source import Clean, ColumnType
from retention_cli.sources.layout import WIDEST_SCALE, Planned, native_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention_cli.engine.duck import DuckEngine

_SQL_TYPES: dict[ColumnType, str] = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIME: "TIMESTAMP",
    ColumnType.LIST: "VARCHAR[]",
}
_YES = ("ano", "áno", "tak", "ja", "oui", "si", "sí", "igen", "da", "on", "x")
_NO = ("ne", "nie", "nein", "non", "nem", "off")
UNIX, UNIX_MS = "unix", "unix_ms"
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")

_MACROS = (
    "whole(c, n) AS CASE WHEN contains(c, '.') AND TRY_CAST(c AS DECIMAL(38, 12)) % 1 <> 0 THEN NULL ELSE n END",
    "finite(d) AS CASE WHEN isfinite(d) THEN d END",
    "in_utc(t) AS make_timestamp(epoch_us(t))",
    "exact(c) AS TRY_CAST(c AS DECIMAL(38, 18))",
    "fraction(c) AS CASE WHEN contains(c, '.') THEN length(c) - strpos(c, '.') ELSE 0 END",
    "whole_text(d) AS CASE WHEN d = trunc(d) AND abs(d) < 1e15 THEN CAST(CAST(d AS BIGINT) AS VARCHAR) ELSE CAST(d AS VARCHAR) END",
    "since_1970(n) AS CASE WHEN isfinite(n) AND abs(n) < 1e11 THEN to_timestamp(n) END",
    """odd_clock(c) AS CASE
       WHEN regexp_full_match(c, '1[0-9]{9}(\\.[0-9]+)?') THEN since_1970(CAST(c AS DOUBLE))
       WHEN regexp_full_match(c, '1[0-9]{12}') THEN since_1970(CAST(c AS DOUBLE) / 1000)
       ELSE TRY_CAST(regexp_replace(c, '^(.*[0-9]) +([+-][0-9]{2}):?([0-9]{2})$', '\\1\\2:\\3') AS TIMESTAMPTZ) END""",
)
"""`odd_clock` reads what a plain cast does not: seconds and milliseconds since 1970, and an offset after a blank."""

_SCALE_MACROS = (
    "nearest_{scale}(x) AS TRY_CAST(x AS DECIMAL(18, {scale}))",
    "is_tie_{scale}(x) AS abs(x - nearest_{scale}(x)) = {half} AND CAST(nearest_{scale}(x) * {power} AS BIGINT) % 2 <> 0",
    "half_even_{scale}(x) AS nearest_{scale}(CASE WHEN is_tie_{scale}(x) THEN x - CASE WHEN x < 0 THEN -{half} ELSE {half} END ELSE x END)",
    """money_{scale}(c, d) AS CASE WHEN d IS NULL THEN nearest_{scale}(c) WHEN nearest_{scale}(d) = d THEN nearest_{scale}(d)
       ELSE half_even_{scale}(exact(c)) END""",
)


def install_macros(engine: DuckEngine) -> None:
    """Define the conversions in a session; those of decimals are defined where a scale is first met."""
    engine.execute(joined((Sql(f"CREATE OR REPLACE MACRO {macro}") for macro in _MACROS), "; "))


def need_scales(engine: DuckEngine, scales: Iterable[int]) -> None:
    """Define the conversions to decimals of these scales, as far as the session has them not yet."""
    for scale in sorted(set(scales)):
        half = Sql(f"CAST('0.{'0' * scale}5' AS DECIMAL(38, 18))")
        macros = [fill(macro, scale=scale, power=10**scale, half=half) for macro in _SCALE_MACROS]
        engine.execute(joined((Sql(f"CREATE MACRO IF NOT EXISTS {macro}") for macro in macros), "; "))


def sql_type(kind: ColumnType | None, scale: int | None) -> Sql:
    """Return the engine's type; a column that is not yet settled is held as text, a scale as the widest."""
    if kind is ColumnType.DECIMAL:
        return fill("DECIMAL(18, {scale})", scale=WIDEST_SCALE if scale is None else scale)
    return Sql("VARCHAR" if kind is None else _SQL_TYPES[kind])


_LOOKS: dict[ColumnType, str] = {
    ColumnType.INTEGER: "TRY_CAST({text} AS BIGINT)",
    ColumnType.DECIMAL: "TRY_CAST({text} AS DECIMAL(18, 6))",
    ColumnType.DATE: "TRY_CAST({text} AS DATE)",
    ColumnType.TIME: "COALESCE(TRY_CAST({text} AS TIMESTAMPTZ), odd_clock({text}))",
}

_JUDGED: dict[ColumnType, str] = {
    ColumnType.INTEGER: "whole({text}, {look})",
    ColumnType.DATE: "finite({look})",
    ColumnType.TIME: "in_utc({look})",
}
_CLEANED: dict[Clean, str] = {
    Clean.TRIM: "trim({text})",
    Clean.LOWER: "lower(trim({text}))",
    Clean.APOSTROPHE: "regexp_replace({text}, '^''', '')",
}


def prepared(column: Planned, text: Sql) -> Sql:
    """Return a text as it is read: cleaned, and missing where it stands for nothing."""
    for clean in column.clean:
        text = fill(_CLEANED[clean], text=text)
    if column.clean:
        text = fill("nullif({text}, '')", text=text)
    if column.missing:
        text = fill("CASE WHEN trim({text}) NOT IN ({words}) THEN {text} END", text=text, words=_texts(column.missing))
    return text


def _texts(words: Iterable[str]) -> Sql:
    return joined(literal(word) for word in words)


def plain_number(column: Planned, text: Sql) -> Sql:
    """Return a number's text with a decimal point and nothing between its thousands; as it is where it is written so."""
    dress = column.dress
    if dress.thousands is not None:
        mark = "[ \u00a0\u202f]" if dress.thousands == " " else f"[{dress.thousands}]"
        grouped = rf"[-+]?[0-9]{{1,3}}({mark}[0-9]{{3}})+([.,][0-9]*)?"
        template = "CASE WHEN regexp_full_match({text}, {grouped}) THEN regexp_replace({text}, {mark}, '', 'g') ELSE {text} END"
        text = fill(template, text=text, grouped=literal(grouped), mark=literal(mark))
    if dress.decimal == ",":
        text = fill("CASE WHEN contains({text}, '.') THEN NULL ELSE replace({text}, ',', '.') END", text=text)
    return text


def is_plain(column: Planned) -> bool:
    """Whether a column's numbers are written as the engine reads them."""
    return column.type not in (ColumnType.INTEGER, ColumnType.DECIMAL) or (column.dress.thousands is None and column.dress.decimal != ",")


def look(column: Planned, text: Sql) -> Sql:
    """Return the first, dear step of reading a text; `judged` makes a value of it, so that it is taken once a row."""
    kind = column.type or ColumnType.TEXT
    if kind is ColumnType.BOOLEAN:
        return _flag(column, text)
    if kind is ColumnType.LIST:
        return _several(column, text)
    plain = fill(_LOOKS.get(kind, "{text}"), text=text)
    if column.dress.date_format is None or kind not in (ColumnType.DATE, ColumnType.TIME):
        return plain
    as_type = Sql("DATE" if kind is ColumnType.DATE else "TIMESTAMPTZ")
    return fill("COALESCE(CAST({read} AS {type}), {plain})", read=_strptime(column.dress.date_format, text), type=as_type, plain=plain)


def _strptime(date_format: str, text: Sql) -> Sql:
    if date_format in (UNIX, UNIX_MS):
        return fill("since_1970(TRY_CAST({text} AS DOUBLE) / {by})", text=text, by=1 if date_format == UNIX else 1000)
    return fill("try_strptime({text}, [{formats}])", text=text, formats=_texts(formats_of(date_format)))


def formats_of(date_format: str) -> list[str]:
    """Return the ways in which a date may be written: one without a time may have one behind it."""
    if any(letter in date_format for letter in ("%H", "%I", "%c", "%X")):
        return [date_format]
    return [date_format, *(date_format + rest for rest in (" %H:%M:%S", " %H:%M", " %H:%M:%S.%f", "T%H:%M:%S"))]


def _flag(column: Planned, text: Sql) -> Sql:
    spec = column.spec
    own = bool(spec and (spec.yes or spec.no))
    yes, no = (spec.yes, spec.no) if spec and own else (_YES, _NO)
    cases = [fill("WHEN lower(trim({text})) IN ({words}) THEN {value}", text=text, words=_texts(word.lower() for word in words), value=Sql(value))
             for words, value in ((yes, "true"), (no, "false")) if words]  # fmt: skip
    named = fill("CASE {cases} END", cases=joined(cases, " "))
    return named if own else fill("COALESCE(TRY_CAST({text} AS BOOLEAN), {named})", text=text, named=named)


def _several(column: Planned, text: Sql) -> Sql:
    """Return a text's parts, trimmed and without their quotes; a JSON list is read as one."""
    separator = literal(column.spec.separator if column.spec else "|")
    template = (
        "CASE WHEN starts_with({text}, '[') AND TRY_CAST({text} AS JSON) IS NOT NULL THEN TRY_CAST(TRY_CAST({text} AS JSON) AS VARCHAR[]) "
        "ELSE list_filter(list_transform(string_split({text}, {separator}), lambda part: trim(trim(part), '\"')), lambda part: part <> '') END"
    )
    return fill(template, text=text, separator=separator)


def judged(column: Planned, text: Sql, looked: Sql) -> Sql:
    """Return the column's value of a text and what a first look made of it; NULL where it does not fit."""
    kind = column.type or ColumnType.TEXT
    if kind is ColumnType.DECIMAL:
        return fill("money_{scale}({text}, {look})", scale=_scale(column), text=text, look=looked)
    return fill(_JUDGED.get(kind, "{look}"), text=text, look=looked)


def from_text(column: Planned, text: Sql) -> Sql:
    """Return the column's value read from a prepared text, in one expression."""
    plain = text if is_plain(column) else plain_number(column, text)
    return judged(column, plain, look(column, plain))


def from_native(column: Planned, value: Sql, native: str) -> Sql | None:
    """Return the column's value taken from a Parquet value of type `native` as it is; None where it goes by way of text."""
    if column.clean or column.missing or column.parts:
        return None
    given, kind = native_type({native}), column.type or ColumnType.TEXT
    if kind is ColumnType.DECIMAL and (digits := _DECIMAL.fullmatch(native)) and int(digits[1]) <= _scale(column):
        return fill("TRY_CAST({value} AS {type})", value=value, type=sql_type(kind, _scale(column)))
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
