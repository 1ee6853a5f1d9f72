"""Project files as trees of text: a strict subset of YAML, read event by event.

Scalars stay text, whatever they look like; everything knows its place; nothing is ever built from a tag. Mistakes are
problems, never exceptions, and reading goes on behind them where that makes sense. What was written but could not be
kept stands in `broken`, so that no later check calls it missing. Depth is watched while reading, not after it, and
libyaml's own recursion is never reached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yaml import CSafeLoader
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from retention_cli.model.problem import NOWHERE, Place
from retention_cli.model.word import Word
from retention_cli.project.notes import Code, Notes
from retention_cli.project.yaml_slips import CUT, explain, explain_null, is_null, lines_with_cuts, tab_in_indentation, tab_problem

if TYPE_CHECKING:
    from retention_cli.model.problem import Problem

MAX_DEPTH = 50
MAX_PROBLEMS = 200
_BLOCKS = ("|", ">")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class Table(dict[str, "Raw"]):
    """A mapping; its keys are words, looked up by plain text. `broken` are the keys whose value could not be kept."""

    __slots__ = ("broken", "place")

    def __init__(self, place: Place = NOWHERE) -> None:
        super().__init__()
        self.place = place
        self.broken: set[str] = set()

    def key(self, name: str) -> Word:
        """Return the key as it was written, with its place."""
        return next((key for key in self.words() if key == name), Word(name, self.place))

    def words(self) -> list[Word]:
        """Return the keys with their places."""
        return [key for key in self if isinstance(key, Word)]


class Series(list["Raw"]):
    """A sequence. `broken` says that an element could not be kept."""

    __slots__ = ("broken", "place")

    def __init__(self, place: Place = NOWHERE) -> None:
        super().__init__()
        self.place = place
        self.broken = False


Raw = Table | Series | Word


def read(text: str, file: str = "", *, first_line: int = 1) -> tuple[Raw | None, list[Problem]]:
    """Return the tree of one YAML document, None where there is none, and its problems; `first_line` is where `text` begins in `file`."""
    reader = _Reader(text.removeprefix("\ufeff"), file, first_line)
    return reader.read(), reader.notes


@dataclass(slots=True)
class _Open:
    """A container that is being read; `key` waits for its value, `drop` says that the value will not be kept."""

    into: Table | Series
    noted: int
    key: Word | None = None
    drop: bool = False


class _Abort(Exception):
    """Nothing behind this spot can be read sensibly."""


class _Reader:
    def __init__(self, text: str, file: str, first_line: int) -> None:
        self.text = text
        self.file = file
        self.first_line = first_line
        self.notes = Notes()
        self.lines = _LINE_BREAK.split(text)
        self.open: list[_Open] = []
        self.root: Raw | None = None
        self.documents = 0
        self.scalar_lines: set[int] = set()
        self.has_tab = "\t" in text
        self.cuts = lines_with_cuts(self.lines) if " #" in text else frozenset()

    def read(self) -> Raw | None:
        if self._has_forbidden_character():
            return None
        try:
            self._read_events()
        except MarkedYAMLError as error:
            self.notes.append(explain(error, self.lines, self.open[-1].into.place if self.open else Place(self.file), self.first_line))
            return None
        except _Abort:
            return None
        self._check_tabs()
        return self.root

    def _line(self, place: Place) -> str:
        """Return the text of a line; a document that ends with its marker goes on, empty, one line behind the last."""
        number = place.line - self.first_line
        return self.lines[number] if number < len(self.lines) else ""

    def _read_events(self) -> None:
        parser = CSafeLoader(self.text)
        try:
            while not isinstance(event := parser.get_event(), StreamEndEvent) and len(self.notes) < MAX_PROBLEMS:
                self._take(event)
        finally:
            parser.dispose()

    def _take(self, event: Any) -> None:
        match event:
            case ScalarEvent():
                self._check_properties(event)
                self._put(self._scalar(event))
            case MappingStartEvent():
                self._enter(event, Table(self._place(event.start_mark)))
            case SequenceStartEvent():
                self._enter(event, Series(self._place(event.start_mark)))
            case MappingEndEvent() | SequenceEndEvent():
                self._leave()
            case AliasEvent():
                place = self._place(event.start_mark)
                hint = f'write it out; if the * belongs to the text, put it in quotes: "*{event.anchor}"'
                self.notes.error(place, Code.YAML_ALIAS, f"*{event.anchor} is an alias, and project files have none", hint)
                self._put(None)
            case DocumentStartEvent():
                self._start_document(event)

    def _start_document(self, event: Any) -> None:
        self.documents += 1
        if event.version or event.tags:
            message = "a line that begins with % is a directive, and project files have none"
            self.notes.error(self._place(event.start_mark), Code.YAML_SYNTAX, message, "take it out")
        if self.documents > 1:
            message = "a second document begins here; a project file holds one"
            self.notes.error(self._place(event.start_mark), Code.YAML_DOCUMENTS, message, "write a list, or a file for each")
            raise _Abort

    def _enter(self, event: Any, into: Table | Series) -> None:
        self._check_properties(event)
        if len(self.open) >= MAX_DEPTH:
            self.notes.error(
                into.place, Code.YAML_TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels", "give parts a name of their own, such as a segment"
            )
            raise _Abort
        self.open.append(_Open(into, len(self.notes)))

    def _leave(self) -> None:
        closed = self.open.pop()
        if self.open and isinstance(self.open[-1].into, Table) and self.open[-1].key is None:
            del self.notes[closed.noted :]  # it stands where a key should: that is the one thing to say of it
        self._put(closed.into)

    def _check_properties(self, event: Any) -> None:
        if event.anchor is None and event.tag is None:
            return
        place = self._place(event.start_mark)
        if event.anchor is not None:
            self.notes.error(place, Code.YAML_ANCHOR, f"&{event.anchor} is an anchor, and project files have none", "write it out where it is needed")
        if event.tag is not None:
            shown = event.tag.removeprefix("tag:yaml.org,2002:")
            self.notes.error(
                place, Code.YAML_TAG, f"{shown!r} is a tag, and project files have none", "leave it out, or put text that begins with ! in quotes"
            )

    def _scalar(self, event: Any) -> Word:
        word = Word(event.value, self._place(event.start_mark), quoted=bool(event.style))
        if event.end_mark.line in self.cuts and event.value and not event.style:
            self._note_cut(event)
        if event.style in _BLOCKS and not event.value:
            hint = "a comparison is a word: {more_than: 5}; other text goes in quotes"
            self.notes.error(word.place, Code.YAML_NULL, f"{event.style} begins a block of text, and none follows", hint)
        if self.has_tab:
            self.scalar_lines.update(range(event.start_mark.line + 1, event.end_mark.line + 1))
        return word

    def _note_cut(self, event: Any) -> None:
        column = event.end_mark.column
        rest = self.lines[event.end_mark.line][column:]
        if (match := CUT.match(rest)) is not None:
            place = Place(self.file, event.end_mark.line + self.first_line, column + match.start(1) + 1)
            self.notes.warn(
                place, Code.YAML_COMMENT, f"{match[1]} is a comment and cut off here", "put the text in quotes; a comment has a space after its #"
            )

    def _put(self, value: Raw | None) -> None:
        if not self.open:
            self.root = self._kept(value, None)
            return
        top = self.open[-1]
        if isinstance(top.into, Series):
            self._append(top.into, value)
        elif top.key is None:
            self._take_key(top, top.into, value)
        else:
            self._take_value(top, top.into, top.key, value)

    def _append(self, series: Series, value: Raw | None) -> None:
        kept = self._kept(value, None)
        if kept is None:
            series.broken = True
        else:
            series.append(kept)

    def _kept(self, value: Raw | None, key: Word | None) -> Raw | None:
        """Return the value, or None and a note where it is null."""
        if not (isinstance(value, Word) and is_null(value)):
            return value
        place = value.place if value or key is None else key.place
        self.notes.append(explain_null(place, key, value, self._line(place)))
        return None

    def _take_key(self, top: _Open, table: Table, value: Raw | None) -> None:
        top.key = value if isinstance(value, Word) else Word("", getattr(value, "place", table.place))
        top.drop = not self._key_is_good(table, value)
        if top.drop:
            table.broken.add(str(top.key))

    def _key_is_good(self, table: Table, key: Raw | None) -> bool:
        if not isinstance(key, Word) or is_null(key):
            hint = 'text that begins with { goes in quotes: "{{ customer.first_name }}"' if isinstance(key, Table) else "put it in quotes"
            if key is not None:
                self.notes.error(key.place, Code.YAML_KEY, "a key must be text", hint)
            return False
        if key == "<<" and not key.quoted:
            self.notes.error(key.place, Code.YAML_MERGE_KEY, "<< would merge another mapping, and project files have none", "write its keys out")
            return False
        if key in table:
            first = table.key(key).place
            self.notes.error(key.place, Code.YAML_DUPLICATE_KEY, f"{key!r} stands here twice, first on line {first.line}", "keep one of them")
            return False
        return True

    def _take_value(self, top: _Open, table: Table, key: Word, value: Raw | None) -> None:
        top.key = None
        if top.drop:
            top.drop = False
        elif (kept := self._kept(value, key)) is None:
            table.broken.add(str(key))
        else:
            table[key] = kept

    def _has_forbidden_character(self) -> bool:
        match = _FORBIDDEN.search(self.text)
        if match is None:
            return False
        before = _LINE_BREAK.split(self.text[: match.start()])
        place = Place(self.file, self.first_line + len(before) - 1, len(before[-1]) + 1)
        code = f"U+{ord(match[0]):04X}"
        self.notes.error(
            place, Code.YAML_CHARACTER, f"the character {code} cannot stand in a project file", f'in quotes, write "\\u{ord(match[0]):04x}"'
        )
        return True

    def _check_tabs(self) -> None:
        if not self.has_tab:
            return
        for number, line in enumerate(self.lines):
            if number not in self.scalar_lines and (place := tab_in_indentation(line)) is not None:
                self.notes.append(tab_problem(Place(self.file, number + self.first_line, place)))

    def _place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + self.first_line, mark.column + 1)
