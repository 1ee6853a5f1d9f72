"""The page of the starter campaigns names all of them, with the priorities that they have, and shows each one's mails."""

from __future__ import annotations

import re

from docs.pages import ROOT, blocks, text_of
from retention_cli.model.campaign import Campaign
from retention_cli.project.loader import load

PAGE = ROOT / "docs" / "starters.md"


def campaigns() -> dict[str, Campaign]:
    """Return the starter campaigns."""
    project, _ = load(ROOT / "examples", {})
    assert project is not None
    return project.campaigns


def test_the_programme_has_every_campaign_by_its_priority() -> None:
    diagrams = [(page, block) for page in ROOT.glob("docs/**/*.md") for block in blocks(page) if block.language == "mermaid"]
    assert [page for page, _ in diagrams] == [PAGE]
    drawn = dict(re.findall(r"^    (\w+)\[\"\1 · (\d+)\"\]$", diagrams[0][1].text, re.MULTILINE))
    assert {name: int(priority) for name, priority in drawn.items()} == {name: each.priority for name, each in campaigns().items()}
    arrows = re.findall(r"^  (\w+) -- [\w ]+ --> (\w+)$", diagrams[0][1].text, re.MULTILINE)
    assert arrows
    assert {name for arrow in arrows for name in arrow} <= campaigns().keys()


def test_the_table_tells_priority_kind_and_topic() -> None:
    told = re.findall(r"^\| (\d+) \| \[(\w+)\]\(#\2\) \|.*\| ([\w, ]+) \|$", text_of(PAGE), re.MULTILINE)
    known = [(each.priority, name, ", ".join(filter(None, (str(each.kind), each.topic and str(each.topic))))) for name, each in campaigns().items()]
    assert [(int(priority), name, kind) for priority, name, kind in told] == sorted(known, reverse=True)


def test_each_has_its_section_with_a_picture() -> None:
    sections = re.findall(r"^## (\w+)$", text_of(PAGE), re.MULTILINE)
    assert sorted(sections) == sorted(campaigns())
    for name in sections:
        assert f"![The mails of {name}](starters/{name}.png)" in text_of(PAGE)
        assert (ROOT / f"docs/starters/{name}.png").read_bytes().startswith(b"\x89PNG")
