"""Templates: what people read. The text is kept as written; render/ gives it meaning."""

from __future__ import annotations

from enum import StrEnum

from retention_cli.model.base import Model
from retention_cli.model.problem import Place
from retention_cli.model.word import Word


class TemplateFormat(StrEnum):
    """In what a template is written."""

    HTML = "html"
    TEXT = "txt"


class FrontMatter(Model):
    """The head of a template file, between two `---` lines."""

    subject: Word
    preheader: str = ""
    from_name: str | None = None
    reply_to: str | None = None
    language: str | None = None
    requires: tuple[Word, ...] = ()


class Template(Model):
    """A template file; `body` follows the front matter and begins at `body_place`; `text` is the file `NAME.txt` beside an HTML one."""

    name: str
    file: str
    format: TemplateFormat
    front: FrontMatter
    body: str
    body_place: Place
    text: str | None = None
