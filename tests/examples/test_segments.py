"""Every example segment finds somebody and none finds everybody, on the demo shop's imported data; and each campaign has work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from retention_cli.app.segments import segment_sizes
from retention_cli.compile.check import check
from retention_cli.compile.segments import segments_query
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.model import question
from retention_cli.model.condition import Condition, FieldTest
from retention_cli.model.problem import NOWHERE
from retention_cli.model.trigger import Happened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.app.facts import View

MOST = 0.8
"""Of all customers: three of four bought something, and nearly as many want the newsletter."""


def members(view: View, asked: Mapping[str, Condition]) -> dict[str, set[str]]:
    """Return who fits each condition, all from one plan."""
    query = segments_query(view.compiler(), asked)
    with view.engine() as engine:
        rows = engine.run(query.sql, query.values)
    return {name: {row[0] for row in rows if row[column]} for column, name in enumerate(asked, start=1)}


def test_every_name_in_the_examples_is_a_column_or_an_event(view: View) -> None:
    assert check(view.work.project, view.facts.schema) == []


def test_the_lock_is_what_the_first_import_settles(view: View) -> None:
    """Else the first `data import` of the demo would change a file that was just written."""
    assert view.facts.lock == view.work.lock


def test_every_row_of_the_exports_can_be_read(view: View) -> None:
    assert {report.source: report.rejected for report in view.facts.imported.reports if report.rejected} == {}


@pytest.mark.parametrize("days_before", [0, 1, 10])
def test_every_segment_finds_somebody_and_none_everybody(view: View, days_before: int) -> None:
    """Also some days earlier, so that runs in a row have something to tell."""
    sizes = segment_sizes(replace(view, as_of=view.as_of - timedelta(days=days_before)))
    assert {each.of for each in sizes} == {1500}
    assert {each.segment: each.size for each in sizes if not 3 <= each.size <= each.of * MOST} == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [("clicks_does_not_buy", "clicks_and_buys"), ("promoters", "detractors"), ("buyers", "never_bought"), ("new_buyers", "rare_buyers"),
     ("bought_within_30_days", "silent_for_50_days"), ("rfm_champions", "rfm_at_risk"), ("loyal", "lapsed")],
)  # fmt: skip
def test_nobody_is_in_two_segments_that_exclude_each_other(view: View, first: str, second: str) -> None:
    segments = view.work.project.segments
    one, two = members(view, {name: segments[name].where for name in (first, second)}).values()
    assert one
    assert two
    assert one & two == set()


@pytest.mark.parametrize("group", ["avatar", "own_rhythm", "tier", "lifecycle", "rfm_group", "price_band"])
def test_a_group_has_somebody_in_every_division(view: View, group: str) -> None:
    """And nobody in two: a group is one field."""
    project = view.work.project
    names = {**project.standard_groups, **project.groups}[group].names
    conditions = {name: FieldTest(field=group, tests=(question.Test(op=question.Op.IS, values=(name,)),), place=NOWHERE) for name in names}
    divided = members(view, conditions)
    assert [name for name in names if not divided[name]] == []
    assert sum(map(len, divided.values())) == len(set().union(*divided.values()))


def test_the_cart_campaign_begins_for_somebody_each_day(view: View) -> None:
    trigger = view.work.project.campaigns["abandoned_cart"].trigger
    assert isinstance(trigger, Happened)
    compiler = view.compiler()
    now = compiler.moment.instant
    query = occurrences_query(compiler, trigger.query, Due(now - timedelta(days=2)))
    with view.engine() as engine:
        due = [row[3] for row in engine.run(query.sql, query.values)]
    yesterday = now - timedelta(days=1)
    assert sum(at > yesterday for at in due) >= 3
    assert sum(at <= yesterday for at in due) >= 3
