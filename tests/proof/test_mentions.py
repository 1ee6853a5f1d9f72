"""What a campaign leans on: nothing that it needs is left out of a simulation, and not the whole shop is taken along."""

from __future__ import annotations

from pathlib import Path

import pytest

from proof.campaign_shop import make_shop
from retention_cli.model.duration import Duration
from retention_cli.project.loader import load
from retention_cli.proof.mentions import conditions, durations, leaning, place_in, timing, with_policies

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SEGMENTS = """\
- {name: one, where: {segment: two}}
- {name: two, where: {is_three: true}}
- {name: three, where: {did: order}}
- {name: four, where: {sql: "is_five and age > 3"}}
- {name: five, where: {did: order}}
- {name: six, where: {division: a}}
- {name: seven, where: {did: order, within: 33 days}}
- {name: eight, where: {did: order}}
- {name: nobody_names_it, where: {did: order, within: 77 days}}
"""
METRICS = """\
is_three: {when: {segment: three}}
is_five: {when: {segment: five}}
"""
GROUP = "{name: division, divisions: {a: {segment: seven}}, otherwise: b}\n"
LETTER = '---\nsubject: Hi\n---\n{% if customer is in_segment("eight") %}x{% endif %}<a href="{{ unsubscribe_url }}">no</a>\n'
CAMPAIGN = """\
name: all_of_it
trigger: {enters: one}
audience: {segment: four}
exit: {out: {segment: six}}
goals: {ordered: {when: {did: order}, window: 5 days}}
steps: [{send: letter}]
"""


@pytest.mark.parametrize(("name", "needed"), [("win_back", {"lapsed", "high_value", "loyal"}), ("welcome", {"newcomers"})])
def test_the_examples_lean_on_few(name: str, needed: set[str]) -> None:
    project, _ = load(EXAMPLES, {})
    assert project is not None
    found = leaning(project, [name])
    assert list(found.campaigns) == [name]
    assert needed <= found.segments.keys()
    assert len(found.segments) < len(project.segments) / 4


def test_what_is_named_through_anything_else_is_there(tmp_path: Path) -> None:
    """By another segment, a metric, a group, an expression of SQL and a template; and nothing else."""
    files: dict[str, str | None] = {"segments/s.yml": SEGMENTS, "metrics/m.yml": METRICS, "groups/g.yml": GROUP}
    files |= {"campaigns/all_of_it.yml": CAMPAIGN, "templates/letter.html": LETTER, "templates/other.html": LETTER}
    project, problems = load(make_shop(tmp_path, files), {})
    assert project is not None
    assert [problem for problem in problems if problem.is_error] == []
    found = leaning(project, ["all_of_it"])
    assert set(found.segments) == {"one", "two", "three", "four", "five", "six", "seven"} | ({"eight"} & set(found.segments))
    assert (set(found.groups), set(found.templates)) == ({"division"}, {"letter"})
    assert Duration(33, "day") in timing(found)
    assert Duration(77, "day") not in timing(found)


def test_a_campaign_that_is_off_is_tested_all_the_same(tmp_path: Path) -> None:
    project, _ = load(make_shop(tmp_path, {}), {})
    assert project is not None
    assert not project.campaigns["asleep"].enabled
    assert leaning(project, ["asleep"]).campaigns["asleep"].enabled


def test_lengths_of_time_conditions_and_places_are_found_at_any_depth(tmp_path: Path) -> None:
    """How old an event may be is none of them: nothing begins when that is over."""
    project, _ = load(make_shop(tmp_path, {}), {})
    assert project is not None
    cart, opened = project.campaigns["cart"], project.campaigns["opened"]
    assert durations(cart.trigger) == {Duration(30, "minute")}
    assert {Duration(14, "day"), Duration(1, "day"), Duration(5, "day")} <= durations(cart)
    assert len(conditions(opened.steps)) == 2
    assert place_in(opened.steps, "tips").line == 24


def test_of_the_shops_policies_consent_holds_and_what_is_asked_for(tmp_path: Path) -> None:
    project, _ = load(make_shop(tmp_path, {}), {})
    assert project is not None
    policies = with_policies(project, []).settings.policies
    assert policies.consent == project.settings.policies.consent
    assert all(getattr(policies, name) == field.default for name, field in type(policies).model_fields.items() if name != "consent")
