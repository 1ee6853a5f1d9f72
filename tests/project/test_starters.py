"""Starter campaigns: each comes with all that it leans on, in either language, and nothing that is there is written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import UsageError
from retention_cli.project.loader import load
from retention_cli.project.lock_file import read_lock
from retention_cli.project.scaffold import init
from retention_cli.project.starters import LANGUAGES, add_starters, copy_demo, examples_folder, starter_names

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.model.project import Project


def read(folder: Path) -> Project:
    """Load a project that must have nothing to mend."""
    project, problems = load(folder, {"SMTP_URL": "smtp://127.0.0.1:2525"}, target="production")
    assert problems == []
    assert project is not None
    return project


def case_files(project: Project) -> set[str]:
    """Return the files of a project's tests."""
    return {case.test.place.file for case in project.cases}


def test_the_examples_are_copied_whole(tmp_path: Path) -> None:
    copied = copy_demo(tmp_path / "demo")
    assert read(tmp_path / "demo").campaigns.keys() == set(starter_names())
    origin = examples_folder()
    names = [path.relative_to(tmp_path / "demo") for path in copied]
    assert all((tmp_path / "demo" / name).read_bytes() == (origin / name).read_bytes() for name in names)
    assert not [name for name in names if name.parts[0] == "english"]
    with pytest.raises(UsageError):
        copy_demo(tmp_path / "demo")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", starter_names())
def test_a_campaign_begins_a_project(name: str, language: str, tmp_path: Path) -> None:
    """Alone, with its mails in one language, its tests, and sources that it reads."""
    folder = tmp_path / "shop"
    add_starters(folder, [name], language, "Corner shop: no. 1")
    project = read(folder)
    assert list(project.campaigns) == [name]
    assert project.settings.name == "Corner shop: no. 1"
    assert {template.front.language for template in project.templates.values()} == {language}
    assert f"tests/campaign_{name}.yml" in case_files(project)
    lock, problems = read_lock(folder)
    assert (problems, lock.sources.keys()) == ([], project.settings.sources.keys())
    asked = {words for question in project.settings.questions for words in (str(each.label) for each in question.answers)}
    assert (any("Kolo" in each for each in asked), any("Cycling" in each for each in asked)) == (language == "cs", language == "en")
    assert "uveverky" not in (folder / "retention.yml").read_text(encoding="utf-8")


def test_sources_that_nothing_leans_on_are_left_out(tmp_path: Path) -> None:
    add_starters(tmp_path / "little", ["birthday"], "en", "Shop")
    assert set(read(tmp_path / "little").settings.sources) == {"customers", "products", "orders", "order_items", "web", "consents"}
    add_starters(tmp_path / "more", ["review", "complete_profile"], "en", "Shop")
    assert {"answers", "returns"} <= set(read(tmp_path / "more").settings.sources)


def test_another_one_comes_into_a_project_and_leaves_what_is_there(tmp_path: Path) -> None:
    init(tmp_path, "Shop")
    for file in ("campaigns/win_back.yml", "tests/win_back.yml"):
        (tmp_path / file).unlink()
    (tmp_path / "templates/_footer.mjml").write_text("<!-- mine -->", encoding="utf-8")
    mine = (tmp_path / "segments/lapsed.yml").read_bytes()
    made = add_starters(tmp_path, ["win_back"], "en", "Other")
    assert tmp_path / "retention.yml" not in made
    assert (tmp_path / "segments/lapsed.yml").read_bytes() == mine
    assert (tmp_path / "templates/_footer.mjml").read_text(encoding="utf-8") == "<!-- mine -->"
    project, problems = load(tmp_path, {})
    assert [problem for problem in problems if problem.is_error] == []
    assert project is not None
    assert project.settings.name == "Shop"
    assert {"tests/lapsed.yml", "tests/loyal.yml", "tests/campaign_win_back.yml"} <= case_files(project)
    with pytest.raises(UsageError, match=r"win_back\.yml is there already"):
        add_starters(tmp_path, ["birthday", "win_back"], "en", "Other")
    assert not (tmp_path / "campaigns/birthday.yml").exists()


def test_an_unknown_campaign_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="win_bak") as caught:
        add_starters(tmp_path / "shop", ["win_bak"], "en", "Shop")
    assert caught.value.hint == "did you mean 'win_back'?"
    assert not (tmp_path / "shop").exists()
