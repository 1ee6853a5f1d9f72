"""Parts of templates: `{% include "_footer.html" %}` and `{% from "_cards.html" import card %}` become the text of the part.

A part is a file in templates/ whose name begins with `_`; it has no front matter and is no template by itself. Its text is put
in place when the project is read, so a template is whole from then on: what was planned never changes with a file. Where each
line came from is kept, so that a mistake in a part is told where it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retention_cli.model.problem import Place
from retention_cli.model.template import Origin
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.project.notes import Notes

DEEPEST = 10
_TAG = re.compile(
    r"""\{%[-+]?\s*(?:include\s+(?P<include>['"][^'"]*['"])|from\s+(?P<from>['"][^'"]*['"])\s+import\s+(?P<names>[\w\s,]+?))\s*[-+]?%\}"""
)
_LINE = re.compile(r"\r\n|\n|\r")


def is_part(file: str) -> bool:
    """Tell whether a file is a part of templates."""
    return PurePosixPath(file).name.startswith("_")


@dataclass
class Whole:
    """A template's text with its parts in place, growing: `origins` tell from which line on it is of which file."""

    parts: Mapping[str, str]
    notes: Notes
    text: list[str] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    line: int = 1

    def add(self, text: str, file: str, line: int, within: tuple[str, ...] = ()) -> None:
        """Add the text of a file, whose first line is `line` there, with the parts that it names."""
        self._mark(file, line)
        start = 0
        for found in _TAG.finditer(text):
            self._write(text[start : found.start()])
            line += _lines(text[start : found.start()])
            place = Place(file, line, found.start() - max(text.rfind("\n", 0, found.start()), -1))
            self._part(found, place, within)
            start = found.end()
            line += _lines(found[0])
            rest = text[start:]
            alone = re.match(r"[ \t]*(\r\n|\n|\r)", rest)
            self._mark(file, line + 1 if alone else line, ahead=bool(alone))
        self._write(text[start:])

    def _part(self, found: re.Match[str], place: Place, within: tuple[str, ...]) -> None:
        name = (found["include"] or found["from"])[1:-1]
        text = self.parts.get(name)
        if text is None:
            hint = did_you_mean(name, self.parts) or "a part is a file in templates/ whose name begins with _"
            self.notes.error(place, Code.UNKNOWN_PART, f"there is no part {name!r} in templates/", hint)
        elif name in within or len(within) >= DEEPEST:
            self.notes.error(place, Code.UNKNOWN_PART, f"the part {name!r} includes itself", "take one of the includes out")
        else:
            for wanted in re.split(r"\s*,\s*", (found["names"] or "").strip()):
                self._demand(wanted, name, text, place)
            blank = len(text) - len(text.lstrip()) if found["names"] else 0  # of a part of macros nothing is written where it is named
            self.add(text[blank:].rstrip() if found["names"] else text, f"templates/{name}", 1 + _lines(text[:blank]), (*within, name))

    def _demand(self, macro: str, part: str, text: str, place: Place) -> None:
        macros = re.findall(r"\{%[-+]?\s*macro\s+(\w+)", text)
        if macro and macro not in macros:
            self.notes.error(place, Code.UNKNOWN_PART, f"the part {part!r} has no macro {macro!r}", did_you_mean(macro, macros))

    def _write(self, text: str) -> None:
        self.text.append(text)
        self.line += _lines(text)

    def _mark(self, file: str, line: int, *, ahead: bool = False) -> None:
        self.origins.append(Origin(self.line + ahead, file, line))


def _lines(text: str) -> int:
    return len(_LINE.findall(text))
