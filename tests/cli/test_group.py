"""`group show`: sizes, the gap and the overlaps, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.shell import retention
from support.tiny_shop import make_shop

if TYPE_CHECKING:
    from pathlib import Path

MIXED = """\
    name: mixed
    divisions:
      czech: {country: CZ}
      buyers: {did: order}
"""


def test_a_group_is_told_with_its_overlap(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", {"groups/mixed.yml": MIXED})
    assert retention(shop, "group", "show", "mixed", "--as-of", "2026-05-01", "--format", "json").json == {
        "group": "mixed",
        "of": 3,
        "divisions": [{"division": "czech", "size": 2, "share": 0.666667}, {"division": "buyers", "size": 1, "share": 0.333333}],
        "gap": {"size": 0, "witness": None},
        "overlaps": [{"one": "czech", "other": "buyers", "count": 1, "witness": "a"}],
    }
    assert retention(shop, "group", "show", "mixed", "--as-of", "2026-05-01", "--format", "csv").out.splitlines() == [
        "division,size,share",
        "czech,2,0.666667",
        "buyers,1,0.333333",
    ]


def test_a_segment_is_divided_and_the_rest_counts_as_gap(tmp_path: Path) -> None:
    files = {
        "segments/czechs.yml": "where: {country: CZ}\n",
        "groups/parts.yml": "of: czechs\nfirst_match: true\ndivisions:\n  bought: {did: order}\n  looked: {did: page_view}\n",
    }
    found = retention(make_shop(tmp_path / "shop", files), "group", "show", "parts", "--as-of", "2026-05-01", "--format", "json").json
    assert (found["of"], [each["size"] for each in found["divisions"]], found["gap"]) == (2, [1, 0], {"size": 1, "witness": "c"})


def test_an_unknown_group_is_told_with_the_nearest(tmp_path: Path) -> None:
    ran = retention(make_shop(tmp_path / "shop"), "group", "show", "lifecicle", "--as-of", "2026-05-01")
    assert (ran.code, "did you mean 'lifecycle'?" in ran.said) == (2, True)
