"""A page as a mail program reads it: elements with their inline styles, hidden ones told apart. What only Outlook's comments hold is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
_SILENT = frozenset({"head", "style", "title", "script", "template"})
_DECLARATION = re.compile(r"([-\w]+)\s*:\s*((?:\([^)]*\)|\"[^\"]*\"|'[^']*'|[^;\"'(])*)")


@dataclass(eq=False)
class Element:
    """One element, its attributes by small letters, and what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    inside: list[Element | str] = field(default_factory=list)

    @cached_property
    def style(self) -> dict[str, str]:
        """Its inline declarations; the last of a property counts."""
        return dict(declarations(self.attributes.get("style", "")))

    def up(self) -> Iterator[Element]:
        """Yield it and what it is in, inside out."""
        here: Element | None = self
        while here is not None:
            yield here
            here = here.parent

    def walk(self) -> Iterator[Element]:
        """Yield it and all elements below it, in order."""
        yield self
        for each in self.inside:
            if isinstance(each, Element):
                yield from each.walk()

    def text(self) -> str:
        """Return the words in it that can be read, pictures by their alt text."""
        if self.tag == "img":
            return self.attributes.get("alt", "")
        return "".join(
            each if isinstance(each, str) else each.text() for each in self.inside if not isinstance(each, Element) or each.tag not in _SILENT
        )

    @property
    def is_hidden(self) -> bool:
        """Whether nobody sees it: not displayed, or without any size. A size of nought is undone by what is further in."""
        size = next((found for each in self.up() if (found := each.style.get("font-size"))), "")
        return size in {"0", "0px", "1px"} or any(each.tag in _SILENT or _hides(each.style) or "hidden" in each.attributes for each in self.up())


def declarations(style: str) -> Iterator[tuple[str, str]]:
    """Yield the properties of a style with their values, in small letters, without `!important`."""
    for found in _DECLARATION.finditer(style):
        yield found[1].lower(), re.sub(r"\s*!important\s*$", "", found[2].strip(), flags=re.IGNORECASE).lower()


def read(page: str) -> Element:
    """Return the root of a page; whatever is not closed ends with what it stands in."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.root


def _hides(style: dict[str, str]) -> bool:
    small = style.get("max-height", "") in {"0", "0px"} or style.get("opacity") == "0"
    return style.get("display") == "none" or style.get("visibility") == "hidden" or small


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.inside.append(made)
        if tag not in _VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.inside.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        for each in self.here.up():
            if each.tag == tag and each.parent is not None:
                self.here = each.parent
                return

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)
