"""Markdown → HTML, once a template: CommonMark with tables, by markdown-it, while Jinja's tags are inert tokens.

What data holds is never read as Markdown: it comes in afterwards, escaped as in HTML. A tag alone on its line stands between
blocks; where a loop goes round one list, its turns are items of that list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from retention_cli.render.inert import TOKEN, Hidden, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONE = re.compile(r"^[ \t]*((?:JJ\d{5}JJ[ \t]*)+)$", re.MULTILINE)
_COMMENT = re.compile(r"<!--(JJ\d{5}JJ)-->")
_LOOP = re.compile(r"<!--JJ(\d{5})JJ-->\s*<(ul|ol)>\n((?:(?!<(?:ul|ol)>|<!--).)*?)</\2>\s*<!--JJ(\d{5})JJ-->", re.DOTALL)


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def to_html(source: str, hidden: Hidden) -> str:
    """Return Markdown (tags as tokens) as an HTML fragment."""
    standing = _LONE.sub(lambda match: "".join(_alone(match[1], hidden)), source)
    html = str(_reader().render(standing))
    return _COMMENT.sub(r"\1", _LOOP.sub(lambda match: _in_one_list(match, hidden), html))


def _alone(tokens: str, hidden: Hidden) -> Iterator[str]:
    """Yield what stands on a line that tags alone stand on: blocks go between what is around them, values are a paragraph."""
    blocks = all(hidden.kind(int(number)) is Kind.BLOCK for number in TOKEN.findall(tokens))
    yield "\n" + "".join(f"<!--{match[0]}-->" for match in TOKEN.finditer(tokens)) + "\n" if blocks else tokens


def _in_one_list(match: re.Match[str], hidden: Hidden) -> str:
    first, last = int(match[1]), int(match[4])
    if not (_word(hidden, first) == "for" and _word(hidden, last) == "endfor"):
        return match[0]
    return f"<{match[2]}>\nJJ{first:05d}JJ{match[3]}JJ{last:05d}JJ</{match[2]}>\n"


def _word(hidden: Hidden, number: int) -> str:
    """Return the first word of a tag."""
    found = re.match(r"\{%[-+]?\s*(\w+)", hidden.tags[number].text)
    return found[1] if found else ""
