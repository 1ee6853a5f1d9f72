"""The pages and what stands in their fences.

A fence's words say what it is: a language, then what to do with it.

    yaml            a whole project file; the first line names it: `# segments/vip.yml`
    yaml where      a segment's condition, `yaml campaign` keys of a campaign, `yaml settings` keys of retention.yml
    html FILE       a template
    sql             a segment's file of SQL; the first line names it: `-- segments/own.sql`
    sh              commands that are run, in order, a page in one shell; `# exit 3` at the end of a line expects that code
    text            nothing of the above

`wrong=CODE` beside them: it is an error, with that code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [*DOCS, ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
REFERENCE = ROOT / "docs" / "reference"

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_FILE = re.compile(r"(?:#|--) (\S+\.(?:yml|sql))\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A fence: its page, the line it begins on, its language and the words after it."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def wrong(self) -> str | None:
        """The code of the problem that the block shows, None where it is right."""
        return next((word.removeprefix("wrong=") for word in self.words if word.startswith("wrong=")), None)

    @property
    def kind(self) -> str:
        """What a fragment is, or the file's name."""
        named = _FILE.match(self.text)
        words = [word for word in self.words if "=" not in word]
        return words[0] if words else named[1] if named else ""


def text_of(page: Path) -> str:
    """Return a page's text."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """Return the fences of a page."""
    text = text_of(page)
    return [_block(page, text, found) for found in _FENCE.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    language, *words = found["info"].split() or [""]
    return Block(page, text.count("\n", 0, found.start()) + 1, language, tuple(words), found["text"])


def without_fences(page: Path) -> str:
    """Return a page's prose and tables."""
    return _FENCE.sub("", text_of(page))


def indented_commands(page: Path) -> list[str]:
    """Return the `retention …` lines of indented blocks, as README writes them."""
    lines = [line.strip() for block in _INDENTED.findall(without_fences(page)) for line in block.splitlines()]
    return [line for line in lines if line.startswith("retention ")]


def section(page: Path, title: str) -> str:
    """Return the text below a heading of the second level, up to the next one."""
    _, found, rest = text_of(page).partition(f"\n## {title}\n")
    if not found:
        raise AssertionError(f"{page.name} has no section {title!r}")
    return rest.partition("\n## ")[0]


def paragraph(text: str, words: str) -> str:
    """Return the paragraph of a text that has these words, its lines as one."""
    return next(found for part in text.split("\n\n") if words in (found := " ".join(part.split())))


def first_cells(text: str) -> list[str]:
    """Return every word in code signs of the first column of the tables in a text."""
    cells = re.findall(r"^\|([^|]*)\|", text, re.MULTILINE)
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]
