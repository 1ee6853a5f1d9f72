"""What happens in a test goes to the source that would have told it; where there is none, that is a mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proof.campaign_shop import SHOP, make_shop
from proof.shop import known
from retention_cli.model.word import Word
from retention_cli.project.loader import load
from retention_cli.proof.check import check
from retention_cli.proof.columns import fitted, with_own_events
from retention_cli.proof.happenings import Happenings, with_happenings

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.model.project import Project

EXPECT = "expect: {campaign: cart, customer: anna, until: 2026-05-05, enters: false}\n"
CHILD = (
    "tests/t.yml:3:46 not-here: 'buy_item' has its time and customer from a row of orders | "
    "let the orders happen with a key, and give order_items its rows under 'given'"
)
APP = """\
  app: {path: data/app.csv, customer: customer_id, time: at, event: view_item}
policies:"""


def project_of(root: Path, happens: str, settings: str | None = None) -> Project:
    """Return the shop with one test in which this happens."""
    files = {"tests/t.yml": f"as_of: 2026-04-30\ngiven: {{customers: [{{customer_id: anna}}]}}\nwhen: [{happens}]\n{EXPECT}"}
    project, problems = load(make_shop(root, files | ({"retention.yml": settings} if settings is not None else {})), {})
    assert project is not None
    assert [problem for problem in problems if problem.is_error] == []
    return project


@pytest.mark.parametrize(
    ("happens", "source", "row"),
    [
        (
            "{at: 2026-05-01T10:00, customer: anna, did: order, total: 5}",
            "orders",
            {"customer_id": "anna", "ordered_at": "2026-05-01T08:00:00+00:00", "total": "5"},
        ),
        (
            "{at: 2026-05-01T10:00, customer: anna, did: add_to_cart}",
            "web",
            {"customer_id": "anna", "at": "2026-05-01T08:00:00+00:00", "what": "add_to_cart"},
        ),
        (
            "{at: 2026-05-01, customer: anna, did: never_seen_before, source: web}",
            "web",
            {"customer_id": "anna", "at": "2026-04-30T22:00:00+00:00", "what": "never_seen_before"},
        ),
        (
            "{at: 2026-05-01, customer: anna, did: email_clicked, template: thanks, link: /a}",
            "ledger_events",
            {"customer_id": "anna", "occurred_at": "2026-04-30T22:00:00+00:00", "event": "email_clicked", "template": "thanks", "link": "/a"},
        ),
    ],
)
def test_an_event_is_a_row_of_the_source_that_knows_it(happens: str, source: str, row: dict[str, str], tmp_path: Path) -> None:
    project = project_of(tmp_path, happens)
    catalog = known(tmp_path, project)
    widened = with_happenings(with_own_events(project), catalog)
    rows = widened.cases[0].given[Word(source)]
    assert [dict(each.values) for each in rows] == [row]
    assert [problem for problem in check(project, catalog) if problem.is_error] == []


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (
            "{at: 2026-05-01, customer: anna, did: ordr}",
            "tests/t.yml:3:46 unknown-event: no source tells of an event 'ordr' | did you mean 'order'?",
        ),
        (
            "{at: 2026-05-01, customer: anna, did: buy_item, product_id: P}",
            CHILD,
        ),
        (
            "{at: 2026-05-01, customer: anna, did: order, source: products}",
            "tests/t.yml:3:61 unknown-source: 'products' is no source of events | known: ledger_events, orders, web",
        ),
        (
            "{at: 2026-05-01, customer: anna, did: order, totl: 5}",
            "tests/t.yml:3:53 unknown-column: orders has no column 'totl' | did you mean 'total'?",
        ),
        (
            "{at: 2026-05-01, customer: anna, did: order, total: much}",
            "tests/t.yml:3:60 wrong-value: orders.total is decimal, and 'much' is none | write it like 12.50",
        ),
        (
            "{at: 2026-05-01, customer: anna, set: {newsleter: true}}",
            "tests/t.yml:3:47 unknown-column: customers has no column 'newsleter' | did you mean 'newsletter'?",
        ),
        (
            "{at: 2026-05-01, customer: anna, set: {newsletter: perhaps}}",
            "tests/t.yml:3:59 wrong-value: customers.newsletter is boolean, and 'perhaps' is none | write it like true or false",
        ),
        (
            "{at: 2026-05-01, row: P1, of: prodcts, set: {stock: 1}}",
            "tests/t.yml:3:38 unknown-source: there is no source 'prodcts' | did you mean 'products'?",
        ),
        (
            "{at: 2026-05-01, row: P1, of: products, set: {stock: 1}}",
            "tests/t.yml:3:30 not-here: no row of products under 'given' has the product_id 'P1' | give it one: {product_id: P1}",
        ),
        (
            "{at: 2026-05-01, row: P1, of: web, set: {what: x}}",
            "tests/t.yml:3:38 no-key: the source 'web' has no key, so that its rows cannot be met again | add key: to the source",
        ),
    ],
)
def test_what_no_source_can_tell_is_a_mistake(happens: str, said: str, tmp_path: Path) -> None:
    project = project_of(tmp_path, happens)
    [problem] = check(project, known(tmp_path, project))
    assert f"{problem.place} {problem.code}: {problem.message} | {problem.hint}" == said


def test_an_event_that_two_sources_know_needs_its_source(tmp_path: Path) -> None:
    settings = str(SHOP["retention.yml"]).replace("policies:", APP)
    project = project_of(tmp_path, "{at: 2026-05-01, customer: anna, did: view_item}", settings)
    [problem] = check(project, known(tmp_path, project))
    assert (problem.code, problem.message, problem.hint) == (
        "unknown-event",
        "'view_item' is an event of web, app",
        "say which one is meant: source: web",
    )
    named = project_of(tmp_path, "{at: 2026-05-01, customer: anna, did: view_item, source: app}", settings)
    assert check(named, known(tmp_path, named)) == []


def test_who_only_does_something_is_a_customer_too(tmp_path: Path) -> None:
    project = with_own_events(project_of(tmp_path, "{at: 2026-05-01, customer: bob, did: order}"))
    catalog = fitted(project, known(tmp_path, project))
    merged = Happenings(project, catalog).merged(project.cases[0])
    customers = next(rows for source, rows in merged.given.items() if source == "customers")
    assert [str(next(iter(row.values.values()))) for row in customers] == ["anna", "bob"]
