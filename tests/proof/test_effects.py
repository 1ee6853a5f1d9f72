"""What steps do beside writing, in tests of a project: made-up codes, fields from the next look on, campaigns that are started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proof.campaign_shop import LETTER, SHOP, verdicts
from support.shell import retention

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = f"""\
{SHOP["retention.yml"]}vouchers: {{big: {{path: vouchers/big.csv}}}}
fields: {{rewarded: {{type: boolean}}, level: {{type: integer}}}}
"""
CAMPAIGNS = """\
- name: gift
  trigger: {did: add_to_cart}
  goals: {ordered: {when: {did: order}, window: 5 days}}
  steps:
    - {send: coded, voucher: big}
    - if: {rewarded: true}
      then: [{stop: had_it}]
    - update: {set: {rewarded: true, level: 2}, add_tags: [gifted]}
    - start: after_gift
- name: after_gift
  audience: {level: 2}
  goals: {ordered: {when: {did: order}, window: 5 days}}
  steps: [{wait: 1 day}, {send: tips}]
- name: now_rewarded
  trigger: {enters: rewarded}
  goals: {ordered: {when: {did: order}, window: 5 days}}
  steps: [{send: adult}]
"""
TESTS = """\
- test: a gift is written down, and begins what follows it
  when: [{at: 2026-05-01T10:00, customer: anna, did: add_to_cart}]
  expect:
    - {campaign: gift, customer: anna, until: 2026-05-05, sends: [coded], ends: finished}
    - {campaign: after_gift, customer: anna, until: 2026-05-05, enters: 1, sends: [{template: tips, at: 2026-05-02T10:00}]}
    - {campaign: now_rewarded, customer: anna, until: 2026-05-05, enters: 1}
- test: what stood there before is a value like any other
  given: {customers: [{customer_id: anna, rewarded: true, level: 5, tags: [old]}]}
  when: [{at: 2026-05-01T10:00, customer: anna, did: add_to_cart}]
  expect:
    - {campaign: gift, customer: anna, until: 2026-05-05, sends: [coded], ends: had_it}
    - {campaign: after_gift, customer: anna, until: 2026-05-05, enters: false}
- test: segments of fields and tags
  as_of: 2026-05-01
  given: {customers: [{customer_id: anna, rewarded: true}, {customer_id: bob, tags: [gifted]}, {customer_id: eve}]}
  expect:
    - {segment: rewarded, is: [anna]}
    - {segment: gifted, is: [bob]}
"""
FILES = {
    "retention.yml": SETTINGS,
    "campaigns/campaigns.yml": CAMPAIGNS,
    "templates/coded.html": LETTER.replace("Hello {{", "{{ voucher }} for {{"),
    "segments/rewarded.yml": "- {name: rewarded, where: {rewarded: true}}\n- {name: gifted, where: {tags: {has_any: [gifted]}}}\n",
    "vouchers/big.csv": "code\n",
}


def test_a_project_tests_what_its_steps_write_and_start(tmp_path: Path) -> None:
    """The file of codes is empty, and nobody minds: a test hands out made-up ones."""
    found = verdicts(tmp_path, {**FILES, "tests/t.yml": TESTS})
    assert len(found) == 3
    assert [(str(verdict.case.test), failure.expected, failure.found) for verdict in found for failure in verdict.failures] == []


def test_a_wrong_expectation_is_told(tmp_path: Path) -> None:
    wrong = TESTS.replace("enters: 1, sends: [{template: tips, at: 2026-05-02T10:00}]", "enters: false").partition("- test: what stood")[0]
    [verdict] = verdicts(tmp_path, {**FILES, "tests/t.yml": wrong})
    assert [(failure.expected, failure.found) for failure in verdict.failures] == [(("enters: never",), ("enters: once",))]


def test_a_value_of_another_type_in_a_test_is_an_error(tmp_path: Path) -> None:
    verdicts(tmp_path, FILES)
    text = "test: t\nas_of: 2026-05-01\ngiven: {customers: [{customer_id: a, level: many}]}\nexpect: {segment: rewarded, is: []}\n"
    (tmp_path / "tests").mkdir(exist_ok=True)
    (tmp_path / "tests/t.yml").write_text(text, encoding="utf-8")
    told = retention(tmp_path, "validate")
    assert "'many'" in told.out + told.said
