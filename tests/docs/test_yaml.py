"""Every piece of YAML and every template in the docs is read by the real reader, in its right place, and means what it says."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from docs import shop
from docs.pages import PAGES, Block, blocks
from retention_cli.app.validate import validate
from support.shell import retention

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.model.problem import Problem

YAML = [block for page in PAGES for block in blocks(page) if block.language == "yaml"]
TEMPLATES = [block for page in PAGES for block in blocks(page) if block.language == "html"]
QUIET = {"no-goals", "no-unsubscribe", "not-learned", "secret-in-file", "no-order-exit", "same-day", "no-policy"}
"""Warnings that a fragment may bring: it leaves out what it is not about."""


def placed(root: Path, block: Block) -> str:
    """Write a block into the shop at `root`; return the name of the file it is in."""
    match block.kind:
        case "where":
            name, text = "segments/shown.yml", "where:\n" + textwrap.indent(block.text, "  ")
        case "campaign":
            name, text = "campaigns/shown.yml", shop.put(shop.CAMPAIGN, block.text)
            if "- call: " in block.text:
                shop.write(root, "retention.yml", shop.SETTINGS + shop.RECEIVERS)
        case "settings":
            name, text = "retention.yml", shop.put(shop.SETTINGS, block.text)
        case name:
            text = block.text
    assert name.endswith((".yml", ".html", ".txt", ".mjml", ".md")), f"{block} does not say what it is"
    shop.write(root, name, text)
    return name


def problems_of(root: Path, name: str, wrong: str | None = None) -> list[Problem]:
    """Return what is wrong in one file, less the warnings that a fragment may bring and does not show."""
    found = [problem for target in ("default", "production") for problem in validate(root, target)]
    return [problem for problem in found if problem.place.file == name and problem.code not in QUIET - {wrong}]


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a production target takes from the environment."""
    hook = {"CRM_HOOK": "https://crm.example.com/", "CRM_SECRET": "none"}
    for name, value in {"SMTP_URL": "smtp://127.0.0.1:2525", "POSTMARK_TOKEN": "none", "SMS_URL": "json://127.0.0.1/{to}", **hook}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_what_the_reader_reads(block: Block, tmp_path: Path) -> None:
    name = placed(shop.make(tmp_path), block)
    assert {problem.code for problem in problems_of(tmp_path, name, block.wrong)} == ({block.wrong} if block.wrong else set())


def test_the_tests_in_the_docs_pass(tmp_path: Path) -> None:
    """With the segments and the campaign that the pages show, and on the shop's own columns."""
    shop.make(tmp_path)
    kinds = ("segments/vip.yml", "segments/czech.yml", "campaigns/abandoned_cart.yml", "tests/")
    names = [placed(tmp_path, block) for block in YAML if block.kind.startswith(kinds) and block.wrong is None]
    ran = retention(tmp_path, "test")
    assert (ran.code, ran.out) == (0, "")
    assert sum(name.startswith("tests/") for name in names) == 3


@pytest.mark.parametrize("block", TEMPLATES, ids=str)
def test_templates_are_templates(block: Block, tmp_path: Path) -> None:
    shop.make(tmp_path)
    shop.write(tmp_path, "campaigns/shown.yml", shop.CAMPAIGN)
    assert problems_of(tmp_path, placed(tmp_path, block)) == []


def test_a_wrong_block_would_be_found(tmp_path: Path) -> None:
    """The check itself: a column that the shop does not have is a problem here too."""
    block = Block(tmp_path, 1, "yaml", ("where",), "shoe_size: 44\n")
    found = problems_of(tmp_path, placed(shop.make(tmp_path), block))
    assert {problem.code for problem in found} == {"unknown-field"}
