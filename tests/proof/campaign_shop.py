"""The shop of proof/shop.py with campaigns, and what its tests come to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proof.shop import FILES, make
from retention_cli.app.testing import run_tests
from retention_cli.app.workspace import open_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.proof.verdict import Verdict

CASES = Path(__file__).parent / "cases"
LETTERS = ("cart-1", "cart-2", "thanks", "tips", "adult", "looked", "wake-up")
LETTER = """\
---
subject: Hello
---
<p>Hello {{ customer.customer_id }}, <a href="{{ unsubscribe_url }}">no more</a></p>
"""
LOOKING = """\
- name: looking
  where:
    - {did: view_item, older_than: 1 hour}
    - {did: view_item, within: 3 hours}
- name: silent
  where: {last_order_at: {older_than: 90 days}}
"""
SHOP: dict[str, str | None] = {
    **{name: text for name, text in FILES.items() if name != "segments/grown.yml"},
    "retention.yml": FILES["retention.yml"] + "policies: {consent: {email: newsletter}}\n",
    "segments/grown.yml": "where: {birthday: {older_than: 18 years}}\n",
    "segments/more.yml": LOOKING,
    "groups/stage.yml": "divisions: {fresh: {last_order_at: {within: 5 days}}}\notherwise: old\n",
    "campaigns/campaigns.yml": (CASES / "campaigns.yml").read_text(encoding="utf-8"),
    **{f"templates/{name}.html": LETTER for name in LETTERS},
}


def make_shop(root: Path, files: Mapping[str, str | None]) -> Path:
    """Write the shop with its campaigns, with files changed, added or (None) left out."""
    make(root, {**SHOP, **files})
    return root


def verdicts(root: Path, files: Mapping[str, str | None]) -> list[Verdict]:
    """Run all tests of the shop."""
    work = open_project(make_shop(root, files))
    return [ran.verdict for ran in run_tests(work, work.project.cases)]
