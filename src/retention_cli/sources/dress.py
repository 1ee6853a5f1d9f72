"""How a CSV file is written, found out once from its start: encoding, delimiter, decimal comma, dates.

What the project says goes first, then what the lock has, and only the rest is looked for. A look needs proof: where the
start of a file decides nothing (every day is below 13, no number has a fraction) nothing is settled, and what is then
written in another way is a bad row, never a wrong value. An encoding of one byte a letter is told by whose letters come out.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from retention_cli.model.dress import CsvFormat
from retention_cli.text import visible

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Collection, Iterable, Sequence

    from retention_cli.sources.facts import Letters

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 1_000
_CENTRAL = "ěščřžýáíéúůďťňľĺŕôäóąćęłńśźżőűöüëâăîșşțţđ"
_WESTERN = "àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿß¿¡«»"
_CENTRAL_LANGUAGES = ("cs", "sk", "pl", "hu", "sl", "hr", "ro", "sr", "bs", "sq")
_MARKS = "°€£§–—„“”‚‘’…×©®™½\u00a0"  # noqa: RUF001 - the marks themselves
_FRACTION = {
    ",": re.compile(r"[-+]?(\d+|\d{1,3}([ .\u00a0\u202f']\d{3})+),\d+"),
    ".": re.compile(r"[-+]?(\d+|\d{1,3}([ ,\u00a0\u202f']\d{3})+)\.\d+"),
}
_WHOLE = re.compile(r"[-+]?\d{1,3}([ .,\u00a0\u202f']?\d{3})*")
_GROUPS = re.compile(r"\d([ .,\u00a0\u202f'])\d{3}(?!\d)")
_DAY = re.compile(r"(\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4})(?:[ T,]+\d{1,2}:\d{2}(?::\d{2})?)?")
_NUMERIC = re.compile(r"[-+]?\d[\d .,:/\u00a0\u202f'T-]*")
_MONTHS, _DAYS = 12, 31
_PLAIN = {"delimiter": ",", "encoding": "utf-8", "decimal": "."}


def encoding_of(start: bytes, letters: Letters, asked: CsvFormat, prefer: str | None, language: str) -> str | None:
    """Return a file's encoding by our name, None where its bytes are plain ASCII; `prefer` is what such exports usually are."""
    if asked.encoding is not None:
        return letters if asked.encoding == "utf-16" and letters.startswith("utf-16") else asked.encoding
    if letters != "other":
        return None if letters == "ascii" else letters
    candidates = (
        ["cp1250", "latin2", "cp1252"] if language in _CENTRAL_LANGUAGES or prefer in ("cp1250", "latin2") else ["cp1252", "cp1250", "latin2"]
    )
    ordered = [*([prefer] if prefer else []), *(name for name in candidates if name != prefer)]
    known = _CENTRAL if ordered[0] in ("cp1250", "latin2") else _WESTERN
    return max(ordered, key=lambda name: (_familiar(start, name, known), -ordered.index(name)))


def _familiar(start: bytes, encoding: str, known: str) -> int:
    """Return how many letters come out that a language here has, less those that none has."""
    letters = [letter for letter in start.decode(encoding, errors="replace").lower() if not letter.isascii()]
    return sum(1 if letter in known else 0 if letter in _MARKS else -2 for letter in letters)


def sniff_delimiter(record: str, quote: str | None = None) -> str:
    """Return the delimiter that divides the line into most columns; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: len(split(record, CsvFormat(delimiter=delimiter, quote=quote))))


def split(record: str, dress: CsvFormat) -> list[str]:
    """Return a line's values."""
    return next(records([record], dress), [])


def records(lines: Iterable[str], dress: CsvFormat) -> Reader:
    """Return the values of lines, as the dress says that they are written."""
    return csv.reader(lines, **_words(dress))


def strictly(lines: Iterable[str], dress: CsvFormat) -> Reader:
    """Return the same; a quote that stands wrong is an error."""
    return csv.reader(lines, strict=True, **_words(dress))


def _words(dress: CsvFormat) -> dict[str, Any]:
    mark = None if dress.quote == "none" else dress.quote or '"'
    escape = dress.escape if dress.escape != mark else None
    quoting = csv.QUOTE_MINIMAL if mark else csv.QUOTE_NONE
    return {"delimiter": dress.delimiter or ",", "quotechar": mark, "quoting": quoting, "escapechar": escape, "doublequote": escape is None}


def sniffed(rows: Sequence[Sequence[str]], asked: CsvFormat) -> CsvFormat:
    """Return what the first rows (without the header) prove of numbers and dates; what is asked for is not looked for."""
    columns = [values for column in zip(*rows, strict=True) if _may_tell(values := {value.strip() for value in column} - {""})]
    found: dict[str, str] = {}
    if asked.decimal is None and (decimal := _decimal(columns)) is not None:
        found["decimal"] = decimal
    if asked.thousands is None and asked.decimal is None and (thousands := _thousands(columns, found.get("decimal"))) is not None:
        found["thousands"] = thousands
    if asked.date_format is None and (date_format := _date_format(columns)) is not None:
        found["date_format"] = date_format
    return asked.model_copy(update=found)


def _may_tell(values: set[str]) -> bool:
    """Whether values can be numbers or dates, by one of them: most columns are neither."""
    return bool(values) and _NUMERIC.fullmatch(next(iter(values))) is not None


def _decimal(columns: Iterable[Collection[str]]) -> str | None:
    """Return the mark before fractions, where every column of numbers with fractions agrees."""
    seen = set()
    for column in columns:
        for mark, pattern in _FRACTION.items():
            fractions = [value for value in column if pattern.fullmatch(value)]
            others = (value for value in column if not pattern.fullmatch(value))
            if fractions and all(_WHOLE.fullmatch(value) for value in others) and not _only_groups(fractions, mark):
                seen.add(mark)
    return seen.pop() if len(seen) == 1 else None


def _only_groups(fractions: Collection[str], mark: str) -> bool:
    """Whether all have just three digits behind the mark: it may as well part thousands."""
    return all(re.fullmatch(rf"[-+]?\d{{1,3}}{re.escape(mark)}\d{{3}}", value) for value in fractions)


def _thousands(columns: Iterable[Collection[str]], decimal: str | None) -> str | None:
    if decimal is None:
        return None
    marks = set()
    for column in columns:
        if column and any(_FRACTION[decimal].fullmatch(value) for value in column) and all(_is_number(value, decimal) for value in column):
            marks |= {match[1] for value in column for match in _GROUPS.finditer(value.partition(decimal)[0])}
    plain = {" " if mark in "\u00a0\u202f" else mark for mark in marks} - {decimal}
    return plain.pop() if len(plain) == 1 else None


def _is_number(value: str, decimal: str) -> bool:
    return _FRACTION[decimal].fullmatch(value) is not None or _WHOLE.fullmatch(value) is not None


def _date_format(columns: Iterable[Collection[str]]) -> str | None:
    """Return the one way in which all columns of dates are written, where a day above 12 proves it."""
    found = set()
    for column in columns:
        if not _DAY.fullmatch(next(iter(column))):
            continue
        matches = [_DAY.fullmatch(value) for value in column]
        if all(matches):
            found.add(_order([(int(match[1]), match[2], int(match[3])) for match in matches if match]))
    return found.pop() if len(found) == 1 else None


def _order(parts: Sequence[tuple[int, str, int]]) -> str | None:
    marks = {mark for _, mark, _ in parts}
    first, second = max(one for one, _, _ in parts), max(other for _, _, other in parts)
    if len(marks) > 1 or max(first, second) > _DAYS or min(first, second) > _MONTHS:
        return None
    mark = marks.pop()
    if first > _MONTHS or (mark == "." and second <= _MONTHS):
        return f"%d{mark}%m{mark}%Y"
    return f"%m{mark}%d{mark}%Y" if second > _MONTHS else None


def told(dress: CsvFormat) -> str:
    """Say how a file is written, as far as it is not the plain way."""
    return ", ".join(f"{name} {visible(repr(value))}" for name, value in dress if value is not None and value != _PLAIN.get(name))
