"""What a project names in vain: each mistake with its code, its place and a hint, found before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compile.shop import COLUMNS, read, schema_of
from retention_cli.compile.check import check
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.model.problem import Problem

ASKED = "where:\n  {}\n"


def mistakes() -> list[tuple[str, str]]:
    """Return the cases of mistakes.txt: what is written, and what is said of it."""
    blocks = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8").split("\n\n")[1:]
    return [(written, said.strip()) for written, said in (block.rstrip().split("\n") for block in blocks)]


def of(root: Path, files: dict[str, str], columns: dict[str, dict[str, ColumnType]] = COLUMNS) -> list[Problem]:
    """Return what the compiler finds; what the reader finds is another's test."""
    project, problems = read(root, files)
    assert [problem for problem in problems if problem.is_error] == []
    return check(project, schema_of(project, columns))


@pytest.mark.parametrize(("written", "said"), mistakes())
def test_a_mistake_is_told_at_its_place(tmp_path: Path, written: str, said: str) -> None:
    found = of(tmp_path, {"segments/asked.yml": ASKED.format(written)})
    assert {(problem.place.file, problem.place.line) for problem in found} == {("segments/asked.yml", 2)}
    assert [told(problem) for problem in found] == [said]


def told(problem: Problem) -> str:
    """Return a problem as mistakes.txt writes it."""
    return f"{problem.place.column} {problem.code}: {problem.message}{' | ' if problem.hint else ''}{problem.hint}"


def test_every_mistake_of_a_project_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "segments/asked.yml": ASKED.format("[{contry: CZ}, {any: [{age: old}, {did: ordr}]}]"),
        "metrics/own.yml": "spent: {total_of: {did: order, field: totl}}\n",
    }
    assert sorted(problem.code for problem in of(tmp_path, files)) == ["unknown-column", "unknown-event", "unknown-field", "wrong-type"]


def test_a_metric_needs_its_event(tmp_path: Path) -> None:
    settings = "name: Shop\nsources:\n  customers: {path: data/c.csv, key: customer_id}\n"
    found = of(tmp_path, {"retention.yml": settings, "segments/asked.yml": ASKED.format("{orders_count: 1}")}, {"customers": COLUMNS["customers"]})
    assert [(problem.code, problem.hint) for problem in found] == [("no-source-for-metric", "name the orders' event: `event: order`")]


def test_a_metric_needs_its_column(tmp_path: Path) -> None:
    without = COLUMNS | {"orders": {name: kind for name, kind in COLUMNS["orders"].items() if name != "total"}}
    found = of(tmp_path, {"segments/asked.yml": ASKED.format("{average_order_value: {at_least: 1}}")}, without)
    assert [problem.code for problem in found] == ["no-source-for-metric"]


def test_of_a_source_never_seen_nothing_is_complained_of(tmp_path: Path) -> None:
    asked = "[{did: visit, where: {anything: 1}}, {total_of: {did: order, field: whatever, value: 1}}]"
    unseen = {name: of for name, of in COLUMNS.items() if name not in ("visits", "orders")}
    assert of(tmp_path, {"segments/asked.yml": ASKED.format(asked)}, unseen) == []


def test_a_lookup_whose_key_the_rows_lack_is_out_of_reach(tmp_path: Path) -> None:
    without = COLUMNS | {"web": {name: kind for name, kind in COLUMNS["web"].items() if name != "product_id"}}
    found = of(tmp_path, {"segments/asked.yml": ASKED.format("{did: view_item, where: {brand: Apple}}")}, without)
    assert [(problem.code, problem.message) for problem in found] == [("unknown-column", "web has no column 'brand'")]


@pytest.mark.parametrize("names", [("VIP", "vip"), ("customer_id",)])
def test_segments_that_would_be_one_column_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Otherwise who enters `vip` would be looked up among `VIP`."""
    listed = "".join(f"- {{name: {name}, where: {{everyone: true}}}}\n" for name in names)
    found = of(tmp_path, {"segments/all.yml": listed})
    assert [(problem.code, problem.place.line) for problem in found] == [("duplicate-name", len(names))]


CAMPAIGN = """\
name: c
trigger: {trigger}
steps: [{{if: {asked}, then: [{{stop: here}}], else: [{{stop: there}}]}}]
exit: {{left: {exit}}}
audience: {audience}
goals: {{g: {{when: {goal}, window: 1 day}}, m: {{total_of: {{did: order, field: {field}}}, window: 1 day}}}}
"""
SOUND = {
    "trigger": "{did: order}", "asked": "{country: CZ}", "exit": "{did: order, since: entry}", "audience": "{age: 1}",
    "goal": "{did: order}", "field": "total",
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "written", "code"),
    [
        ("trigger", "{did: order, where: {totl: 1}}", "unknown-column"),
        ("trigger", "{did: ordr}", "unknown-event"),
        ("trigger", "{did: view_item, not_followed_by: {did: ordr, within: 1 day}}", "unknown-event"),
        ("asked", "{contry: CZ}", "unknown-field"),
        ("exit", "{did: order, since: entry, where: {totl: 1}}", "unknown-column"),
        ("exit", "{did: order, since: entry, same: cart_id}", "unknown-column"),
        ("audience", "{age: old}", "wrong-type"),
        ("goal", "{did: ordr}", "unknown-event"),
        ("field", "totl", "unknown-column"),
    ],
)
def test_every_part_of_a_campaign_is_tried(tmp_path: Path, part: str, written: str, code: str) -> None:
    assert of(tmp_path / "sound", {"campaigns/c.yml": CAMPAIGN.format(**SOUND)}) == []
    found = of(tmp_path, {"campaigns/c.yml": CAMPAIGN.format(**SOUND | {part: written})})
    assert [(problem.code, problem.place.file) for problem in found] == [(code, "campaigns/c.yml")]


def test_exclude_is_tried_too(tmp_path: Path) -> None:
    settings = "name: Shop\nsources:\n  orders: {path: d.csv, key: order_id, customer: c, time: ordered_at, event: order, exclude: {statu: x}}\n"
    found = of(tmp_path, {"retention.yml": settings}, {"orders": COLUMNS["orders"]})
    assert [(problem.code, problem.place.line, problem.hint) for problem in found] == [("unknown-column", 3, "did you mean 'status'?")]
