"""MJML → HTML by mrml: once a template where that gives the same as once a message, else from each message's own MJML.

Jinja's tags are inert tokens meanwhile. Tags may stand in a template that is converted once where their surroundings do not
depend on them: in what elements hold as text, in addresses and descriptions, and as whole lines between sections or between
the components of a column. A tag that has a say in the layout (columns in a loop, a width) is left to each message. What
must stay true: both ways write the same for everybody. Nothing is loaded from anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

import mrml

from retention_cli.errors import RenderFailed
from retention_cli.render.inert import TOKEN, Hidden, Kind, numbers
from retention_cli.render.mjml_words import ENDING

BETWEEN = frozenset({"mj-body", "mj-column", "mj-hero"})
"""In these, children do not know of one another, so that a tag may stand between them."""
INERT = frozenset({"href", "src", "alt", "title", "name", "rel"})
"""Attributes whose values pass through as they are."""
_NUMBERED = frozenset({"mj-carousel", "mj-navbar", "mj-accordion"})
"""Components whose HTML names itself anew at each conversion."""
_MACRO = re.compile(r"\{%[-+]?\s*(macro|endmacro)\b")
_BODY = re.compile(r"<mj-body\b[^>]*>")
_ROOT = re.compile(r"<mjml\b(?![^>]*\slang=)")


def convert(source: str) -> str:
    """Return the HTML of whole MJML; raise RenderFailed where it is none (the sentence shows no text of it)."""
    try:
        return str(mrml.to_html(source, *_options()).content)
    except OSError:
        raise RenderFailed("the MJML of the message cannot be read") from None


@lru_cache(maxsize=1)
def _options() -> tuple[mrml.ParserOptions, mrml.RenderOptions]:
    # Without fonts of its own: mrml would link a font of MJML's from a server elsewhere into every message.
    return mrml.ParserOptions(include_loader=mrml.noop_loader()), mrml.RenderOptions(fonts={})


def convert_once(source: str, hidden: Hidden) -> str | None:
    """Return a template's HTML (tags as tokens), or None where only whole messages can be converted."""
    macros, source = _macros_apart(source, hidden)
    places = Places(hidden=hidden)
    places.feed(source)
    places.close()
    if places.bound or "<mj" in macros:
        return None
    standing = TOKEN.sub(lambda match: f"<mj-raw>{match[0]}</mj-raw>" if int(match[1]) in places.between else match[0], source)
    try:
        html = convert(standing)
    except RenderFailed:
        return None
    return macros + html if _kept(source, html, hidden) else None


def _macros_apart(source: str, hidden: Hidden) -> tuple[str, str]:
    """Return the macros of a template, which write nothing where they stand, and the rest."""
    macros, rest, start, depth, since = "", "", 0, 0, 0
    for match in TOKEN.finditer(source):
        word = _MACRO.match(hidden.tags[int(match[1])].text)
        if word is None:
            continue
        if word[1] == "macro":
            since, depth = (match.start() if depth == 0 else since), depth + 1
        else:
            depth -= 1
            if depth == 0:
                macros, rest, start = macros + source[since : match.end()], rest + source[start:since], match.end()
    return macros, rest + source[start:]


def _kept(source: str, html: str, hidden: Hidden) -> bool:
    """Say whether every block is where it was among the others, and no value is lost."""
    before, after = numbers(source), numbers(html)
    blocks = [[number for number in numbers if hidden.kind(number) is not Kind.EXPRESSION] for numbers in (before, after)]
    return blocks[0] == blocks[1] and set(before) == set(after)


def framed(source: str, language: str, first: str, last: str) -> str:
    """Return MJML in a language with HTML first and last in its body."""
    source = _ROOT.sub(f'<mjml lang="{language}"', source, count=1)
    body, end = _BODY.search(source), source.rfind("</mj-body")
    if body is None or end < body.end():
        return source
    return source[: body.end()] + _raw(first) + source[body.end() : end] + _raw(last) + source[end:]


def _raw(html: str) -> str:
    return f"<mj-raw>{html}</mj-raw>" if html else ""


@dataclass
class Places(HTMLParser):
    """Where the tags of a template stand: `between` elements, or `bound` to what decides the layout."""

    hidden: Hidden
    between: set[int] = field(default_factory=set)
    bound: set[int] = field(default_factory=set)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    @property
    def _around(self) -> str:
        return next((tag for tag in reversed(self.open) if tag.startswith("mj")), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tags in an element's attributes."""
        is_ours = self._around not in ENDING
        self.bound.update(numbers(tag.upper()))
        if tag in _NUMBERED:
            self.bound.update(range(len(self.hidden.tags)))
        for name, value in attrs:
            self.bound.update(numbers(name.upper()))
            if is_ours and name not in INERT:
                self.bound.update(numbers(value or ""))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that ends at once."""
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Note an element's end."""
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Note the tags between elements and in text."""
        found = numbers(data)
        if not found or self._around in ENDING:
            return
        fits = self._around in BETWEEN and all(self.hidden.kind(number) is Kind.BLOCK for number in found)
        (self.between if fits else self.bound).update(found)

    def handle_comment(self, data: str) -> None:
        """Leave a comment's tags to each message: MJML drops some comments and keeps others."""
        self.bound.update(numbers(data))
