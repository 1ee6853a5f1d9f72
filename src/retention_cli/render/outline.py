"""The outline of an HTML document: its elements and the template's tags, in order, and where each tag stands.

Two documents with the same outline are built alike, so a rewriter that keeps the outline has moved nothing. The place of a
tag decides whether it may pass through a rewriter at all: in text and attribute values it may, in the name of an element
or between attributes it may not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from retention_cli.render.inert import TOKEN, numbers

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_RAW_TEXT = frozenset({"title", "textarea", "style", "script"})
URL_ATTRIBUTES = frozenset({"href", "src", "action", "background", "poster", "cite", "formaction", "background-url"})
_IMPLIED = "tbody"
_NO_TEXT_IN = frozenset({"table", "tbody", "thead", "tfoot", "tr", "colgroup", "select"})


@dataclass
class Outline(HTMLParser):
    """What a document holds, by the numbers of its tokens.

    `text` tokens stand where a comment may, `loose` ones where a value would not be text of its parent; `urls` maps a token
    to what stands before it in its address.
    """

    events: list[tuple[str, str]] = field(default_factory=list)
    text: set[int] = field(default_factory=set)
    loose: set[int] = field(default_factory=set)
    misplaced: set[int] = field(default_factory=set)
    selecting: set[int] = field(default_factory=set)
    attributes: set[int] = field(default_factory=set)
    styled: set[int] = field(default_factory=set)
    sheets: set[int] = field(default_factory=set)
    urls: dict[int, str] = field(default_factory=dict)
    css: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's beginning and the tags in its attributes."""
        self.events.append(("start", tag))
        self.misplaced.update(numbers(tag.upper()))
        for name, value in attrs:
            self.misplaced.update(numbers(name.upper()))
            self._attribute(name, value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that ends at once; only a void one really does."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Note an element's end."""
        if tag not in VOID:
            self.events.append(("end", tag))
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Note the tags in text; those in a title or a style sheet may not become comments."""
        where = self.open[-1] if self.open else ""
        found = numbers(data)
        if where in ("style", "script"):
            self.sheets.update(found)
            self.css.append(data if where == "style" else "")
            return
        if where not in _RAW_TEXT:
            self.text.update(found)
            self.loose.update(found if where in _NO_TEXT_IN else ())
        self._told(data)

    def handle_comment(self, data: str) -> None:
        """Note the tags in a comment, and the comment that is a tag."""
        self._told(data if TOKEN.fullmatch(data) else " ".join(TOKEN.findall(data)))

    def handle_decl(self, decl: str) -> None:
        """Note tags where none may be."""
        self.misplaced.update(numbers(decl))

    def _told(self, data: str) -> None:
        """Note words and tags one by one, so that it does not matter how a text is cut."""
        self.events.extend(("text", word) for word in TOKEN.sub(r" \g<0> ", data).split())

    def _attribute(self, name: str, value: str) -> None:
        found = numbers(value)
        if not found:
            return
        self.attributes.update(found)
        if name in ("class", "id"):
            self.selecting.update(found)
        if name == "style":
            self.styled.update(found)
            return
        self.events.extend(("in", f"{name} {number}") for number in sorted(found))
        if name in URL_ATTRIBUTES:
            for match in TOKEN.finditer(value):
                self.urls[int(match[1])] = value[: match.start()]


def outline(html: str) -> Outline:
    """Return the outline of a document whose tags are tokens."""
    found = Outline()
    found.feed(html)
    found.close()
    return found


def same_outline(before: Outline, after: Outline) -> bool:
    """Say whether both hold the same elements, words and tags in the same order (a table's implied body aside), and no style lost a tag."""
    return _told(before) == _told(after) and before.styled | before.sheets <= after.styled | after.sheets


def _told(found: Outline) -> list[tuple[str, str]]:
    return [event for event in found.events if event[1] != _IMPLIED]
