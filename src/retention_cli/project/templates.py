"""Template files: front matter between two `---` lines, then the body, kept as written.

`NAME.txt` without front matter beside `NAME.mjml`, `NAME.html` or `NAME.md` is that template's text part; a file whose name
begins with `_` is a part that others include. What a template means is no matter here; only the head is read, by the same
strict reader as every other file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retention_cli.model.problem import Place
from retention_cli.model.template import FrontMatter, Template, TemplateFormat
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.files import find, read_text
from retention_cli.project.grammar.spot import shape_of
from retention_cli.project.includes import Whole, is_part
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Table, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named

FOLDER = "templates"
_FORMATS = {f".{form}": form for form in TemplateFormat}
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_HEAD = re.compile(r"---[ \t]*(\r\n|\n|\r)")


@dataclass(frozen=True, slots=True)
class _Text:
    """A template's file, cut: `head` is None where there is no front matter; the body begins on `line`."""

    file: str
    head: str | None
    body: str
    line: int


def read_templates(root: Path, into: Named[Template], notes: Notes) -> None:
    """Read all templates of a project."""
    files = [file for file in find(root, FOLDER, notes) if _is_template(file, notes)]
    written = {file: whole for file in files if (whole := read_text(root, file, notes)) is not None}
    included = {file.removeprefix(f"{FOLDER}/"): whole.removeprefix("\ufeff") for file, whole in written.items() if is_part(file)}
    texts = [_cut(file, whole, notes) for file, whole in written.items() if not is_part(file)]
    beside = {_stem(text.file): text for text in texts if _is_text_part(text, texts)}
    for text in texts:
        if text not in beside.values():
            _read(text, beside.get(_stem(text.file)), into, included, notes)


def _is_template(file: str, notes: Notes) -> bool:
    suffix = PurePosixPath(file).suffix
    if suffix not in _FORMATS:
        said, hint = f"this version reads no {suffix or 'such'} templates", "templates are .mjml, .html, .md or .txt"
        notes.warn(Place(file, 1, 1), Code.FILE_KIND, said, hint)
    return suffix in _FORMATS


def _stem(file: str) -> str:
    return PurePosixPath(file).stem


def _is_text_part(text: _Text, texts: list[_Text]) -> bool:
    stem = str(PurePosixPath(text.file).with_suffix(""))
    others = {f"{stem}{suffix}" for suffix in _FORMATS if suffix != ".txt"}
    return text.file.endswith(".txt") and text.head is None and any(other.file in others for other in texts)


def _cut(file: str, text: str, notes: Notes) -> _Text:
    text = text.removeprefix("\ufeff")
    opening = _HEAD.match(text)
    if opening is None:
        return _Text(file, None, text, 1)
    closing = _FENCE.search(text.replace("\r\n", " \n").replace("\r", "\n"), opening.end())
    if closing is None:
        notes.error(Place(file, 1, 1), Code.FRONT_MATTER, "the front matter never ends", "close it with a second line of ---")
        return _Text(file, "", "", 1)
    end = re.compile(r"\r\n|\n|\r|$").search(text, closing.end())
    body = text[end.end() if end else len(text) :]
    return _Text(file, text[opening.end() : closing.start()], body, 1 + len(re.findall(r"\r\n|\n|\r", text[: len(text) - len(body)])))


def _read(text: _Text, beside: _Text | None, into: Named[Template], included: Mapping[str, str], notes: Notes) -> None:
    before = notes.errors
    name = Word(_stem(text.file), Place(text.file, 1, 1))
    front = _front(text, notes)
    into.declare(name, notes)
    whole, written = Whole(included, notes), Whole(included, notes)
    whole.add(text.body, text.file, text.line)
    if beside is not None:
        written.add(beside.body, beside.file, beside.line)
    if front is None or notes.errors != before:
        return
    into.sound[str(name)] = Template(
        name=str(name),
        file=text.file,
        format=_FORMATS[PurePosixPath(text.file).suffix],
        front=front,
        body="".join(whole.text),
        body_place=Place(text.file, text.line, 1),
        origins=tuple(whole.origins),
        text="".join(written.text) if beside is not None else None,
    )


def _front(text: _Text, notes: Notes) -> FrontMatter | None:
    if text.head is None:
        notes.error(
            Place(text.file, 1, 1), Code.FRONT_MATTER, "the template has no front matter", "begin it with a line of ---, then subject: …, then ---"
        )
        return None
    raw, problems = read(text.head, text.file, first_line=2)
    notes.extend(problems)
    if raw is None:
        if not any(problem.is_error for problem in problems) and text.body:
            notes.error(Place(text.file, 2, 1), Code.MISSING_KEY, "the front matter needs 'subject'", "add subject: …")
        return None
    if not isinstance(raw, Table):
        notes.error(raw.place, Code.WRONG_SHAPE, f"the front matter should be a mapping, not {shape_of(raw)}", "write subject: …")
        return None
    return build(FrontMatter, raw, notes, what="the front matter", given=("from_name",))
