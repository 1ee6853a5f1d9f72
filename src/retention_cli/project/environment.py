"""`${VAR}` and `${VAR:-default}`: values that a project takes from the environment and from `.env`.

What came from the environment may be a secret: its text stands in the models, but an `Expanded` word shows itself, in
problems and in tracebacks, as it was written in the file. `$${VAR}` stands for the text `${VAR}` itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

from retention_cli.model.problem import NOWHERE, Place
from retention_cli.model.word import Word
from retention_cli.project.files import read_text
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Raw, Series, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.project.notes import Notes

_VARIABLE = re.compile(r"\$(?P<literal>\$\{)|\$\{(?P<inside>[^}]*)\}")
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


class Expanded(Word):
    """A word whose text came from the environment; `written` is what stands in the file."""

    __slots__ = ("written",)
    written: str

    def __new__(cls, text: str, place: Place = NOWHERE, *, quoted: bool = True, written: str = "${…}") -> Self:
        """Return `text` for what was `written` at `place`."""
        word = super().__new__(cls, text, place, quoted=quoted)
        word.written = written
        return word

    def __repr__(self) -> str:
        return repr(self.written)


def environment(root: Path, given: Mapping[str, str], notes: Notes) -> dict[str, str]:
    """Return the variables of `.env` beside retention.yml, overruled by those given."""
    text = read_text(root, ".env", notes) if (root / ".env").exists() else None
    found: dict[str, str] = {}
    for number, line in enumerate((text or "").removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (match := _ASSIGNMENT.fullmatch(line)) is None:
            notes.error(Place(".env", number, 1), Code.ENVIRONMENT_FILE, "this line sets no variable", "write NAME=value")
        else:
            found[match[1]] = _unquoted(match[2])
    return {**found, **given}


def _unquoted(value: str) -> str:
    quote = value[:1]
    if quote in {"'", '"'} and value.endswith(quote) and len(value) > 1:
        return value[1:-1]
    return value.split(" #", maxsplit=1)[0].rstrip()


class Variables:
    """The variables of one reading. Where `lenient`, an unset one is no mistake and stays as it was written."""

    def __init__(self, values: Mapping[str, str], notes: Notes) -> None:
        self.values = values
        self.notes = notes

    def expand(self, raw: Raw, *, lenient: bool = False) -> Raw:
        """Return the tree with every variable in a value replaced; keys have none."""
        if isinstance(raw, Word):
            return self._expanded(raw, lenient=lenient) if "${" in raw else raw
        if isinstance(raw, Series):
            raw[:] = [self.expand(value, lenient=lenient) for value in raw]
        else:
            self._expand_table(raw, lenient=lenient)
        return raw

    def _expand_table(self, table: Table, *, lenient: bool) -> None:
        for key, value in table.items():
            table[key] = self.expand(value, lenient=lenient)

    def _expanded(self, word: Word, *, lenient: bool) -> Word:
        parts: list[str] = []
        end = 0
        for match in _VARIABLE.finditer(word):
            value = "${" if match["literal"] else self._value(match["inside"], word, lenient=lenient)
            if value is None:
                return word
            parts += [word[end : match.start()], value]
            end = match.end()
        return Expanded("".join([*parts, word[end:]]), word.place, written=str(word))

    def _value(self, inside: str, word: Word, *, lenient: bool) -> str | None:
        match = _INSIDE.fullmatch(inside)
        if match is None:
            self.notes.error(word.place, Code.WRONG_VALUE, f"${{{inside}}} names no variable", "write ${NAME} or ${NAME:-default}")
            return None
        value = self.values.get(match["name"]) or match["default"]
        if value is None and not lenient:
            hint = f"set it, write it into .env, or give a default: ${{{match['name']}:-…}}"
            self.notes.error(word.place, Code.ENVIRONMENT_MISSING, f"the variable {match['name']} is unset or empty", hint)
        return value
