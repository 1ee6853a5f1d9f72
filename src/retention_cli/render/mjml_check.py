"""Mistakes of MJML, found in a template as written: elements, where they stand, attributes, colours and lengths.

mrml takes `<mj-foo/>` and `colr="red"` without a word and leaves out what it does not know, so that a whole section can be
missing from a mail; here each is a problem with its place and the nearest right word. Jinja's tags are blanked out first, so
places are those of the file, and a value that a tag has a part in is not judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from retention_cli.errors import RenderFailed
from retention_cli.render.inert import TOKEN, Hidden
from retention_cli.render.mjml import convert
from retention_cli.render.mjml_words import ALIGNS, ATTRIBUTES, CHILDREN, ENDING
from retention_cli.render.outline import VOID
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MACRO = re.compile(r"\{%[-+]?\s*macro\b.*?\bendmacro\s*[-+]?%\}", re.DOTALL)
_JINJA_MARK = "\x1a"
_COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})|[a-z]+|(?:rgb|hsl)a?\([\d\s.,%/]+\)", re.IGNORECASE)
_LENGTHS = re.compile(r"(?:-?\d+(?:\.\d+)?(?:px|%|em|rem)?|auto)(?:\s+(?:-?\d+(?:\.\d+)?(?:px|%|em|rem)?|auto)){0,3}")
_ONE_LENGTH = re.compile(r"\d+(?:\.\d+)?(?:px|%)")
_SIZED = ("padding", "inner-padding", "icon-padding", "text-padding")


class Mistake(StrEnum):
    """The codes of what can be wrong."""

    SYNTAX = "mjml-syntax"
    ELEMENT = "mjml-element"
    PLACE = "mjml-place"
    ATTRIBUTE = "mjml-attribute"
    VALUE = "mjml-value"
    TEXT = "mjml-text"


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake; `line` counts from 1 in the text, `column` too."""

    line: int
    column: int
    code: Mistake
    message: str
    hint: str = ""


def faults(source: str) -> list[Fault]:
    """Return what is wrong with MJML that Jinja's tags may stand in, in order of the text."""
    reader = _Reader()
    reader.feed(_TAG.sub(_blank, _MACRO.sub(_blank, source)))
    reader.close()
    found = [*reader.found, *reader.unclosed()]
    if not found and not reader.seen:
        return [Fault(1, 1, Mistake.ELEMENT, "there is no MJML in the template", "write <mjml><mj-body>…</mj-body></mjml>")]
    return sorted((*found, *_of_macros(source)), key=lambda each: (each.line, each.column)) or list(_unreadable(source))


def _of_macros(source: str) -> Iterator[Fault]:
    """Yield what is wrong in macros, of which it is not known where they are called."""
    for macro in _MACRO.finditer(source):
        reader = _Reader(anywhere=True)
        reader.feed(re.sub(r"[^\r\n]", " ", source[: macro.start()]) + _TAG.sub(_blank, macro[0]))
        reader.close()
        yield from (*reader.found, *reader.unclosed())


def _blank(match: re.Match[str]) -> str:
    """Return as many characters as a tag or a macro has, its line ends with them."""
    before = match.string[max(match.string.rfind("<", 0, match.start()), match.string.rfind(">", 0, match.start()), 0) : match.start()]
    is_value = match[0].startswith("{{") or before.count('"') % 2 or before.count("'") % 2
    mark = _JINJA_MARK if is_value else " "
    return "".join(character if character in "\r\n" else mark for character in match[0])


def _unreadable(source: str) -> Iterator[Fault]:
    """Yield a fault where mrml cannot read what the tables find no fault with."""
    try:
        convert(TOKEN.sub("", Hidden().hide(_MACRO.sub("", source))))
    except RenderFailed:
        yield Fault(1, 1, Mistake.SYNTAX, "this cannot be read as MJML", "look for an element or an attribute that never ends")


@dataclass
class _Open:
    tag: str
    line: int
    column: int


@dataclass
class _Reader(HTMLParser):
    """Walks the elements; `open` holds those that are open, HTML within text too. `anywhere`: what is around is not known."""

    anywhere: bool = False
    found: list[Fault] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    seen: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    @property
    def _around(self) -> str:
        return next((each.tag for each in reversed(self.open) if each.tag.startswith("mj")), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)
        if tag.startswith("mj") or tag not in VOID:
            self.open.append(_Open(tag, *self._here()))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        names = [each.tag for each in self.open]
        if tag not in names:
            self._fault(Mistake.SYNTAX, f"</{tag}> ends what never began")
            return
        last = len(names) - 1 - names[::-1].index(tag)
        for each in self.open[last + 1 :]:
            self.found.append(_never_ends(each))
        del self.open[last:]

    def handle_data(self, data: str) -> None:
        around = self._around
        told = data.replace(_JINJA_MARK, "").strip()
        if told and around not in ENDING and (around or (self.seen and not self.anywhere)):
            hint = "put it into <mj-text>" if around in ("mj-column", "mj-hero") else "put it into <mj-section><mj-column><mj-text>"
            self._fault(Mistake.TEXT, f"text directly in <{around or 'mjml'}> is left out", hint)

    def unclosed(self) -> Iterator[Fault]:
        """Yield the elements that never end."""
        yield from (_never_ends(each) for each in self.open if each.tag.startswith("mj"))

    def _here(self) -> tuple[int, int]:
        line, offset = self.getpos()
        return line, offset + 1

    def _fault(self, code: Mistake, message: str, hint: str = "") -> None:
        self.found.append(Fault(*self._here(), code, message, hint))

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around = self._around
        self.seen = True
        is_loose = self.anywhere and not around
        if not tag.startswith("mj") and (around in ENDING or is_loose):
            return
        if around == "mj-attributes":
            self._default(tag, attrs)
            return
        if tag not in ATTRIBUTES:
            self._unknown(tag, around)
            return
        if tag not in CHILDREN.get(around, ()) and not is_loose:
            homes = [home or "the file" for home, children in CHILDREN.items() if tag in children]
            where = f"in <{around}>" if around else "outside <mjml>"
            self._fault(Mistake.PLACE, f"<{tag}> may not stand {where}", f"it stands in {', '.join(homes)}")
        self._attributes(tag, attrs)

    def _unknown(self, tag: str, around: str) -> None:
        hint = did_you_mean(tag, ATTRIBUTES)
        if tag == "mj-include":
            hint = 'write {% include "_part.mjml" %}'
        elif not tag.startswith("mj"):
            hint = "HTML stands in <mj-text>, <mj-table> or <mj-raw>"
        where = f" in <{around}>" if around and not tag.startswith("mj-") else ""
        self._fault(Mistake.ELEMENT, f"there is no element <{tag}>{where} in MJML", hint)

    def _default(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("mj-all", "mj-class"):
            self._unknown(tag, "") if tag not in ATTRIBUTES else self._attributes(tag, attrs)

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name not in ATTRIBUTES[tag]:
                self._fault(Mistake.ATTRIBUTE, f"<{tag}> has no attribute {name!r}", did_you_mean(name, ATTRIBUTES[tag]))
            elif wrong := _wrong(name, value or ""):
                self._fault(Mistake.VALUE, f"{name}={value!r} of <{tag}> is {wrong[0]}", wrong[1])


def _never_ends(each: _Open) -> Fault:
    return Fault(each.line, each.column, Mistake.SYNTAX, f"<{each.tag}> never ends", f"write </{each.tag}>")


def _wrong(name: str, value: str) -> tuple[str, str] | None:
    """Say what is wrong with a value that no tag of Jinja has a part in."""
    if _JINJA_MARK in value or not value.strip():
        return None
    if (name == "color" or name.endswith("-color")) and not _COLOUR.fullmatch(value.strip()):
        return "no colour", "write it like #1a2b3c, rgb(26, 43, 60) or navy"
    if (name in _SIZED or name.startswith("padding-")) and not _LENGTHS.fullmatch(value.strip()):
        return "no length", "write one to four like 10px 25px"
    if name in ("font-size", "icon-size", "max-height") and not _ONE_LENGTH.fullmatch(value.strip()):
        return "no length", "write it like 16px"
    if name in ("align", "text-align") and value not in ALIGNS:
        return "no alignment", did_you_mean(value, ALIGNS) or f"write {', '.join(sorted(ALIGNS))}"
    return None
