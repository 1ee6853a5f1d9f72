"""What a page must be for whoever reads it: in any mail program, with pictures off, by ear, on a phone.

H01 language   H02 title      H03 alt texts     H04 links with words   H05 headings    H06 contrast     H07 layout tables
H08 small text H09 addresses  H10 honest links  H11 clipped by Gmail   H12 pictures    H13 inline data  H14 phone width
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from retention_cli.render.lint import colour
from retention_cli.render.lint.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.render.lint.tree import Element

CLOSE_TO_CLIP = 80_000
_SMALLEST = 12.0
_LINKED = ("https", "mailto", "tel")
_LONGEST = 2_000
_QUOTED = 40
_HEADING = re.compile(r"h[1-6]")
_LIKE_ADDRESS = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:/\S*)?", re.IGNORECASE)


def check(root: Element, size: int) -> Iterator[Finding]:
    """Yield what is wrong with a page of so many bytes, each thing once."""
    elements = list(root.walk())
    seen = [each for each in elements if not each.is_hidden]
    parts = (_document(elements), _pictures(seen), _links(seen), _headings(seen), _texts(seen), _tables(seen), _size(size))
    yield from dict.fromkeys(finding for part in parts for finding in part)


def _document(elements: Sequence[Element]) -> Iterator[Finding]:
    html = next((each for each in elements if each.tag == "html"), None)
    if html is None or not html.attributes.get("lang"):
        yield Finding(Level.ERROR, "H01", "the document has no language", "write language: in the front matter")
    if not any(each.tag == "title" and "".join(map(str, each.inside)).strip() for each in elements):
        yield Finding(Level.WARNING, "H02", "the document has no title", "write <title>, or <mj-title>")
    if not any(each.tag == "meta" and each.attributes.get("name") == "viewport" for each in elements):
        yield Finding(Level.WARNING, "H14", "phones will shrink it: it has no viewport", 'write <meta name="viewport" content="width=device-width">')


def _pictures(seen: Sequence[Element]) -> Iterator[Finding]:
    for each in (each for each in seen if each.tag == "img"):
        source = each.attributes.get("src", "")
        if "alt" not in each.attributes:
            yield Finding(Level.ERROR, "H03", f"the picture {_short(source)} has no alt text", 'write alt="…", or alt="" where it says nothing')
        if source.startswith("data:"):
            yield Finding(Level.WARNING, "H13", "a picture stands in the message itself", "many mail programs do not show it: link to it")
        elif not source.startswith("https://"):
            yield Finding(Level.ERROR, "H12", f"the picture {_short(source)} has no https address", "give it its whole address, with https://")


def _links(seen: Sequence[Element]) -> Iterator[Finding]:
    for each in (each for each in seen if each.tag == "a" and "href" in each.attributes):
        href, words = each.attributes["href"].strip(), " ".join(each.text().split())
        if not words:
            yield Finding(Level.ERROR, "H04", f"the link to {_short(href)} has no words", "write what it leads to, or an alt text in its picture")
        try:
            where = urlsplit(href)
        except ValueError:
            where = urlsplit("")
        if where.scheme not in _LINKED or (where.scheme == "https" and not where.hostname) or re.search(r"\s|\{\{", href) or len(href) > _LONGEST:
            yield Finding(
                Level.ERROR, "H09", f"the link {_short(words)} leads to {_short(href) or 'nowhere'}", "give a whole https, mailto or tel address"
            )
            continue
        told = _LIKE_ADDRESS.fullmatch(words)
        if told is not None and where.hostname is not None and _host(told[1]) != _host(where.hostname):
            message = f"a link reads {_short(words)} and leads to {where.hostname}"
            yield Finding(Level.ERROR, "H10", message, "name where it leads, or use other words: this looks like fraud")


def _headings(seen: Sequence[Element]) -> Iterator[Finding]:
    levels = [int(each.tag[1]) for each in seen if _HEADING.fullmatch(each.tag) and each.text().strip()]
    if not levels:
        yield Finding(Level.WARNING, "H05", "nothing is a heading", "begin with <h1>: who listens to it jumps from one to the next")
    elif levels[0] != 1 or levels.count(1) > 1:
        yield Finding(Level.WARNING, "H05", "it does not begin with one <h1>", "make the first heading the only <h1>")
    for one, then in pairwise(levels):
        if then > one + 1:
            yield Finding(Level.WARNING, "H05", f"behind <h{one}> comes <h{then}>", "leave no level out")


def _texts(seen: Sequence[Element]) -> Iterator[Finding]:
    for each in seen:
        words = " ".join(part.strip() for part in each.inside if isinstance(part, str)).strip()
        if not words or each.tag in {"html", "body", ""}:
            continue
        text, back = colour.of_text(each), colour.behind(each)
        least = colour.ENOUGH_LARGE if colour.is_large(each) else colour.ENOUGH
        if text is not None and back is not None and (ratio := colour.contrast(text, back)) < least:
            yield Finding(Level.WARNING, "H06", f"{_short(words)} hardly stands out: {ratio:.1f} to 1", f"make it at least {least:g} to 1")
        size = colour.size_of(each)
        if size is not None and size < _SMALLEST:
            yield Finding(Level.WARNING, "H08", f"{_short(words)} is {size:g} pixels small", f"make it at least {_SMALLEST:g}")


def _tables(seen: Sequence[Element]) -> Iterator[Finding]:
    for each in (each for each in seen if each.tag == "table"):
        if each.attributes.get("role") not in {"presentation", "none"} and not any(below.tag == "th" for below in each.walk()):
            yield Finding(Level.WARNING, "H07", "a table that lays things out is read out as data", 'write role="presentation"')


def _size(size: int) -> Iterator[Finding]:
    if size > CLOSE_TO_CLIP:
        yield Finding(Level.WARNING, "H11", f"it has {size:,} bytes; Gmail cuts off what is behind 102,400", "leave products or styles out")


def _host(name: str) -> str:
    return name.lower().removeprefix("www.")


def _short(text: str) -> str:
    """Return text as it may be quoted: on one line, without control characters, and not all of it."""
    line = "".join(each for each in " ".join(text.split()) if each.isprintable())
    return repr(line if len(line) <= _QUOTED else f"{line[:_QUOTED]}…") if line else ""
