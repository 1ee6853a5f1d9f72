"""One small demo shop for all pages, made once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from support.shell import process

if TYPE_CHECKING:
    from pathlib import Path

TODAY = "2026-05-02T09:00"


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the shop and read its exports, in processes and with a state folder of their own."""
    folder = tmp_path_factory.mktemp("shops") / "demo"
    state = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    for command in (("init", folder, "--demo", "--customers", "150", "--as-of", TODAY), ("data", "check", "-C", folder, "--as-of", TODAY)):
        done = process(folder.parent, *command, env=state)
        assert done.code == 0, done.said
    return folder


@pytest.fixture
def demo(made_demo: Path, tmp_path: Path) -> Path:
    """Return a demo shop of one's own, in which nothing has run."""
    return shutil.copytree(made_demo, tmp_path / "demo")
