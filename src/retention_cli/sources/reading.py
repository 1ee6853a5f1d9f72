"""One reader of files that are alike: the text of every column, what it becomes, and why a row is bad.

In three steps, so that nothing is computed twice a row: `t0` is a column's text, `k0` what a first look makes of it, `v0`
its value. `o0` is the text as it was written, where a number had to be read in another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.quoting import Sql, fill, joined, literal
from retention_cli.model.source import ColumnType
from retention_cli.sources import convert
from retention_cli.sources.header import json_lines, json_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.sources.header import Header
    from retention_cli.sources.layout import Layout, Planned
    from retention_cli.sources.packing import Kind, Packing

SHOWN_VALUE = 80
BITS = 63
NO_OBJECT = "json"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the values of files with one header become the columns of `raw`."""

    layout: Layout
    header: Header
    kind: Kind

    def present(self) -> list[tuple[int, Planned]]:
        """The columns that these files have, with their number in `raw`."""
        return [(n, column) for n, column in enumerate(self.layout.columns) if all(part in self.header.names for part in column.needs)]

    def read(self, origin: str) -> Sql:
        """The name of a column in the reader."""
        return fill("r{n}", n=self.header.names.index(origin))

    def native(self, origin: str) -> str | None:
        """Parquet's type of a column, None for text."""
        return self.header.native[self.header.names.index(origin)] if self.header.native else None

    def text(self, column: Planned) -> Sql:
        """The value as text, cleaned."""
        parts = [
            self.read(part) if self.native(part) is None else convert.as_words(self.read(part), self.native(part) or "") for part in column.needs
        ]
        whole = parts[0] if len(parts) == 1 else fill("nullif(concat_ws(' ', {parts}), '')", parts=joined(parts))
        return convert.prepared(column, whole)

    def taken(self, column: Planned) -> Sql | None:
        """The value as Parquet has it; None where it is read from text."""
        native = None if column.parts else self.native(column.origin)
        return None if native is None else convert.from_native(column, self.read(column.origin), native)

    def is_plain(self, column: Planned) -> bool:
        """Whether a column's text is what is looked at."""
        return convert.is_plain(column) or bool(self.header.native)

    def looks(self) -> Iterator[Sql]:
        """The text of each column, and what a first look makes of it."""
        if self.kind == "json":
            yield Sql("odd")
        for n, column in self.present():
            text = self.text(column)
            if not self.is_plain(column):
                yield fill("{text} AS o{n}", text=text, n=n)
                text = convert.plain_number(column, text)
            yield fill("{text} AS t{n}", text=text, n=n)
            yield fill("{look} AS k{n}", look=self.taken(column) or convert.look(column, text), n=n)

    def values(self) -> Iterator[Sql]:
        """The value of each column."""
        for n, column in self.present():
            text, looked = fill("t{n}", n=n), fill("k{n}", n=n)
            value = looked if self.taken(column) else convert.judged(column, text, looked)
            yield fill("{value} AS v{n}", value=value, n=n)

    def bad(self) -> Sql:
        """Why a row is bad: `3:text` (column 3 does not fit), `3` (it is missing), `json` (no object), or NULL."""
        cases = [case for n, column in self.present() for case in self._cases(n, column)]
        if self.kind == "json":
            cases.insert(0, fill("WHEN odd IS NOT NULL THEN '{no}:' || left(odd, {shown})", no=Sql(NO_OBJECT), shown=SHOWN_VALUE))
        return fill("CASE {cases} END", cases=joined(cases, " ")) if cases else Sql("NULL")

    def _cases(self, n: int, column: Planned) -> Iterator[Sql]:
        if column.type not in (None, ColumnType.TEXT):
            text = fill("t{n}" if self.is_plain(column) else "o{n}", n=n)
            yield fill("WHEN v{n} IS NULL AND {text} IS NOT NULL THEN '{n}:' || left({text}, {shown})", n=n, text=text, shown=SHOWN_VALUE)
        if column.name in self.layout.roles.required:
            yield fill("WHEN v{n} IS NULL THEN '{n}'", n=n)

    def rounded(self) -> Sql:
        """A bit a decimal column whose value lost digits."""
        decimals = [n for n, column in self.present() if column.type is ColumnType.DECIMAL and n < BITS]
        bits = [fill("CASE WHEN v{n} <> k{n} THEN {bit} ELSE 0 END", n=n, bit=1 << n) for n in decimals]
        return joined(bits, " + ") if bits else Sql("0")

    def reader(self, packing: Packing) -> Sql:
        """The rows of the files in `$paths`, their columns named `r0, r1, …`."""
        match self.kind:
            case "parquet":
                return fill("read_parquet($paths) AS t({names})", names=joined(fill("r{n}", n=n) for n in range(len(self.header.names))))
            case "json":
                return self._json(packing)
            case _:
                return self._csv(packing)

    def _csv(self, packing: Packing) -> Sql:
        dress = self.header.csv
        quote = "" if dress.quote == "none" else dress.quote or '"'
        return fill(
            "read_csv($paths, auto_detect=false, header=true, strict_mode=true, null_padding=false, nullstr='', quote={quote}, escape={escape}, "
            "delim={delimiter}, compression={packing}, "
            "store_rejects=true, rejects_scan='scans', rejects_table='refused', columns={{{types}}})",
            quote=literal(quote),
            escape=literal(dress.escape or quote),
            delimiter=literal(dress.delimiter or ","),
            packing=literal(packing),
            types=joined(fill("r{n}: 'VARCHAR'", n=n) for n in range(len(self.header.names))),
        )

    def _json(self, packing: Packing) -> Sql:
        pointers = joined(literal("/" + name.replace("~", "~0").replace("/", "~1")) for name in self.header.names)
        return fill(
            "(SELECT file_index, odd, {columns} FROM (SELECT file_index, CASE WHEN row IS NULL THEN line END AS odd, "
            "json_extract_string(row, [{pointers}]) AS cells FROM (SELECT file_index, line, {row} AS row FROM {lines} WHERE line IS NOT NULL)))",
            columns=joined(fill("nullif(cells[{at}], '') AS r{n}", n=n, at=n + 1) for n in range(len(self.header.names))),
            pointers=pointers,
            row=json_row(),
            lines=json_lines(packing, path=Sql("$paths")),
        )
