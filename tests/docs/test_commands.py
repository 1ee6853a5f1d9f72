"""Every command in the docs is really run, in order, page by page, with the exit code that the page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs import shop
from docs.conftest import TODAY
from docs.pages import DOCS, PAGES, ROOT, Block, blocks, indented_commands
from docs.typed import Typed
from support.shell import retention

if TYPE_CHECKING:
    from pathlib import Path

GETTING_STARTED = ROOT / "docs" / "getting-started.md"
README = ROOT / "README.md"
SQL = [block for page in PAGES for block in blocks(page) if block.language == "sql"]
IN_THE_DEMO = [page for page in DOCS if page != GETTING_STARTED and any(block.language == "sh" for block in blocks(page))]


def script_of(page: Path) -> str:
    """Return the commands of a page."""
    return "".join(block.text for block in blocks(page) if block.language == "sh")


@pytest.mark.parametrize("page", IN_THE_DEMO, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run(page: Path, demo: Path) -> None:
    Typed(demo).page(script_of(page))


def test_the_commands_of_the_readme_run(demo: Path) -> None:
    commands = [line for line in indented_commands(README) if " init " not in line]
    assert len(commands) > 2
    Typed(demo).page("\n".join(commands))


def test_getting_started_does_what_it_says(tmp_path: Path) -> None:
    """From an empty folder: nobody at first, then Bob's one message, Eve held back, and nothing twice."""
    typed = Typed(tmp_path)
    typed.page(script_of(GETTING_STARTED))
    assert typed.folder == tmp_path / "myshop"
    assert len(list((typed.folder / "outbox").glob("*.eml"))) == 1
    assert "To: bob@example.com" in typed.out
    assert "no address 1" in typed.out
    assert retention(typed.folder, "status", "--format", "json").json["messages"] == [
        {"campaign": "win_back", "state": "sent", "count": 1},
        {"campaign": "win_back", "state": "suppressed", "count": 1},
    ]


@pytest.mark.parametrize("block", SQL, ids=str)
def test_a_file_of_sql_runs(block: Block, demo: Path) -> None:
    """It selects somebody, and not everybody, of the demo shop."""
    shop.write(demo, block.kind, block.text)
    shop.write(demo, "segments/shown.yml", f"sql_file: {block.kind}\n")
    sizes = retention(demo, "segment", "size", "shown", "--as-of", TODAY, "--format", "json").json
    assert 0 < sizes[0]["size"] < sizes[0]["of"]


def test_a_command_that_fails_is_noticed(demo: Path) -> None:
    """The check itself: another code than the page says, or a failing line of shell, fails the page."""
    Typed(demo).page("retention segment list --nonsense # exit 2\n")
    for wrong in ("retention segment list --nonsense # exit 3\n", "retention segment list --nonsense\n", "cd nowhere\n"):
        with pytest.raises(AssertionError):
            Typed(demo).page(wrong)


def test_a_fence_says_what_it_is() -> None:
    """No block hides behind a word that nobody runs or reads; the one diagram is read by test_starters.py."""
    assert {block.language for page in (*DOCS, README) for block in blocks(page)} <= {"yaml", "html", "sql", "sh", "text", "mermaid"}
