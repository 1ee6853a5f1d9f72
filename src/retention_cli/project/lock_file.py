"""retention.lock: what was settled about the sources and what was learned, written so that a reviewer can read its diff.

It is YAML that this project's own strict reader reads: sorted, one column a line, every text of the data in quotes. It
is written whole to a temporary file beside it and renamed, so that a crash leaves the old one or the new one.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.model.base import Model, Number, Whole
from retention_cli.model.dress import CsvFormat
from retention_cli.model.lock import LearnedValue, Lock, SourceLock
from retention_cli.model.source import Column, ColumnType
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.files import read_text
from retention_cli.project.grammar.spot import shape_of
from retention_cli.project.notes import Code, Notes
from retention_cli.project.yaml_tree import Table, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from retention_cli.model.problem import Problem
    from retention_cli.project.yaml_tree import Raw

LOCK = "retention.lock"
_HEAD = "# What the first import settled about each source. Written by `retention`; reviewed like code.\n"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NULL = "null"
_UNREADABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class _LockedColumn(Model):
    origin: str
    type: ColumnType
    scale: Whole = 0


class _LockedSource(Model):
    columns: dict[str, _LockedColumn]
    csv: CsvFormat = CsvFormat()
    events: tuple[Word, ...] = ()


class _LockedValue(Model):
    meaning: str
    value: Number
    people: Whole
    as_of: str = ""
    sources: dict[str, str] = {}
    by: dict[str, Number] = {}


class _LockFile(Model):
    sources: dict[str, _LockedSource] = {}
    learned: dict[str, _LockedValue] = {}


def read_lock(root: Path) -> tuple[Lock, list[Problem]]:
    """Return what retention.lock in `root` holds, nothing where there is none, and its problems."""
    notes = Notes()
    text = read_text(root, LOCK, notes) if (root / LOCK).exists() else None
    if text is None:
        return Lock(), notes
    raw, problems = read(text, LOCK)
    notes.extend(problems)
    found = _file(raw, notes) if raw is not None else None
    if found is None:
        return Lock(), notes
    learned = {name: _learned(value) for name, value in found.learned.items()}
    return Lock({name: _source(source) for name, source in found.sources.items()}, learned), notes


def _file(raw: Raw, notes: Notes) -> _LockFile | None:
    if isinstance(raw, Table):
        return build(_LockFile, raw, notes, what=LOCK)
    notes.error(raw.place, Code.WRONG_SHAPE, f"{LOCK} should be a mapping, not {shape_of(raw)}", "restore it from the repository, or import again")
    return None


def _source(found: _LockedSource) -> SourceLock:
    columns = tuple(Column(name=name, type=column.type, origin=column.origin, scale=column.scale) for name, column in found.columns.items())
    return SourceLock(columns, found.csv, tuple(map(str, found.events)))


def _learned(found: _LockedValue) -> LearnedValue:
    return LearnedValue(found.value, found.people, dict(found.by), dict(found.sources), found.as_of, found.meaning)


def write_lock(root: Path, lock: Lock) -> None:
    """Write retention.lock in `root`; the same lock gives the same bytes."""
    handle, temporary = tempfile.mkstemp(prefix=".retention.lock-", dir=root)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(format_lock(lock))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(root / LOCK)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(root)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def format_lock(lock: Lock) -> str:
    """Return the text of retention.lock."""
    sources = [line for name in sorted(lock.sources) for line in _source_lines(name, lock.sources[name])]
    learned = [line for name in sorted(lock.learned) for line in _learned_lines(name, lock.learned[name])]
    settled = "sources:\n" + "".join(sources) if sources else "sources: {}\n"
    return _HEAD + settled + ("learned:\n" + "".join(learned) if learned else "")


def _source_lines(name: str, source: SourceLock) -> Iterator[str]:
    yield f"  {_key(name)}:\n"
    dress = [f"{name}: {quoted(value)}" for name, value in source.csv if value is not None]
    if dress:
        yield f"    csv: {{{', '.join(dress)}}}\n"
    if source.events:
        yield f"    events: [{', '.join(map(quoted, sorted(source.events)))}]\n"
    columns: Mapping[str, Column] = {column.name: column for column in source.columns}
    yield "    columns:\n" if columns else "    columns: {}\n"
    for column in sorted(columns):
        yield f"      {_key(column)}: {_column(columns[column])}\n"


def _learned_lines(name: str, value: LearnedValue) -> Iterator[str]:
    yield f"  {_key(name)}:\n"
    yield f"    meaning: {quoted(value.meaning)}\n"
    yield f"    value: {value.value:f}\n"
    yield f"    people: {value.people}\n"
    if value.as_of:
        yield f"    as_of: {quoted(value.as_of)}\n"
    yield from _map_lines("sources", {source: quoted(text) for source, text in value.sources.items()})
    yield from _map_lines("by", {each: f"{limit:f}" for each, limit in value.by.items()})


def _map_lines(key: str, found: Mapping[str, str]) -> Iterator[str]:
    if found:
        yield f"    {key}:\n"
        yield from (f"      {_key(each)}: {found[each]}\n" for each in sorted(found))


def _column(column: Column) -> str:
    scale = f", scale: {column.scale}" if column.scale else ""
    return f"{{type: {column.type}{scale}, origin: {quoted(column.origin)}}}"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) and name.lower() != _NULL else quoted(name)


def quoted(text: str) -> str:
    """Return any text as a double-quoted scalar that the strict reader reads back."""
    return _UNREADABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
