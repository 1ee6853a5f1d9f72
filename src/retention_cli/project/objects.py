"""Files that hold objects: one mapping or a list of them, each with a name, each into its model.

A file of one object may leave the name out: it is then the file's. Names are unique per kind over all files. What has
errors is left out of the result but stays in `declared`, so that whoever refers to it is not told that it is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Generic, TypeVar

from retention_cli.model.condition import Condition, Everyone, Fold, Selected
from retention_cli.model.group import Group
from retention_cli.model.metric import Metric
from retention_cli.model.problem import Place
from retention_cli.model.segment import Segment
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.metrics import HEADS, definition
from retention_cli.project.grammar.spot import Spot, shape_of
from retention_cli.project.learned import is_learned, keep_learned
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from retention_cli.model.learned import Learned
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

N = TypeVar("N")
SQL_FILE = "sql_file"


@dataclass(slots=True)
class Named(Generic[N]):
    """The sound objects of one kind, and the names of all that were declared, sound or not, with their places."""

    kind: str
    sound: dict[str, N] = field(default_factory=dict)
    declared: dict[str, Place] = field(default_factory=dict)

    def declare(self, name: Word, notes: Notes) -> None:
        """Take a name; one that is taken already is a problem."""
        if (first := self.declared.get(name)) is not None:
            notes.error(name.place, Code.DUPLICATE_NAME, f"there are two {self.kind}s called {name!r}; the first is at {first}", "rename one of them")
        else:
            self.declared[str(name)] = name.place

    def keep(self, table: Table, found: N | None, notes: Notes, before: int) -> None:
        """Take an object and its name; with new errors since `before`, the name alone."""
        name = table.get("name")
        if not isinstance(name, Word):
            return
        self.declare(name, notes)
        if found is not None and notes.errors == before:
            self.sound[str(name)] = found


def objects(raw: Raw, file: str, kind: str, notes: Notes, key: str = "name") -> Iterator[Table]:
    """Yield the objects of a file, each with a `name` (or what else the kind calls it); a lone one without takes the file's."""
    found = raw if isinstance(raw, Series) else [raw]
    for one in found:
        if not isinstance(one, Table):
            notes.error(one.place, Code.WRONG_SHAPE, f"a {kind} should be a mapping, not {shape_of(one)}", f"write {key}: …, or a list of {kind}s")
            continue
        if key not in one and len(found) == 1 and key not in one.broken:
            one[key] = Word(PurePosixPath(file).stem, Place(file, 1, 1))
        yield one


def read_segments(raw: Raw, file: str, into: Named[Segment], notes: Notes, read_file: Callable[[str], str | None] = lambda _: None) -> None:
    """Read the segments of a file; `read_file` returns the text of another file of the project."""
    for table in objects(raw, file, "segment", notes):
        before = notes.errors
        where = _members(table, notes, read_file)
        _, rest = split_heads(table, (SQL_FILE,))
        segment = build(Segment, rest, notes, {} if where is None else {"where": where})
        into.keep(table, segment, notes, before)


def _members(table: Table, notes: Notes, read_file: Callable[[str], str | None]) -> Condition | None:
    """Return who belongs to a segment: a condition, or what a file of SQL selects."""
    if SQL_FILE not in table:
        return condition(table["where"], Spot("where", notes)) if "where" in table else None
    file, spot = table[SQL_FILE], Spot(SQL_FILE, notes)
    if "where" in table:
        spot.error(table.key("where"), Code.MIXED_CONDITION, "'where' cannot stand beside 'sql_file'", "a file of SQL is the whole segment")
    if not isinstance(file, Word) or not file:
        spot.shape(file, "a file", "write sql_file: segments/own.sql")
        return Everyone(place=table.place)
    text = read_file(file)
    if text is None:
        spot.error(
            file, Code.FILE_MISSING, f"there is no file {str(file)!r} in the project", "the path starts at the project's folder: segments/own.sql"
        )
    return Selected(file=file, text=text or "", place=file.place, path=SQL_FILE)


def read_groups(raw: Raw, file: str, into: Named[Group], notes: Notes) -> None:
    """Read the groups of a file."""
    for table in objects(raw, file, "group", notes):
        before = notes.errors
        written = table.get("divisions")
        divisions = (
            {name: condition(written[name], Spot(f"divisions.{name}", notes)) for name in written.words()} if isinstance(written, Table) else None
        )
        group = build(Group, table, notes, {} if divisions is None else {"divisions": divisions})
        if group is not None and group.otherwise is not None and group.otherwise in group.divisions:
            notes.error(group.otherwise.place, Code.DUPLICATE_NAME, f"{group.otherwise!r} is a division already", "call what is left otherwise")
        into.keep(table, group, notes, before)


def read_metrics(raw: Raw, file: str, into: Named[Metric], learned: dict[str, Learned], notes: Notes) -> None:
    """Read the metrics and learned thresholds of a file: a mapping of names to definitions; they share one namespace."""
    if not isinstance(raw, Table):
        notes.error(
            raw.place,
            Code.WRONG_SHAPE,
            f"{file} should be a mapping of names to metrics, not {shape_of(raw)}",
            "write spent: {total_of: {did: order, field: total}}",
        )
        return
    for name in raw.words():
        before = notes.errors
        if is_learned(raw[name]):
            into.declare(name, notes)
            keep_learned(name, raw[name], learned, notes, before)
            continue
        metric = _metric(name, raw[name], notes)
        into.declare(name, notes)
        if metric is not None and notes.errors == before:
            into.sound[str(name)] = metric


def _metric(name: Word, raw: Raw, notes: Notes) -> Metric | None:
    if not isinstance(raw, Table):
        notes.error(
            raw.place,
            Code.WRONG_SHAPE,
            f"the metric {name!r} should be a mapping, not {shape_of(raw)}",
            "write {total_of: {did: order, field: total}}",
        )
        return None
    written, rest = split_heads(raw, HEADS)
    if not written:
        if not raw.broken:
            hint = "write one of: " + ", ".join(HEADS)
            notes.error(raw.place, Code.MISSING_KEY, f"the metric {name!r} says nothing that it is found by", hint)
        return None
    found = definition(written, Spot(str(name), notes))
    replaced = {"name": name, "definition": found}
    return None if found is None else build(Metric, rest, notes, replaced, what=f"the metric {name!r}", given=("name", "definition"))


def split_total(table: Table) -> tuple[Table, Table]:
    """Return the folds of a mapping (one, if it is right) and everything else."""
    return split_heads(table, tuple(map(str, Fold)))


def split_heads(table: Table, heads: Collection[str]) -> tuple[Table, Table]:
    """Return the keys of a mapping that are among these, and the others."""
    found, rest = Table(table.place), Table(table.place)
    rest.broken = set(table.broken)
    for key, value in table.items():
        (found if key in heads else rest)[key] = value
    return found, rest
