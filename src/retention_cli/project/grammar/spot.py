"""Where in a condition the reader stands: its path, what may be asked there, and where mistakes are noted.

A path such as `where[1].any[0]` is the same in nodes, in `explain` and in problems. What may be asked depends on who
asks: an exit must bound its events in time, only a campaign knows an entry, and the `where` of an event sees only rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.model.word import Word, place_of
from retention_cli.project.environment import Expanded
from retention_cli.project.grammar.words import HEADS
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table
from retention_cli.text import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be asked: only of a row's columns (`row`), `since: entry`, `same:` as the trigger; whether a `did` must be bounded.

    `exit`: it ends journeys, so that it may say how old the facts may be by which it does not.
    """

    row: bool = False
    entry: bool = False
    same: bool = False
    bounded: bool = False
    exit: bool = False


CUSTOMER = Scope()
ROW = Scope(row=True)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the tree of one condition."""

    path: str
    notes: Notes
    scope: Scope = CUSTOMER

    def key(self, name: str) -> Spot:
        """Return the spot of a key below."""
        return Spot(f"{self.path}.{name}" if self.path else name, self.notes, self.scope)

    def item(self, index: int) -> Spot:
        """Return the spot of a list's element."""
        return Spot(f"{self.path}[{index}]", self.notes, self.scope)

    def rows(self) -> Spot:
        """Return the same spot, asking only of a row's columns."""
        return Spot(self.path, self.notes, ROW)

    def error(self, raw: Raw, code: Code, message: str, hint: str = "") -> None:
        """Note a mistake at a value or key."""
        self.notes.error(place_of(raw), code, message, hint)

    def shape(self, raw: Raw, wanted: str, hint: str = "") -> None:
        """Note that a value has the wrong shape, unless what it lacks was noted already."""
        if not getattr(raw, "broken", False):
            self.error(raw, Code.WRONG_SHAPE, f"{name_of(self.path)} should be {wanted}, not {shape_of(raw)}", hint)


def name_of(path: str) -> str:
    """Return the last word of a path, quoted: what a problem calls the spot."""
    return repr(path.rpartition(".")[2].partition("[")[0] or path)


def shape_of(raw: Raw) -> str:
    """Return what a problem calls a value's shape."""
    return "a mapping" if isinstance(raw, Table) else "a list" if isinstance(raw, Series) else f"{shown(raw)!r}"


def note_shape(notes: Notes, raw: Raw, name: str, wanted: str, hint: str) -> None:
    """Note that a part of an object, as a problem calls it, has the wrong shape."""
    notes.error(raw.place, Code.WRONG_SHAPE, f"{name} should be {wanted}, not {shape_of(raw)}", hint)


def note_unknown(notes: Notes, raw: Table, what: str, known: Collection[str]) -> None:
    """Note that no key of a mapping says which of several kinds it is."""
    first = next(iter(raw.words()), Word("nothing", raw.place))
    notes.error(first.place, Code.UNKNOWN_KEY, f"this version knows no {what} {first!r}", did_you_mean(first, known))


def shown(word: str) -> str:
    """Return a word as it stands in the file: never what a variable stood for."""
    return word.written if isinstance(word, Expanded) else str(word)


def suggestion(word: str, known: Collection[str]) -> str:
    """Return a hint with the nearest known word, never its opposite: `followed_by` is no slip for `not_followed_by`."""
    return did_you_mean(word, [name for name in known if not _opposite(name, word)])


def check_keys(table: Table, allowed: Collection[str], spot: Spot, *, head: str = "") -> None:
    """Note every key that has no place beside `head`; where another head is among them, only that: the rest is its own."""
    strange = [key for key in table.words() if key not in allowed]
    for key in (head and [key for key in strange if key in HEADS]) or strange:
        near = None if head and key in HEADS else nearest(key, [name for name in allowed if not _opposite(name, key)])
        apart = head and not near
        hint = _apart(head, key, table) if apart else suggestion(key, allowed)
        where = f"beside {head!r}" if head else f"in {name_of(spot.path)}"
        spot.notes.error(key.place, Code.MIXED_CONDITION if apart else Code.UNKNOWN_KEY, f"this version knows no key {key!r} {where}", hint)


def _apart(head: str, key: Word, table: Table) -> str:
    subject = "conditions stand" if key in HEADS else f"if {key!r} is a field, it stands"
    return f"{subject} apart, in a list: [{_sketch(head, table)}, {_sketch(key, table)}]"


def _opposite(name: str, word: str) -> bool:
    return name.replace("not_", "") == word.replace("not_", "")


def _sketch(key: str, table: Table) -> str:
    value = table.get(key)
    return f"{{{key}: {shown(value) if isinstance(value, Word) else '…'}}}"
