"""docs/reference/problems.md and the codes of project files name the same things."""

from __future__ import annotations

import re
from pathlib import Path

from retention_cli.project.notes import Code

PAGE = Path(__file__).parents[2] / "docs/reference/problems.md"
CASES = Path(__file__).parent / "cases"


def test_the_page_and_the_code_agree() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Project files\n")[2].partition("\n## ")[0]
    assert re.findall(r"^- `([a-z-]+)` — \S", section, re.MULTILINE) == [str(code) for code in Code]


def test_a_page_of_warnings_says_so() -> None:
    """What the cases show as a warning is called one on the page, and nothing else is."""
    shown = {path: path.read_text(encoding="utf-8") for path in CASES.iterdir()}
    warned = {code for text in shown.values() for code in re.findall(r"^\d+:\d+ warning ([a-z-]+):", text, re.MULTILINE)}
    told = set(re.findall(r"^- `([a-z-]+)` — .*\(warning\)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert warned <= told
