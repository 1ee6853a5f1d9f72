"""CSS into style attributes, once a template where that gives the same as once a message, else once a message.

The style sheet is inlined while Jinja's tags are inert tokens (comments in text, words in attributes). It may be done once
only if no tag has a say in which rules apply, and if the rewriter has kept the outline; otherwise each finished message is
inlined. Nothing is loaded from anywhere, and at-rules (`@media`) and states (`:hover`) stay in the head.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import css_inline

from retention_cli.errors import RenderFailed
from retention_cli.render.filters import WEB_URL
from retention_cli.render.inert import JINJA, TOKEN, Hidden, Kind
from retention_cli.render.outline import Outline, outline, same_outline

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACE_BOUND = re.compile(r":(?:first|last|nth|only|empty|has|not)\b|[+~]")
_COMMENTED = re.compile(r"<!--(JJ\d{5}JJ)-->")
_BODY = re.compile(r"</?tbody>")


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(
        load_remote_stylesheets=False,
        keep_style_tags=True,
        keep_at_rules=True,
        remove_inlined_selectors=True,
    )


def inline(html: str) -> str:
    """Return finished HTML with its CSS inlined; raise RenderFailed where a rule or style cannot be read."""
    try:
        return _inliner().inline(html)
    except css_inline.InlineError:
        # The library's sentence may quote a value, so it is left out.
        raise RenderFailed("a style or rule in the HTML part cannot be read as CSS") from None


def inline_once(html: str, hidden: Hidden) -> str | None:
    """Return a template's HTML (tags as tokens) with its CSS inlined, or None where only finished messages can be inlined."""
    before = outline(html)
    if not _indifferent(before, hidden):
        return None
    standing = TOKEN.sub(lambda match: f"<!--{match[0]}-->" if int(match[1]) in before.text else match[0], html)
    try:
        inlined = inline(standing)
    except RenderFailed:
        return None
    if "<tbody" not in html:
        inlined = _BODY.sub("", inlined)
    if JINJA.search(inlined) or not same_outline(before, outline(inlined)):
        return None
    return inlined


def bare(html: str) -> str:
    """Return inlined HTML whose tags are plain tokens again."""
    return _COMMENTED.sub(r"\1", html)


def guard_urls(html: str, hidden: Hidden) -> None:
    """Send each expression that begins an address (`href="{{ item.url }}"`) through the filter that lets only web addresses by."""
    for number, before in outline(html).urls.items():
        if hidden.kind(number) is Kind.EXPRESSION and not TOKEN.sub("", before).strip():
            hidden.rewrite(number, WEB_URL)


def css_is_broken(body: str) -> bool:
    """Say whether CSS of a template that no tag has a part in cannot be read."""
    try:
        inline(body)
    except RenderFailed:
        standing = Hidden().hide(body)
        found = outline(standing)
        return not (found.misplaced or found.styled or found.sheets) and not _is_readable(standing)
    return False


def _is_readable(html: str) -> bool:
    try:
        inline(html)
    except RenderFailed:
        return False
    return True


def _indifferent(found: Outline, hidden: Hidden) -> bool:
    """Say whether no tag can change which rules apply to what."""
    css = "".join(found.css)
    blocks = any(hidden.kind(number) is Kind.BLOCK for number in found.text)
    return not (
        found.misplaced
        or any(tag.kind is Kind.RAW for tag in hidden.tags)
        or any(hidden.kind(number) is Kind.EXPRESSION for number in found.loose)
        or found.selecting
        or _any_block(found.styled | found.sheets, hidden)
        or (blocks and _PLACE_BOUND.search(css))
        or ("[" in css and found.attributes)
    )


def _any_block(numbers: Iterable[int], hidden: Hidden) -> bool:
    return any(hidden.kind(number) is not Kind.EXPRESSION for number in numbers)
