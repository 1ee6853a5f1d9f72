"""Templates against the facts of their campaigns: what an import has shown is held against them, what it has not is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.app.template_checks import check_templates
from retention_cli.compile.schema import Schema
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.source import Column, ColumnType
from retention_cli.project.loader import load

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
name: Shop
sender: {email: shop@example.com, unsubscribe: leave@example.com}
sources:
  web: {path: web.csv, customer: customer_id, time: occurred_at, event: {column: event}}
  mails: {path: mails.csv, customer: customer_id, time: happened_at, event: {column: event}}
"""
CAMPAIGN = """\
name: cart
trigger: {did: add_to_cart}
goals: {ordered: {when: {did: view_item}, window: 5 days}}
steps: [{send: cart}]
"""
COLUMNS = {"web": ("customer_id", "occurred_at", "event", "cart_id"), "mails": ("customer_id", "happened_at", "event", "message")}


def codes(root: Path, word: str, events: dict[str, tuple[str, ...] | None]) -> list[str]:
    """Return the codes of what is wrong with a template that reads a word of its event."""
    for folder in ("campaigns", "templates"):
        (root / folder).mkdir()
    (root / "retention.yml").write_text(SETTINGS, encoding="utf-8")
    (root / "campaigns/cart.yml").write_text(CAMPAIGN, encoding="utf-8")
    (root / "templates/cart.html").write_text(f"---\nsubject: Your cart\n---\n<p>{{{{ trigger.{word} }}}}</p>\n", encoding="utf-8")
    project, problems = load(root, {})
    assert project is not None, problems
    columns = {source: {name: Column(name=name, type=ColumnType.TEXT, origin=name) for name in names} for source, names in COLUMNS.items()}
    catalog = Catalog({source: SourceSchema(source, columns[source], events[source]) for source in COLUMNS})
    return [problem.code for problem in check_templates(project, Schema.of(project.sources, catalog))]


@pytest.mark.parametrize("word", ["cart_id", "anything"])
def test_before_the_first_import_any_source_may_give_the_event(tmp_path: Path, word: str) -> None:
    """Whether it does shows only once the names of events were seen."""
    assert codes(tmp_path, word, {"web": None, "mails": None}) == []


@pytest.mark.parametrize(("word", "expected"), [("cart_id", []), ("message", ["unknown-field"]), ("cart", ["unknown-field"])])
def test_after_it_the_event_has_the_columns_of_its_source(tmp_path: Path, word: str, expected: list[str]) -> None:
    assert codes(tmp_path, word, {"web": ("add_to_cart", "view_item"), "mails": ("send",)}) == expected


STEPS = """\
  - {send: cart, with: {kind: a, more: b}}
  - {send: cart, with: {kind: c}}
  - {send: cart, subject: "Your {{ customer.name_of_cat }}", with: {kind: c}}
"""


def problems(root: Path, body: str, more: str = "", steps: str = STEPS) -> list[tuple[str, int, str]]:
    """Return (file, line, code) of what is wrong with a template, sent by these steps."""
    for folder in ("campaigns", "templates"):
        (root / folder).mkdir()
    (root / "retention.yml").write_text(SETTINGS + "  customers: {path: c.csv, key: customer_id}\n", encoding="utf-8")
    (root / "campaigns/cart.yml").write_text(CAMPAIGN.replace("steps: [{send: cart}]\n", more + "steps:\n" + steps), encoding="utf-8")
    (root / "templates/cart.html").write_text(f"---\nsubject: Your cart\n---\n<p>{body}</p>\n", encoding="utf-8")
    project, found = load(root, {})
    assert project is not None, found
    columns = {name: Column(name=name, type=ColumnType.TEXT, origin=name) for name in ("customer_id", "email")}
    schema = Schema.of(project.sources, Catalog({"customers": SourceSchema("customers", columns)}))
    return [(problem.place.file, problem.place.line, problem.code) for problem in check_templates(project, schema)]


def test_the_words_of_a_step_are_those_that_every_step_gives(tmp_path: Path) -> None:
    only = "  - {send: cart, with: {kind: a, more: b}}\n"
    assert problems(tmp_path, "{{ with.kind }} {{ with.more }}", steps=only) == []


def test_a_word_that_one_step_lacks_is_told(tmp_path: Path) -> None:
    found = problems(tmp_path, "{{ with.kind }} {{ with.more }}")
    assert ("templates/cart.html", 4, "unknown-field") in found


def test_the_subject_of_a_step_is_read_where_it_stands(tmp_path: Path) -> None:
    assert problems(tmp_path, "x") == [("campaigns/cart.yml", 7, "unknown-field")]


@pytest.mark.parametrize(("more", "expected"), [("", ["unknown-name"]), ("deadline: {after: 1 day}\n", [])])
def test_a_deadline_is_there_where_the_campaign_has_one(tmp_path: Path, more: str, expected: list[str]) -> None:
    assert [code for *_, code in problems(tmp_path, "{{ deadline | date }}", more, "  - send: cart\n")] == expected


@pytest.mark.parametrize(
    ("trigger", "told", "not_told"),
    [
        ("{schedule: {every: monday}}", "time", "segment"),
        ("{once: 2026-12-01 09:00}", "time", "date"),
        ("{date: birthday, every: year}", "years", "time"),
        ("{date: birthday}", "date", "years"),
        ("{enters: everybody}", "segment", "group"),
        ("{leaves: everybody}", "segment", "to"),
        ("{moves: {group: lifecycle, to: loyal}}", "from", "segment"),
        ("{elapsed: {since: {did: add_to_cart}, for: 3 days}}", "cart_id", "time"),
        ("{changes: {field: city}}", "city", "cart_id"),
    ],
)
def test_a_template_may_read_what_its_trigger_tells_and_nothing_else(tmp_path: Path, trigger: str, told: str, not_told: str) -> None:
    for number, (word, expected) in enumerate(((told, []), (not_told, ["unknown-field"]))):
        root = tmp_path / str(number)
        for folder in ("campaigns", "templates", "segments"):
            (root / folder).mkdir(parents=True)
        (root / "retention.yml").write_text(SETTINGS + "  customers: {path: c.csv, key: customer_id}\n", encoding="utf-8")
        (root / "segments/everybody.yml").write_text("where: {everyone: true}\n", encoding="utf-8")
        (root / "campaigns/cart.yml").write_text(CAMPAIGN.replace("{did: add_to_cart}", trigger), encoding="utf-8")
        (root / "templates/cart.html").write_text(f"---\nsubject: Your cart\n---\n<p>{{{{ trigger.{word} }}}}</p>\n", encoding="utf-8")
        project, found = load(root, {})
        assert project is not None, found
        columns = {name: {column: Column(name=column, type=ColumnType.TEXT, origin=column) for column in of} for name, of in COLUMNS.items()}
        columns["customers"] = {name: Column(name=name, type=ColumnType.TEXT, origin=name) for name in ("customer_id", "city")}
        events = {"web": ("add_to_cart", "view_item"), "mails": ("send",), "customers": None}
        catalog = Catalog({name: SourceSchema(name, of, events[name]) for name, of in columns.items()})
        assert [problem.code for problem in check_templates(project, Schema.of(project.sources, catalog))] == expected
