"""`retention test`: what is printed and said, what is chosen, and the exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from proof.shop import make
from support.shell import process, retention

if TYPE_CHECKING:
    from pathlib import Path

ADULTS = """\
- test: adults are grown
  as_of: 2026-05-01
  given: {customers: [{customer_id: anna, age: 18}, {customer_id: bob, age: 17}]}
  expect: {segment: grown, is: [anna]}
- test: so are children
  as_of: 2026-05-01
  given: {customers: [{customer_id: anna, age: 18}, {customer_id: bob, age: 17}]}
  expect: [{segment: grown, is: [anna, bob]}, {metric: total_spent, customer: bob, value: 5}]
"""
BUYERS = """\
as_of: 2026-05-01
given: {orders: [{customer_id: eve, ordered_at: 2026-01-01T10:00, total: 100}]}
expect: {segment: buyers, is: [eve]}
"""
SAID = """\
✗ tests/adults.yml:5: so are children
    line 8: segment grown
      expected  anna, bob
      found     anna
      bob is not in it:
        ✗ age >= 18 (17)  segments/grown.yml:1
    line 8: metric total_spent of bob
      expected  total_spent = 5
      found     0.00
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    make(tmp_path, {"tests/adults.yml": ADULTS, "tests/more/buyers.yml": BUYERS})
    return tmp_path


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml.encode())  # noqa: S314 - our own output


def titles(out: str) -> list[str]:
    return re.findall(r"^[✓✗] \S+: (.*)$", out, re.MULTILINE)


def test_failures_are_shown_whole_and_nothing_else(shop: Path) -> None:
    ran = retention(shop, "test")
    assert (ran.code, ran.out, ran.said) == (2, SAID, "1 of 3 tests failed\n")


def test_a_segment_that_another_leads_to_is_named(shop: Path) -> None:
    (shop / "tests/far.yml").write_text(BUYERS.replace("total: 100", "total: 1").replace("eve", "bob"), encoding="utf-8")
    assert "✗ age >= 18 (missing)  segments/grown.yml:1, segment grown\n" in retention(shop, "test", "-k", "far").out


def test_what_passes_is_quiet_unless_asked(shop: Path) -> None:
    ran = retention(shop, "test", "-k", "adults are", "-k", "buyers")
    assert (ran.code, ran.out, ran.said) == (0, "", "2 tests passed\n")
    ran = retention(shop, "test", "tests/more", "--verbose")
    assert (ran.code, ran.out, ran.said) == (0, "✓ tests/more/buyers.yml:1: buyers\n", "1 test passed\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["adults are grown", "so are children", "buyers"]),
        (("tests/adults.yml",), ["adults are grown", "so are children"]),
        (("tests/more", "tests/adults.yml"), ["adults are grown", "so are children", "buyers"]),
        (("-k", "GROWN"), ["adults are grown", "so are children"]),
        (("-k", "children"), ["so are children"]),
        (("-k", "total_spent"), ["so are children"]),
        (("-k", "more/"), ["buyers"]),
        (("-k", "children", "-k", "buyers"), ["so are children", "buyers"]),
        (("tests/adults.yml", "-k", "adults are"), ["adults are grown"]),
    ],
)
def test_names_and_paths_choose(arguments: tuple[str, ...], expected: list[str], shop: Path) -> None:
    assert titles(retention(shop, "test", "-v", *arguments).out) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-k", "byers"), "error: no test has 'byers' in its name\nhint: did you mean 'buyers'?\n"),
        (("tests/none.yml",), "error: there is no test in tests/none.yml\nhint: did you mean 'tests/more/buyers.yml'?\n"),
        (("tests/more", "-k", "adults"), "error: no test is in these files and has such a name\nhint: there are 3 tests in all\n"),
    ],
)
def test_what_chooses_nothing_is_a_mistake(arguments: tuple[str, ...], said: str, shop: Path) -> None:
    ran = retention(shop, "test", *arguments)
    assert (ran.code, ran.out, ran.said) == (2, "", said)


def test_a_project_without_tests_says_so(tmp_path: Path) -> None:
    make(tmp_path, {})
    ran = retention(tmp_path, "test")
    assert (ran.code, ran.out, ran.said) == (0, "", "there are no tests; write one into tests/NAME.yml\n")
    assert retention(tmp_path, "test", "--format", "json").json == []
    assert parsed(retention(tmp_path, "test", "--format", "junit").out).attrib["tests"] == "0"


def test_json_is_for_programs(shop: Path) -> None:
    ran = retention(shop, "test", "--format", "json")
    assert ran.code == 2
    assert [(one["test"], one["file"], one["line"], one["passed"]) for one in ran.json] == [
        ("adults are grown", "tests/adults.yml", 1, True),
        ("so are children", "tests/adults.yml", 5, False),
        ("buyers", "tests/more/buyers.yml", 1, True),
    ]
    assert all(one["seconds"] > 0 for one in ran.json)
    assert ran.json[1]["failures"] == [
        {
            "line": 8,
            "asked": "segment grown",
            "expected": ["anna", "bob"],
            "found": ["anna"],
            "customers": [
                {
                    "customer": "bob",
                    "holds": False,
                    "conditions": [{"file": "segments/grown.yml", "line": 1, "segment": "grown", "text": "age >= 18", "holds": False, "value": 17}],
                }
            ],
        },
        {
            "line": 8,
            "asked": "metric total_spent of bob",
            "expected": ["total_spent = 5"],
            "found": [0],
            "customers": [
                {
                    "customer": "bob",
                    "holds": False,
                    "conditions": [{"file": "tests/adults.yml", "line": 8, "segment": None, "text": "total_spent = 5", "holds": False, "value": 0}],
                }
            ],
        },
    ]


def test_junit_is_for_build_servers(shop: Path) -> None:
    ran = retention(shop, "test", "--format", "junit")
    assert (ran.code, ran.said) == (2, "1 of 3 tests failed\n")
    root = parsed(ran.out)
    assert (root.tag, root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("testsuites", "3", "1", "0")
    assert [(suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) for suite in root] == [
        ("tests/adults.yml", "2", "1"),
        ("tests/more/buyers.yml", "1", "0"),
    ]
    passed, failed = root[0]
    assert (passed.attrib["classname"], passed.attrib["name"], list(passed)) == ("tests/adults.yml", "adults are grown", [])
    assert [failure.attrib["message"] for failure in failed] == [
        "segment grown: expected anna, bob, found anna",
        "metric total_spent of bob: expected total_spent = 5, found 0.00",
    ]
    assert "✗ age >= 18 (17)  segments/grown.yml:1" in (failed[0].text or "")


def test_nothing_from_a_test_reaches_a_terminal_or_a_parser_raw(shop: Path) -> None:
    """Control characters and mark-up in a name, an id and a value."""
    hostile = '"a\\e[31m\\u202e<b>&"'
    text = f"test: {hostile}\nas_of: 2026-05-01\ngiven: {{customers: [{{customer_id: {hostile}}}]}}\nexpect: {{segment: grown, is: {hostile}}}\n"
    (shop / "tests/hostile.yml").write_text(text, encoding="utf-8")
    printed = retention(shop, "test", "tests/hostile.yml").out
    assert "a\\u001b[31m\\u202e<b>& is not in it:" in printed
    junit = retention(shop, "test", "tests/hostile.yml", "--format", "junit").out
    assert not re.search(r"[\x1b\u202e]", printed + junit)
    assert parsed(junit)[0][0].attrib["name"] == "a\\u001b[31m\\u202e<b>&"


def test_mistakes_are_all_told_before_any_test_runs(shop: Path) -> None:
    (shop / "tests/wrong.yml").write_text(BUYERS.replace("total", "totl").replace("buyers", "buyer"), encoding="utf-8")
    (shop / "tests/wrong_too.yml").write_text(BUYERS.replace("total", "totl"), encoding="utf-8")
    ran = retention(shop, "test")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no segment 'buyer'" in ran.said
    (shop / "tests/wrong.yml").write_text(BUYERS.replace("eve,", "eve, totall: 1,"), encoding="utf-8")
    ran = retention(shop, "test", "-k", "adults")
    assert (ran.code, ran.out) == (2, "")
    assert re.findall(r"orders has no column '(\w+)'", ran.said) == ["totall", "totl"]


def test_no_file_is_written_and_no_data_is_read(shop: Path) -> None:
    """As a process of its own, in a folder that nobody may write to."""
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*")}
    ran = process(shop, "test", "-k", "buyers")
    assert (ran.code, ran.out, ran.said) == (0, "", "1 test passed\n")
    assert {path: path.stat().st_mtime_ns for path in shop.rglob("*")} == before
