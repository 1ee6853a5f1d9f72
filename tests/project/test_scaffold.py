"""`init`: what it writes is sound, and nothing that is there is written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_cli.errors import UsageError
from retention_cli.project.loader import load
from retention_cli.project.lock_file import quoted
from retention_cli.project.scaffold import SETTINGS, init
from retention_cli.project.yaml_tree import Table, read

if TYPE_CHECKING:
    from pathlib import Path


def test_a_starter_project_has_nothing_to_mend(tmp_path: Path) -> None:
    files = init(tmp_path / "shop", "U Veverky: {a} shop # 1")
    project, problems = load(tmp_path / "shop", {})
    assert problems == []
    assert project is not None
    assert project.settings.name == "U Veverky: {a} shop # 1"
    assert (set(project.segments), set(project.campaigns), set(project.templates)) == ({"lapsed"}, {"win_back"}, {"win-back-1"})
    assert sorted(path.relative_to(tmp_path / "shop").as_posix() for path in files) == [
        ".gitignore",
        "campaigns/win_back.yml",
        "retention.yml",
        "segments/lapsed.yml",
        "templates/win-back-1.html",
        "tests/lapsed.yml",
        "tests/win_back.yml",
    ]
    assert [case.test.place.file for case in project.cases] == ["tests/lapsed.yml", "tests/win_back.yml"]


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_any_name_can_be_a_shops(name: str) -> None:
    raw, problems = read(SETTINGS.format(name=quoted(name)))
    assert problems == []
    assert isinstance(raw, Table)
    assert raw["name"] == name


@pytest.mark.parametrize("taken", ["retention.yml", "templates/win-back-1.html"])
def test_nothing_is_written_over(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is there already; nothing was written"):
        init(tmp_path, "Shop")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / taken]
    assert (tmp_path / taken).read_text(encoding="utf-8") == "mine"
