"""HTML → the text part: what a reader without HTML would want to read.

Two halves, so that it can be done once a template: `marked` turns HTML into one line of text with marks for breaks, links
and bullets (Jinja's tags pass through it), `settle` turns marks and blanks into lines. Rendering between the halves gives
the same as rendering before both. Links are `text (url)`; hidden elements, heads and pictures without words leave nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from retention_cli.render.inert import TOKEN
from retention_cli.render.outline import VOID

_LINK, _URL, _LINKED, _ALT, _SHOWN = "\x11", "\x12", "\x13", "\x14", "\x15"
# Marks of breaks share their first character, which makes them quick to find.
_CELL, _ITEM, _PARAGRAPH, _LINE, _BREAK, _END = "\x1bC", "\x1bI", "\x1bP", "\x1bL", "\x1bB", "\x17"
_SKIPPED = frozenset({"head", "style", "script", "title", "template", "noscript", "svg", "object", "select"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "dl"})
_LINES = frozenset(
    {"div", "section", "article", "header", "footer", "main", "nav", "aside", "table", "tr", "center", "address", "form"}
    | {"fieldset", "figure", "figcaption", "dt", "dd", "caption", "body", "tbody", "thead", "tfoot"}
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile("  +")
_LINKS = re.compile(f"{_LINK}([^{_LINK}{_URL}{_LINKED}]*){_URL}([^{_LINK}{_URL}{_LINKED}]*){_LINKED}")
_ALTS = re.compile(f"{_ALT}([^{_ALT}{_SHOWN}]*){_SHOWN}")
_BREAKS = re.compile("\x1b[CIPLB](?: |\x1b[CIPLB])*")
_RUNS = re.compile(f"({_BREAKS.pattern})")
_INNER = re.compile(f" *{_BREAKS.pattern}")
_STRETCHES = re.compile(f"(JJ[0-9]{{5}}JJ|[{_LINK}{_URL}{_LINKED}{_ALT}{_SHOWN}])")
_STRAY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def html_to_text(html: str) -> str:
    """Return finished HTML as text."""
    return settle(marked(html))


def marked(html: str) -> str:
    """Return HTML as one line of text and marks; Jinja's tags may stand in it as tokens."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.out)


def presettled(text: str) -> str:
    """Return marked text, tags as tokens, with those breaks made that no tag can have a say in: what stands between words."""
    made, in_link = [], False
    for stretch in _STRETCHES.split(_SPACES.sub(" ", _on_one_line(text))):
        in_link = stretch == _LINK or (in_link and stretch != _LINKED)
        made.append(stretch if in_link else _INNER.sub(_broken_inside, stretch))
    return "".join(made)


def settle(text: str) -> str:
    """Return marked text as lines: blanks collapsed, links written out, breaks made, one line end at the end."""
    pieces = _LINKS.split(_on_one_line(text))  # text, then for each link its words, its address, and the text after it
    links = list(zip(pieces[1::3], map(str.strip, pieces[2::3]), strict=True))
    worded = {url for words, url in links if _words(words)}
    pieces[1::3], pieces[2::3] = [_written_link(*link, worded) for link in links], [""] * len(links)
    stretches = _RUNS.split(_ALTS.sub("", "".join(pieces)))  # text and runs of breaks in turn
    stretches[1::2] = map(_break, stretches[1::2])
    broken = _SPACES.sub(" ", "".join(stretches)).replace(f" {_END}", _END).replace(_END, "\n")
    for mark in (_LINK, _URL, _LINKED, _ALT, _SHOWN):
        broken = broken.replace(mark, "")
    return broken.strip() + "\n"


def _on_one_line(text: str) -> str:
    for blank in "\n\r\t\f":
        text = text.replace(blank, " ")
    return text


@dataclass
class _Reader(HTMLParser):
    """Walks a document; `open` holds the elements that are open, each with whether its inside is left out."""

    out: list[str] = field(default_factory=list)
    open: list[tuple[str, bool]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @property
    def _skipping(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        hidden = self._skipping or tag in _SKIPPED or "hidden" in found or bool(_HIDDEN.search(found.get("style") or ""))
        if tag in VOID:
            self._void(tag, found, hidden=hidden)
            return
        self.open.append((tag, hidden))
        if not hidden:
            self._begin(tag, found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _ in self.open]
        if tag not in names:
            return
        last = len(names) - 1 - names[::-1].index(tag)
        skipped = self.open[last][1]
        del self.open[last:]
        if not skipped:
            self._end(tag)

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.out.append(_STRAY.sub("", data))

    def handle_comment(self, data: str) -> None:
        if TOKEN.fullmatch(data) and not self._skipping:
            self.out.append(data)

    def _begin(self, tag: str, attrs: dict[str, str | None]) -> None:
        self.out.append(_mark(tag))
        if tag == "li":
            self.out.append(_ITEM)
        if tag == "a":
            self.links.append((attrs.get("href") or "").strip())
            self.out.append(_LINK)

    def _end(self, tag: str) -> None:
        if tag == "a" and self.links:
            self.out.append(f"{_URL}{self.links.pop()}{_LINKED}")
        self.out.append(_LINE if tag == "li" else _mark(tag))

    def _void(self, tag: str, attrs: dict[str, str | None], *, hidden: bool) -> None:
        if hidden:
            return
        if tag == "img" and attrs.get("alt"):
            self.out.append(f"{_ALT}{attrs['alt']}{_SHOWN}")
        if tag == "br":
            self.out.append(_BREAK)
        if tag == "hr":
            self.out.append(f"{_PARAGRAPH}---{_PARAGRAPH}")


def _mark(tag: str) -> str:
    if tag in _PARAGRAPHS:
        return _PARAGRAPH
    if tag in _LINES:
        return _LINE
    return _CELL if tag in ("td", "th") else ""


@lru_cache(maxsize=1024)
def _words(text: str) -> str:
    return _unmarked(_ALTS.sub("", text))


def _unmarked(text: str) -> str:
    return " ".join(_STRAY.sub(" ", _BREAKS.sub(" ", text)).split())


def _written_link(words: str, url: str, worded: set[str]) -> str:
    """Return a link as text; a linked picture only where no words lead to the same place."""
    text = _words(words)
    if not text:
        text = "" if url in worded else _unmarked(words)
        url = url if text or url not in worded else ""
    if not url or url.startswith("#"):
        return text
    plain = url.removeprefix("mailto:").removeprefix("tel:")
    if text in (url, plain, plain.partition("://")[2].rstrip("/")):
        return plain
    return f"{text} ({url})" if text else url


def _broken_inside(match: re.Match[str]) -> str:
    return _break(match[0]) if match.start() > 0 and match.end() < len(match.string) else match[0]


@lru_cache(maxsize=1024)
def _break(run: str) -> str:
    lines = 2 if _PARAGRAPH in run else max(min(run.count(_BREAK), 2), 1 if _LINE in run or _ITEM in run else 0)
    return _END * lines + "- " * (_ITEM in run) if lines else " "
