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
from retention_cli.sources.header import unreadable
from retention_cli.sources.layout import WIDEST_SCALE
from retention_cli.sources.reading import Reading
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.sources.filecache import Export
    from retention_cli.sources.layout import Layout
    from retention_cli.sources.plain import Readable

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


def stage(engine: DuckEngine, exports: Sequence[Export], layout: Layout, zone: str) -> Staged:
    """Fill `raw` from the files; raises DataUnreachable or GuardStopped where a file cannot be trusted."""
    engine.execute(fill("SET TimeZone = {zone}", zone=literal(zone)))
    columns = [fill("v{n} {type}", n=n, type=convert.sql_type(column.type, column.scale)) for n, column in enumerate(layout.columns)]
    engine.execute(fill("CREATE OR REPLACE TABLE raw (file INTEGER, bad VARCHAR, rounded BIGINT, {columns})", columns=joined(columns)))
    convert.need_scales(
        engine, (WIDEST_SCALE if column.scale is None else column.scale for column in layout.columns if column.type is ColumnType.DECIMAL)
    )
    bad_lines: list[BadLine] = []
    for numbers in _alike(exports):
        readables = {n: exports[n].readable for n in numbers}
        reading = Reading(layout, exports[numbers[0]].header, exports[numbers[0]].facts.kind)
        _insert(engine, [exports[n] for n in numbers], [readables[n] for n in numbers], numbers[0], reading)
        if reading.kind in ("csv", "xlsx"):
            bad_lines += _refused_lines(engine, {readable.path: n for n, readable in readables.items()}, exports)
    engine.execute("SET TimeZone = 'UTC'")
    return _accounted(engine, layout, Staged(exports, tuple(bad_lines), *_places(engine)))


def _alike(exports: Sequence[Export]) -> Iterator[list[int]]:
    """Return the numbers of neighbouring files that one reader can read."""
    numbered = groupby(range(len(exports)), key=lambda n: (exports[n].facts.kind, exports[n].readable.packing, exports[n].header))
    return (list(numbers) for _, numbers in numbered)


def _insert(engine: DuckEngine, exports: Sequence[Export], readables: Sequence[Readable], offset: int, reading: Reading) -> None:
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
        reader=reading.reader(readables[0].packing),
    )
    shown = visible(", ".join(export.file.shown for export in exports[:3]))
    try:
        engine.execute(statement, {"paths": [readable.path for readable in readables]})
    except Error as error:
        raise DataUnreachable(
            f"{shown} cannot be read: {visible(str(error).partition(chr(10))[0])}", "was it cut off while it was written?"
        ) from error


def _refused_lines(engine: DuckEngine, number: Mapping[str, int], exports: Sequence[Export]) -> list[BadLine]:
    query = (
        "SELECT file_path, line, min(error_type), max(len(string_split(trim(csv_line, chr(10) || chr(13)), chr(10)))) "
        "FROM refused JOIN scans USING (scan_id, file_id) GROUP BY ALL ORDER BY ALL"
    )
    found = []
    for path, line, kind, span in engine.run(query):
        if kind in ("INVALID ENCODING", "INVALID UNICODE"):
            raise unreadable(exports[number[path]].file.shown, line, "utf-8")
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
    readable = export.readable
    physical = readable.lines + (0 if readable.ended else 1)
    above = 0 if export.facts.kind == "json" else 1
    return physical - above - staged.rows.get(number, 0) - sum(bad.span for bad in staged.bad_lines if bad.file == number)


def _line_ends_inside(engine: DuckEngine, layout: Layout, number: int) -> int:
    texts = [fill("v{n}", n=n) for n, column in enumerate(layout.columns) if column.type in (None, ColumnType.TEXT) and not column.parts]
    template = "COALESCE(length({v}) - length(replace({v}, chr(10), '')), 0)"
    total = joined((fill(template, v=text) for text in (*texts, Sql("bad"))), " + ")
    found = engine.run(fill("SELECT COALESCE(sum({total}), 0) FROM raw WHERE file = $file", total=total), {"file": number})
    return int(found[0][0])


def _blank_lines(export: Export) -> int:
    return sum(1 for line in export.lines() if not line.strip(b"\r\n"))


def _lost(export: Export, number: int, staged: Staged, left: int) -> tuple[str, str]:
    open_quote = next((bad for bad in staged.bad_lines if bad.file == number and "quote" in bad.reason), None)
    shown = visible(export.file.shown)
    if open_quote is not None:
        return f"{shown}:{open_quote.line}: a quote is left open, and the lines after it are lost", "export the file anew"
    message = f"{shown}: {abs(left):,} of {export.readable.lines:,} lines cannot be told apart"
    return message, "does the file mix line ends (CR LF and LF), or is a quote left open?"
