"""Jinja tags as inert tokens, so that HTML tools can rewrite a template without touching what it computes.

Parsers and inliners escape `>` inside `{% if a > 1 %}` and move what they do not know. So each tag becomes a word of
letters and digits, which survives in text, attributes and CSS, and is put back afterwards exactly as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.render.environment import HTML

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = re.compile(r"JJ(\d{5})JJ")
JINJA = re.compile(r"\{[{%#]")


def numbers(text: str) -> list[int]:
    """Return the numbers of the tokens in a text, in order."""
    return [int(match[1]) for match in TOKEN.finditer(text)]


class Kind(StrEnum):
    """What a piece of a template is."""

    DATA = "data"
    EXPRESSION = "variable"
    BLOCK = "block"
    COMMENT = "comment"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template's source, as written."""

    kind: Kind
    text: str


def pieces(source: str) -> Iterator[Piece]:
    """Yield a template's pieces in order; raises Jinja's TemplateSyntaxError where a tag never ends."""
    kind, gathered = Kind.DATA, ""
    for _, token, value in HTML.lex(source):
        begins, ends = token.endswith("_begin"), token.endswith("_end")
        if kind is Kind.DATA and begins:
            kind = Kind(token.removesuffix("_begin"))
        if kind is Kind.DATA:
            yield Piece(kind, value)
            continue
        gathered += value
        if ends and token.removesuffix("_end") == kind:
            yield Piece(kind, gathered)
            kind, gathered = Kind.DATA, ""


@dataclass
class Hidden:
    """The tags taken out of one template; a token's number is its place in `tags`."""

    tags: list[Piece] = field(default_factory=list)

    def hide(self, source: str) -> str:
        """Return `source` with a token for each tag; comments are left out."""
        kept = (piece for piece in pieces(source) if piece.kind is not Kind.COMMENT)
        return "".join(piece.text if piece.kind is Kind.DATA else self._token(piece) for piece in kept)

    def show(self, text: str) -> str:
        """Return `text` with the tags back in place of their tokens."""
        return TOKEN.sub(lambda match: self.tags[int(match[1])].text, text)

    def kind(self, number: int) -> Kind:
        """Return what the tag of that number is."""
        return self.tags[number].kind

    def rewrite(self, number: int, filter_name: str) -> None:
        """Send the expression of that number through one more filter."""
        inner = self.tags[number].text
        opened, closed = re.match(r"\{\{[-+]?", inner), re.search(r"[-+]?\}\}\s*\Z", inner)
        if opened and closed:
            self.tags[number] = Piece(Kind.EXPRESSION, f"{opened[0]} ({inner[opened.end() : closed.start()]})|{filter_name} {closed[0]}")

    def _token(self, piece: Piece) -> str:
        self.tags.append(piece)
        return f"JJ{len(self.tags) - 1:05d}JJ"
