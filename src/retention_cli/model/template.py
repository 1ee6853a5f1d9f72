"""Templates: what people read. The text is kept as written; render/ gives it meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pydantic import ConfigDict, Field

from retention_cli.model.base import Model
from retention_cli.model.problem import Place
from retention_cli.model.word import Word


class TemplateFormat(StrEnum):
    """In what a template is written."""

    HTML = "html"
    TEXT = "txt"
    MJML = "mjml"
    MARKDOWN = "md"


class Origin(NamedTuple):
    """From a line of a template's body on (counted from 1 there) its text is that of a file, from that line on."""

    start: int
    file: str
    line: int


class FrontMatter(Model):
    """The head of a template file, between two `---` lines."""

    model_config = ConfigDict(validate_by_name=True)

    subject: Word = Field(min_length=1, description="the subject line; Jinja may stand in it")
    preheader: str = Field(default="", description="what an inbox shows beside the subject")
    from_name: str | None = Field(default=None, alias="from", description="the sender's name for this template")
    reply_to: str | None = Field(default=None, description="where answers go")
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$", description="the language it is written in: cs, en-GB")
    requires: tuple[Word, ...] = Field(default=(), description="fields without which a customer is not written to")


class Template(Model):
    """A template file: `body` follows the front matter and begins at `body_place`.

    `text` is the file `NAME.txt` beside it; `origins` tell which lines of the body came from parts.
    """

    name: str
    file: str
    format: TemplateFormat
    front: FrontMatter
    body: str
    body_place: Place
    origins: tuple[Origin, ...] = ()
    text: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether it has no HTML part."""
        return self.format is TemplateFormat.TEXT

    def place(self, line: int, column: int = 1) -> Place:
        """Return where a line of the body, counted from 1, was written: in the template's file, or in a part that it includes."""
        known = [each for each in self.origins if each.start <= line]
        if not known:
            return Place(self.body_place.file, self.body_place.line + line - 1, column)
        return Place(known[-1].file, known[-1].line + line - known[-1].start, column)

    def with_subject(self, subject: Word | str | None) -> Template:
        """Return the template with another subject; the same where there is none."""
        return self if subject is None else self.model_copy(update={"front": self.front.model_copy(update={"subject": subject})})
