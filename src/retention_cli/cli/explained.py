"""What every code of a problem means, in the words of docs/reference: shipped with the package, so that reports can say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

_LINE = re.compile(r"^- (?P<codes>`[a-z-]+`(?:, `[a-z-]+`)*) — (?P<text>\S.*?)(?: \(warning\))?$", re.MULTILINE)
_SECTION = re.compile(r"^### `(?P<code>[a-z-]+)`\n\n(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```yaml[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Explained:
    """A code in a sentence, and at length with an example where docs/reference/rules.md has one."""

    short: str
    long: str


@cache
def explained() -> dict[str, Explained]:
    """Return what each code means."""
    long = {found["code"]: _FENCE.sub("```yaml", found["text"]).strip() for found in _SECTION.finditer(_page("rules.md"))}
    found: dict[str, Explained] = {}
    for line in _LINE.finditer(_page("problems.md")):
        for code in re.findall(r"`([a-z-]+)`", line["codes"]):
            found.setdefault(code, Explained(line["text"], long.get(code, line["text"])))
    return found


def _page(name: str) -> str:
    packaged = Path(str(files("retention_cli"))) / "reference"
    folder = packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "docs" / "reference"
    return (folder / name).read_text(encoding="utf-8")
