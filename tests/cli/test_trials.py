"""`campaign show` on experiments: who came to which way, who reached the goal, and when anything may be concluded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from retention_cli.app.campaigns import campaign_show
from retention_cli.app.workspace import open_project
from support.ledgers import query
from support.shell import retention
from support.tiny_shop import export, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 60
CAMPAIGN = """\
name: it
trigger: {once: 2026-05-01 09:00}
holdout: 25%
goals: {ordered: {when: {did: order}, window: 2 days}}
steps:
  - send: letter
    experiment: words
    hypothesis: A question is answered more often
    decide_by: {goal: ordered, at_least_each: LEAST, after: 3 days}
    variants: {plain: {share: 50%}, asked: {share: 50%, subject: Well}}
  - split: {name: lots, paths: {one: {share: 50%, then: []}, two: {share: 50%, then: []}}}
"""


def ran(folder: Path, least: int) -> Path:
    """Return a shop in which everybody was drawn, and whoever was asked has ordered the same day."""
    people = [(f"c{n:02}", f"c{n}@example.com", "Ann", "CZ", "2026-01-01") for n in range(PEOPLE)]
    old = [("0", "nobody", "2020-01-01 10:00:00", "1.00")]
    shop = make_shop(folder / "shop", {"campaigns/it.yml": CAMPAIGN.replace("LEAST", str(least))}, customers=people, orders=old)
    assert retention(shop, "run", "--as-of", "2026-05-01T09:00").code == 0
    asked = query(open_project(shop).location, "SELECT customer FROM assignments WHERE experiment = 'words' AND path = 'asked' ORDER BY customer")
    export(shop, orders=[*old, *((f"o{n}", who, "2026-05-01 12:00:00", "9.00") for n, (who,) in enumerate(asked))])
    assert retention(shop, "run", "--as-of", "2026-05-02T09:00").code == 0
    return shop


def shown(shop: Path) -> dict[str, Any]:
    """Return the comparisons by name."""
    return {each["name"]: each for each in retention(shop, "campaign", "show", "it", "--format", "json").json["comparisons"]}


def test_a_difference_is_told_once_it_may_be_decided(tmp_path: Path) -> None:
    shop = ran(tmp_path, least=5)
    found = shown(shop)
    words, drawn = (
        found["words"],
        dict(query(open_project(shop).location, "SELECT path, count(*) FROM assignments WHERE experiment = 'words' GROUP BY path")),
    )
    assert [(each["way"], each["customers"], each["settled"]) for each in words["ways"]] == [
        (way, drawn[way], drawn[way]) for way in ("plain", "asked")
    ]
    assert [each["share"] for each in words["ways"]] == [0, 1]
    assert (words["ready"], words["waits_for"]) == (True, [])
    assert words["ways"][1]["p"] < 0.001
    assert words["ways"][1]["difference_low"] > 0.5
    said = retention(shop, "campaign", "show", "it").said
    assert "words: A question is answered more often" in said
    assert "words: asked is better than plain: 100.0% against 0.0% (p < 0.001)" in said
    assert "lots: no `decide_by` says when it may be decided" in said


def test_before_that_shares_are_told_and_nothing_is_concluded(tmp_path: Path) -> None:
    shop = ran(tmp_path, least=1000)
    words = shown(shop)["words"]
    assert words["ready"] is False
    assert words["waits_for"][0].startswith("1,000 customers of each way whose goal is settled; the fewest are ")
    assert [each["p"] for each in words["ways"]] == [None, None]
    assert "words: not yet; it waits for 1,000 customers of each way" in retention(shop, "campaign", "show", "it").said


def test_only_who_has_had_the_whole_time_counts(tmp_path: Path) -> None:
    work = open_project(ran(tmp_path, least=5))
    words = campaign_show(work, "it", datetime(2026, 5, 2, 9, tzinfo=UTC)).comparisons[0]
    assert [each.settled for each in words.ways] == [0, 0]
    assert words.waits_for == ("5 customers of each way whose goal is settled; the fewest are 0", "3 days since the first was drawn")


def test_the_held_out_are_the_measure_of_the_campaign(tmp_path: Path) -> None:
    shop = ran(tmp_path, least=5)
    held = shown(shop)["holdout"]
    location = open_project(shop).location
    out = query(location, "SELECT count(*) FROM journeys WHERE state = 'held_out' OR reason = 'held_out'")[0][0]
    assert 0 < out < PEOPLE / 2
    assert [(each["way"], each["customers"]) for each in held["ways"]] == [("held out", out), ("campaign", PEOPLE - out)]
    assert held["ways"][0]["reached"] == 0
    assert held["ways"][1]["difference"] > 0


def test_ways_that_do_not_fit_their_shares_conclude_nothing(tmp_path: Path) -> None:
    """Who was drawn stays where they are: shares that changed later do not fit any more."""
    shop = ran(tmp_path, least=5)
    write(
        shop,
        "campaigns/it.yml",
        CAMPAIGN.replace("LEAST", "5").replace("plain: {share: 50%}, asked: {share: 50%", "plain: {share: 99%}, asked: {share: 1%"),
    )
    words = shown(shop)["words"]
    assert words["ready"] is False
    assert words["fits_shares"] < 0.001
    assert "an explanation: so many customers a way do not come of these shares by chance" in words["waits_for"][-1]
