"""Every rule has its section, whose example brings the warning and stops bringing it where the campaign allows the rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from docs import shop
from docs.pages import REFERENCE, ROOT, blocks, text_of
from docs.test_yaml import placed
from retention_cli.app.validate import validate
from retention_cli.cli.explained import explained
from retention_cli.model.rule import Rule
from support.shell import retention

if TYPE_CHECKING:
    from pathlib import Path

PAGE = REFERENCE / "rules.md"
ERRORS = {"exit-at-entry"}
CODES = [*map(str, Rule), *sorted(ERRORS)]


def examples(root: Path, code: str) -> Path:
    """Write all that a rule's section shows into a shop; return the file of the campaign that is told of."""
    text = text_of(PAGE)
    start = text.index(f"\n### `{code}`\n")
    end = re.search(r"^##", text[start + 2 :].partition("\n")[2], re.MULTILINE)
    first = text.count("\n", 0, start) + 1
    last = len(text) if end is None else first + 1 + text[start + 2 :].partition("\n")[2].count("\n", 0, end.start())
    shop.make(root)
    (root / "campaigns/abandoned_cart.yml").unlink()
    names = [placed(root, block) for block in blocks(PAGE) if block.language == "yaml" and first < block.line < last]
    return root / [name for name in names if name.startswith("campaigns/")][-1]


def test_every_rule_has_its_section() -> None:
    assert sorted(re.findall(r"^### `([a-z-]+)`$", text_of(PAGE), re.MULTILINE)) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_example_of_a_rule_brings_it_and_nothing_else(code: str, tmp_path: Path) -> None:
    campaign = examples(tmp_path, code)
    found = validate(tmp_path)
    assert [(problem.code, problem.is_error) for problem in found] == [(code, code in ERRORS)]
    assert found[0].place.file == str(campaign.relative_to(tmp_path))
    assert found[0].place.line
    assert found[0].hint


@pytest.mark.parametrize("code", [str(rule) for rule in Rule])
def test_what_a_campaign_allows_is_not_said(code: str, tmp_path: Path) -> None:
    campaign = examples(tmp_path, code)
    campaign.write_text(campaign.read_text(encoding="utf-8") + f"allow: [{code}]\n", encoding="utf-8")
    assert validate(tmp_path) == []


def test_sarif_and_junit_say_what_a_rule_means(tmp_path: Path) -> None:
    examples(tmp_path, "decided-if")
    ran = retention(tmp_path, "validate", "--format", "sarif")
    [run] = ran.json["runs"]
    [rule], [result] = run["tool"]["driver"]["rules"], run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (ran.code, rule["id"], result["ruleId"], result["level"]) == (0, "decided-if", "decided-if", "warning")
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("campaigns/shown.yml", 9)
    assert "exit is asked before every step" in rule["help"]["text"]
    assert "did_not: order" in rule["help"]["markdown"]
    relaxed, strict = (retention(tmp_path, "validate", "--format", "junit", *more) for more in ([], ["--strict"]))
    assert (relaxed.code, strict.code) == (0, 2)
    assert 'failures="0"' in relaxed.out
    assert '<failure message="this is decided' in strict.out


def test_every_code_is_explained() -> None:
    told = re.findall(r"^- (`[a-z-]+`(?:, `[a-z-]+`)*) — \S", text_of(REFERENCE / "problems.md"), re.MULTILINE)
    assert set(explained()) == {code for line in told for code in re.findall(r"`([a-z-]+)`", line)}
    assert all(each.short for each in explained().values())


def test_the_explanations_are_shipped() -> None:
    packed = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'"docs/reference/{name}" = "retention_cli/reference/{name}"' in packed for name in ("problems.md", "rules.md"))


def test_the_examples_break_no_rule(tmp_path: Path) -> None:
    """Neither those of the project nor those that `init` writes."""
    assert retention(tmp_path, "init", "shop").code == 0
    assert [str(problem) for root in (ROOT / "examples", tmp_path / "shop") for problem in validate(root)] == []
