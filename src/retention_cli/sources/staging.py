"""Reading a source's files into one table, every value judged and every line accounted for.

The table `raw` holds, in the order of the files and their lines: the file's number, why the row is bad (NULL: it is
not), which decimals were rounded (a bit each), and the columns `v0, v1, …`. The reader is told everything and guesses
nothing: a wrong delimiter, a ragged line, an open quote or mixed line ends must never pass in silence, so rows, refused
lines and line ends inside values are added up and compared with the lines of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from duckdb import Error

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.model.source import ColumnType
from retention_cli.sources import convert
from retention_cli.sources.header import not_utf8
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout, Planned

SHOWN_VALUE = 80
BITS = 63
_STRUCTURE = {
    "MISSING COLUMNS": "too few columns",
    "TOO MANY COLUMNS": "too many columns",
    "UNQUOTED VALUE": "a quote is left open, or stands inside a value",
    "LINE SIZE OVER MAXIMUM": "longer than 2 MB; is a quote left open?",
}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that the reader refused whole; with an open quote it reaches over `span` lines.

    The reader counts a row over several lines as one, so `line` is right only in files without such rows.
    """

    file: int
    line: int
    reason: str
    span: int = 1


@dataclass(frozen=True, slots=True)
class Staged:
    """What was read: by file the number of rows, the first row's place in `raw`, and whether a row's place tells its line."""

    exports: Sequence[Export]
    bad_lines: tuple[BadLine, ...]
    rows: dict[int, int] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    exact: frozenset[int] = frozenset()

    @property
    def refused(self) -> int:
        """Lines that the reader refused."""
        return sum(bad.span for bad in self.bad_lines)


def stage(engine: DuckEngine, exports: Sequence[Export], layout: Layout, date_format: str | None, zone: str) -> Staged:
    """Fill `raw` from the files; raises DataUnreachable or GuardStopped where a file cannot be trusted."""
    engine.execute(fill("SET TimeZone = {zone}", zone=literal(zone)))
    columns = [fill("v{n} {type}", n=n, type=convert.sql_type(column.type, column.scale)) for n, column in enumerate(layout.columns)]
    engine.execute(fill("CREATE OR REPLACE TABLE raw (file INTEGER, bad VARCHAR, rounded BIGINT, {columns})", columns=joined(columns)))
    bad_lines: list[BadLine] = []
    for numbers in _alike(exports):
        _insert(engine, [exports[n] for n in numbers], numbers[0], _Reading(layout, exports[numbers[0]], date_format))
        if exports[numbers[0]].facts.kind == "csv":
            bad_lines += _refused_lines(engine, exports, numbers[0])
    engine.execute("SET TimeZone = 'UTC'")
    return _accounted(engine, layout, Staged(exports, tuple(bad_lines), *_places(engine)))


def _alike(exports: Sequence[Export]) -> Iterator[list[int]]:
    """Return the numbers of neighbouring files that one reader can read."""
    numbered = groupby(range(len(exports)), key=lambda n: (exports[n].facts.kind, exports[n].facts.packed, exports[n].header))
    return (list(numbers) for _, numbers in numbered)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the values of files with one header become the columns of `raw`."""

    layout: Layout
    like: Export
    date_format: str | None

    def present(self) -> list[tuple[int, Planned]]:
        """The columns that these files have, with their number in `raw`."""
        return [(n, column) for n, column in enumerate(self.layout.columns) if column.origin in self.like.header.names]

    def read(self, column: Planned) -> Sql:
        """The name of a column in the reader."""
        return fill("r{n}", n=self.like.header.names.index(column.origin))

    def native(self, column: Planned) -> str | None:
        """Parquet's type of a column, None for CSV."""
        header = self.like.header
        return header.native[header.names.index(column.origin)] if header.native else None

    def text(self, column: Planned) -> Sql:
        """The value as text."""
        native = self.native(column)
        return self.read(column) if native is None else convert.as_words(self.read(column), native)

    def taken(self, column: Planned) -> Sql | None:
        """The value as Parquet has it; None where it is read from text."""
        native = self.native(column)
        return None if native is None else convert.from_native(column, self.read(column), native)

    def looks(self) -> Iterator[Sql]:
        """The text `t0` of each column and what a first look makes of it, `k0`."""
        for n, column in self.present():
            yield fill("{text} AS t{n}", text=self.text(column), n=n)
            taken = self.taken(column) or convert.look(column, self.text(column), self.date_format)
            yield fill("{look} AS k{n}", look=taken, n=n)

    def values(self) -> Iterator[Sql]:
        """The value `v0` of each column."""
        for n, column in self.present():
            text, looked = fill("t{n}", n=n), fill("k{n}", n=n)
            value = looked if self.taken(column) else convert.judged(column, text, looked)
            yield fill("{value} AS v{n}", value=value, n=n)

    def bad(self) -> Sql:
        """Why a row is bad: `3:text` (column 3 does not fit), `3` (it is missing), or NULL."""
        cases = [case for n, column in self.present() for case in self._cases(n, column)]
        return fill("CASE {cases} END", cases=joined(cases, " ")) if cases else Sql("NULL")

    def _cases(self, n: int, column: Planned) -> Iterator[Sql]:
        if column.type not in (None, ColumnType.TEXT):
            yield fill("WHEN v{n} IS NULL AND t{n} IS NOT NULL THEN '{n}:' || left(t{n}, {shown})", n=n, shown=SHOWN_VALUE)
        if column.name in self.layout.roles.required:
            yield fill("WHEN v{n} IS NULL THEN '{n}'", n=n)

    def rounded(self) -> Sql:
        """A bit a decimal column whose value lost digits."""
        decimals = [n for n, column in self.present() if column.type is ColumnType.DECIMAL and n < BITS]
        bits = [fill("CASE WHEN v{n} <> k{n} THEN {bit} ELSE 0 END", n=n, bit=1 << n) for n in decimals]
        return joined(bits, " + ") if bits else Sql("0")


def _insert(engine: DuckEngine, exports: Sequence[Export], offset: int, reading: _Reading) -> None:
    """Fill `raw` in three steps, so that nothing is computed twice a row: look, judge, say what is bad."""
    statement = fill(
        "INSERT INTO raw (file, bad, rounded, {names}) SELECT file, {bad}, {rounded}, {names} "
        "FROM (SELECT *, {values} FROM (SELECT file_index + {offset} AS file, {looks} FROM {reader}))",
        names=joined(fill("v{n}", n=n) for n, _ in reading.present()),
        bad=reading.bad(),
        rounded=reading.rounded(),
        values=joined(reading.values()),
        offset=offset,
        looks=joined(reading.looks()),
        reader=_csv_reader(reading.like) if reading.like.facts.kind == "csv" else _parquet_reader(reading.like),
    )
    shown = visible(", ".join(export.file.shown for export in exports[:3]))
    try:
        engine.execute(statement, {"paths": [export.file.path for export in exports]})
    except Error as error:
        raise DataUnreachable(
            f"{shown} cannot be read: {visible(str(error).partition(chr(10))[0])}", "was it cut off while it was written?"
        ) from error


def _csv_reader(like: Export) -> Sql:
    types = joined(fill("r{n}: 'VARCHAR'", n=n) for n in range(len(like.header.names)))
    template = (
        "read_csv($paths, auto_detect=false, header=true, strict_mode=true, null_padding=false, nullstr='', quote='\"', escape='\"', "
        "delim={delimiter}, compression={packing}, "
        "store_rejects=true, rejects_scan='scans', rejects_table='refused', columns={{{types}}})"
    )
    return fill(
        template,
        delimiter=literal(like.header.delimiter or ","),
        packing=Sql("'gzip'" if like.facts.packed else "'none'"),
        types=types,
    )


def _parquet_reader(like: Export) -> Sql:
    names = joined(fill("r{n}", n=n) for n in range(len(like.header.names)))
    return fill("read_parquet($paths) AS t({names})", names=names)


def _refused_lines(engine: DuckEngine, exports: Sequence[Export], offset: int) -> list[BadLine]:
    query = (
        "SELECT file_path, line, min(error_type), max(len(string_split(trim(csv_line, chr(10) || chr(13)), chr(10)))) "
        "FROM refused JOIN scans USING (scan_id, file_id) GROUP BY ALL ORDER BY ALL"
    )
    number = {export.file.path: n for n, export in enumerate(exports) if n >= offset}
    found = []
    for path, line, kind, span in engine.run(query):
        if kind in ("INVALID ENCODING", "INVALID UNICODE"):
            raise not_utf8(exports[number[path]].file.shown, line)
        found.append(BadLine(number[path], line, _STRUCTURE.get(kind, kind.lower()), span or 1))
    for name in ("refused", "scans"):
        engine.execute(fill("DROP TABLE {name}", name=Sql(name)))
    return found


def _places(engine: DuckEngine) -> tuple[dict[int, int], dict[int, int]]:
    counts = engine.run("SELECT file, count(*), min(rowid) FROM raw GROUP BY file")
    return {file: rows for file, rows, _ in counts}, {file: first for file, _, first in counts}


def _accounted(engine: DuckEngine, layout: Layout, staged: Staged) -> Staged:
    """Raise GuardStopped where lines of a file went nowhere; note the files in which every row is one line."""
    exact: set[int] = set()
    for number, export in enumerate(staged.exports):
        left = 0 if export.facts.kind == "parquet" else _lines_left(export, number, staged)
        if left == 0 and all(bad.span == 1 for bad in staged.bad_lines if bad.file == number):
            exact.add(number)
        if left == 0:
            continue
        left -= _line_ends_inside(engine, layout, number)
        if left and not 0 < left <= _blank_lines(export):
            raise GuardStopped(*_lost(export, number, staged, left))
    return Staged(staged.exports, staged.bad_lines, staged.rows, staged.first, frozenset(exact))


def _lines_left(export: Export, number: int, staged: Staged) -> int:
    physical = export.facts.lines + (0 if export.facts.ended else 1)
    return physical - 1 - staged.rows.get(number, 0) - sum(bad.span for bad in staged.bad_lines if bad.file == number)


def _line_ends_inside(engine: DuckEngine, layout: Layout, number: int) -> int:
    texts = [fill("v{n}", n=n) for n, column in enumerate(layout.columns) if column.type in (None, ColumnType.TEXT)]
    template = "COALESCE(length({v}) - length(replace({v}, chr(10), '')), 0)"
    total = joined((fill(template, v=text) for text in (*texts, Sql("bad"))), " + ")
    found = engine.run(fill("SELECT COALESCE(sum({total}), 0) FROM raw WHERE file = $file", total=total), {"file": number})
    return int(found[0][0])


def _blank_lines(export: Export) -> int:
    with export.open() as stream:
        return sum(1 for line in stream if not line.strip(b"\r\n"))


def _lost(export: Export, number: int, staged: Staged, left: int) -> tuple[str, str]:
    open_quote = next((bad for bad in staged.bad_lines if bad.file == number and "quote" in bad.reason), None)
    shown = visible(export.file.shown)
    if open_quote is not None:
        return f"{shown}:{open_quote.line}: a quote is left open, and the lines after it are lost", "export the file anew"
    message = f"{shown}: {abs(left):,} of {export.facts.lines:,} lines cannot be told apart"
    return message, "does the file mix line ends (CR LF and LF), or is a quote left open?"
