"""Links between the docs lead somewhere, and what ARCHITECTURE.md names is there."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import pytest

from docs.pages import PAGES, ROOT, section, text_of, without_fences

if TYPE_CHECKING:
    from pathlib import Path

TESTS = ROOT / "tests"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"


def anchors(page: Path) -> set[str]:
    """Return the anchors that a code host makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", without_fences(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_fences(page)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in a file below tests/."""
    path = TESTS / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_test_that_holds_something_is_there() -> None:
    """A line of the table without a test, or with one that is gone, is no invariant."""
    rows = re.findall(r"^\| (?!what \||-)(.+?) \| (.+) \|$", section(ARCHITECTURE, "What must stay true"), re.MULTILINE)
    named = {what: re.findall(r"`([\w/]+\.py)::(\w+)`", held) for what, held in rows}
    assert [what for what, tests in named.items() if not tests] == []
    assert [f"{file}::{test}" for tests in named.values() for file, test in tests if test not in names_in(file)] == []


def test_every_folder_is_described() -> None:
    text = section(ARCHITECTURE, "Folders, and who may import whom")
    source = ROOT / "src" / "retention_cli"
    folders = {path.name for path in source.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert set(re.findall(r"^- \*\*(\w+)/\*\*", text, re.MULTILINE)) == folders
    assert all(f"{path.name}" in text for path in source.glob("[!_]*.py"))


def test_the_import_order_is_the_one_that_is_held() -> None:
    """The drawing equals the layers of pyproject.toml, line by line."""
    held = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    drawn = re.search(r"```text\n(cli\n.*?)```", text_of(ARCHITECTURE), re.DOTALL)
    assert drawn is not None
    assert drawn[1].splitlines() == held
