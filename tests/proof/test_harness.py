"""Verdicts: who and what comes out of made-up rows, and what a failure says."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from proof.shop import LOCK, SETTINGS, known, make, verdicts
from retention_cli.engine.duck import DuckEngine
from retention_cli.errors import ProjectInvalid
from retention_cli.proof.harness import Harness

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.proof.verdict import Failure

PEOPLE = """\
test: {title}
as_of: {as_of}
given:
  customers: [{{customer_id: adult, age: 30}}, {{customer_id: child, age: 9}}, {{customer_id: silent, age: 40}}]
  orders:
    - {{order_id: 1, customer_id: adult, ordered_at: 2026-01-01, total: 10}}
    - {{order_id: 2, customer_id: child, ordered_at: 2026-01-02T15:30, total: 99.99}}
    - {{order_id: 3, customer_id: guest, ordered_at: 2026-01-03, total: 100}}
expect: {expect}
"""


def case(expect: str, as_of: str = "2026-05-01", title: str = "a test") -> str:
    return PEOPLE.format(expect=expect, as_of=as_of, title=title)


def failures(root: Path, expect: str, as_of: str = "2026-05-01") -> tuple[Failure, ...]:
    """Return what fails of one test."""
    return verdicts(root, {"tests/t.yml": case(expect, as_of)})[0].failures


def told(failure: Failure) -> tuple[str, tuple[str, ...], tuple[object, ...]]:
    return failure.asked, failure.expected, failure.found


PASS = [
    "{segment: buyers, is: [adult, guest]}",
    "{segment: buyers, is: [guest, adult]}",
    "{segment: buyers, has: guest}",
    "{segment: buyers, has: [adult], lacks: [child, silent]}",
    "{segment: buyers, is: [adult, guest], lacks: [child]}",
    "{where: {did_not: order}, is: [silent]}",
    "{where: {age: {less_than: 10}}, is: [child]}",
    "{where: {age: {more_than: 100}}, is: []}",
    "{metric: total_spent, customer: child, value: 99.99}",
    "{metric: total_spent, values: {adult: 10.00, silent: 0, guest: {at_least: 100}}}",
    "{metric: age, values: {guest: missing, child: [8, 9]}}",
    "{metric: last_order_at, values: {child: 2026-01-02, silent: missing}}",
    '{metric: last_order_at, customer: child, value: "2026-01-02T15:30"}',
    '{metric: last_order_at, customer: child, value: "2026-01-02T14:30Z"}',
    "{metric: days_since_last_order, customer: child, value: 118}",
    "{group: email, customer: guest, is: guest@example.com}",
    "{group: email, values: {adult: adult@example.com, child: {starts_with: child}}}",
]
FAIL = {
    "{segment: buyers, is: [adult]}": ("segment buyers", ("adult",), ("adult", "guest")),
    "{segment: buyers, is: []}": ("segment buyers", (), ("adult", "guest")),
    "{segment: buyers, has: [child], lacks: [guest]}": ("segment buyers", ("has child", "lacks guest"), ("adult", "guest")),
    "{where: {age: 30}, is: [adult, child]}": ("age = 30", ("adult", "child"), ("adult",)),
    "{metric: total_spent, customer: child, value: 100}": ("metric total_spent of child", ("total_spent = 100",), (Decimal("99.99"),)),
    "{metric: age, customer: guest, value: 3}": ("metric age of guest", ("age = 3",), (None,)),
    "{metric: last_order_at, customer: child, value: 2026-01-03}": (
        "metric last_order_at of child",
        ("last_order_at = 2026-01-03",),
        (datetime(2026, 1, 2, 14, 30, tzinfo=UTC).replace(tzinfo=None),),
    ),
    '{metric: last_order_at, customer: child, value: "2026-01-02T15:31"}': (
        "metric last_order_at of child",
        ("last_order_at = 2026-01-02T15:31",),
        (datetime(2026, 1, 2, 14, 30, tzinfo=UTC).replace(tzinfo=None),),
    ),
    "{group: email, customer: guest, is: [a, b]}": ("group email of guest", ("email in a, b",), ("guest@example.com",)),
}


def test_what_is_so_passes(tmp_path: Path) -> None:
    """Each alone, and all of them as one list."""
    files = {f"tests/t{n}.yml": case(expect, title=f"number {n}") for n, expect in enumerate(PASS)}
    files["tests/all.yml"] = case("\n" + "".join(f"  - {expect}\n" for expect in PASS))
    found = verdicts(tmp_path, files)
    assert len(found) == len(PASS) + 1
    assert [(verdict.case.expect, verdict.failures) for verdict in found if not verdict.passed] == []


@pytest.mark.parametrize("expect", FAIL)
def test_what_is_not_so_fails_and_says_both(expect: str, tmp_path: Path) -> None:
    found = failures(tmp_path, expect)
    assert [told(failure) for failure in found] == [FAIL[expect]]


def test_every_failure_is_told_at_its_place(tmp_path: Path) -> None:
    """Of several expectations, those that fail; of several people, each."""
    found = failures(
        tmp_path, "\n  - {segment: buyers, is: []}\n  - {segment: grown, has: adult}\n  - {metric: age, values: {adult: 1, child: 9, silent: 2}}"
    )
    assert [(failure.asked, failure.place.line) for failure in found] == [
        ("segment buyers", 10),
        ("metric age of adult", 12),
        ("metric age of silent", 12),
    ]


def reasons(failure: Failure, who: str) -> list[tuple[str, int, str, bool, object, str]]:
    wrong = next(wrong for wrong in failure.wrong if wrong.customer == who)
    return [(each.place.file, each.place.line, each.text, each.holds, each.value, each.segment) for each in wrong.reasons]


def test_the_conditions_that_decided_are_named_with_their_values(tmp_path: Path) -> None:
    """Who is out: what failed. Who is in: what held. Through other segments, to the file and line of each."""
    (found,) = failures(tmp_path, "{segment: buyers, is: [child, silent]}")
    assert [(wrong.customer, wrong.holds) for wrong in found.wrong] == [("adult", True), ("child", False), ("guest", True), ("silent", False)]
    grown, buyers = "segments/grown.yml", "segments/buyers.yml"
    assert reasons(found, "adult") == [(buyers, 2, "did order", True, 1, "buyers"), (grown, 1, "age >= 18", True, 30, "grown")]
    assert reasons(found, "child") == [
        (grown, 1, "age >= 18", False, 9, "grown"),
        (buyers, 5, "total_spent >= 100", False, Decimal("99.99"), "buyers"),
    ]
    assert reasons(found, "guest") == [
        (buyers, 2, "did order", True, 1, "buyers"),
        (buyers, 5, "total_spent >= 100", True, Decimal("100.00"), "buyers"),
    ]
    assert reasons(found, "silent") == [(buyers, 2, "did order", False, 0, "buyers")]


@pytest.mark.parametrize(
    ("where", "decided"),
    [
        ("{any: [{age: 30}, {age: 31}]}", ["age = 30"]),
        ("{any: [{age: 1}, {age: 2}]}", ["age = 1", "age = 2"]),
        ("{none: [{age: 30}, {age: 31}]}", ["age = 30"]),
        ("{none: [{age: 1}, {age: 2}]}", ["age = 1", "age = 2"]),
        ("{not: {all: [{age: 30}, {age: present}]}}", ["age = 30", "age present"]),
        ("{not: [{age: 30}, {age: 31}]}", ["age = 31"]),
        ("{all: [{age: 30}, {any: [{age: 1}, {age: {more_than: 29}}]}]}", ["age = 30", "age > 29"]),
    ],
)
def test_of_a_junction_those_parts_decide_that_made_it_so(where: str, decided: list[str], tmp_path: Path) -> None:
    """Asked twice, as wanted and not wanted: one of them fails, and rests on the same parts."""
    found = failures(tmp_path, f"[{{where: {where}, has: adult}}, {{where: {where}, lacks: adult}}]")
    assert [[reason.text for reason in failure.wrong[0].reasons] for failure in found] == [decided]


def test_people_have_an_address_unless_the_row_says_none(tmp_path: Path) -> None:
    """Whoever is named anywhere is a customer, also by an order that does not count, and by an event."""
    text = """\
test: a
as_of: 2026-05-01
given:
  customers: [{customer_id: own, email: own@shop.example}, {customer_id: none, email: ""}]
  orders: [{customer_id: refused, ordered_at: 2026-01-01, status: cancelled}, {customer_id: "", ordered_at: 2026-01-01}]
  web: [{customer_id: visitor, at: 2026-01-01, what: view_item}]
expect:
  - {where: {everyone: true}, is: [own, none, refused, visitor]}
  - {where: {email: missing}, is: [none]}
  - {where: {email: {ends_with: "@example.com"}}, is: [refused, visitor]}
  - {where: {did: order}, is: []}
"""
    assert verdicts(tmp_path, {"tests/t.yml": text})[0].failures == ()


def test_parents_lookups_and_our_names_of_events_are_as_for_real_rows(tmp_path: Path) -> None:
    text = """\
test: a
as_of: 2026-05-01T00:00
given:
  products: [{product_id: p, brand: Apple}]
  orders:
    - {order_id: 1, customer_id: apple, ordered_at: 2026-04-30T23:59}
    - {order_id: 2, customer_id: later, ordered_at: 2026-05-01T00:01}
    - {order_id: 3, customer_id: refused, ordered_at: 2026-04-01, status: cancelled}
  order_items: [{order_id: 1, product_id: p}, {order_id: 2, product_id: p}, {order_id: 3, product_id: p}]
  web:
    - {customer_id: theirs, at: 2026-04-30T17:59, what: cart}          # New York: a minute before midnight in Prague
    - {customer_id: ours, at: 2026-04-30T17:59, what: add_to_cart}
    - {customer_id: tomorrow, at: 2026-04-30T18:01, what: cart}
expect:
  - {where: {did: buy_item, where: {brand: Apple}}, is: [apple]}
  - {where: {did: add_to_cart}, is: [theirs, ours]}
"""
    assert verdicts(tmp_path, {"tests/t.yml": text})[0].failures == ()


@pytest.mark.parametrize(
    ("as_of", "days"), [("2026-01-03", 0), ("2026-01-02T15:29", 0), ("2026-01-03T15:30", 1), ("2026-01-04T14:30Z", 2), ("2026-01-04T14:29:59Z", 1)]
)
def test_the_moment_is_by_the_shops_clock(as_of: str, days: int, tmp_path: Path) -> None:
    """A date is its midnight; an offset is taken as it is. Child ordered on the second at 15:30 in Prague."""
    text = case(f"{{where: {{did: order, within: {days} days}}, lacks: child}}", as_of)
    later = case(f"{{where: {{did: order, within: {days + 1} days}}, lacks: child}}", as_of)
    found = verdicts(tmp_path, {"tests/a.yml": text, "tests/b.yml": later})
    assert [verdict.passed for verdict in found] == [True, as_of == "2026-01-02T15:29"]


def test_tests_do_not_see_each_other(tmp_path: Path) -> None:
    """Same moment, same question, other rows: one plan, and each its own answer."""
    other = "test: b\nas_of: 2026-05-01\ngiven: {customers: [{customer_id: adult, age: 1}]}\nexpect: {where: {age: present}, is: [adult]}\n"
    nobody = "test: c\nas_of: 2026-05-01\ngiven: {}\nexpect: {where: {age: present}, is: []}\n"
    first = case("{where: {age: present}, is: [adult, child, silent]}")
    found = verdicts(tmp_path, {"tests/a.yml": first, "tests/b.yml": other, "tests/c.yml": nobody, "tests/d.yml": first})
    assert [verdict.failures for verdict in found] == [(), (), (), ()]


def test_a_new_project_is_tested_before_its_first_import(tmp_path: Path) -> None:
    """Without lock and exports: the rows of the tests tell what there is."""
    assert verdicts(tmp_path, {"retention.lock": None, "tests/t.yml": case("{segment: buyers, is: [adult, guest]}")})[0].passed


def test_what_the_sources_lack_is_a_problem_and_no_verdict(tmp_path: Path) -> None:
    files = {"segments/wrong.yml": "where: {agee: 3}\n", "tests/t.yml": case("{segment: wrong, is: []}")}
    project = make(tmp_path, files)
    with DuckEngine(threads=1) as engine:
        harness = Harness(engine, project, known(tmp_path, project))
        (problem,) = harness.problems(project.cases[0])
        assert (problem.place.file, problem.code, problem.hint) == ("segments/wrong.yml", "unknown-field", "did you mean 'age'?")
        with pytest.raises(ProjectInvalid) as caught:
            harness.judge(project.cases[0])
        assert caught.value.problems == (problem,)


CONSENT = "  consent: {email: newsletter, sms: texts}\n"
ASKED = """\
test: a
as_of: 2026-05-01
given:
  customers: [{customer_id: silent}, {customer_id: no, newsletter: false}, {customer_id: unsaid, newsletter: ""}]
  orders: [{customer_id: buyer, ordered_at: 2026-01-01}]
expect:
  - {where: {consent: {channel: email}}, is: [silent, buyer]}
  - {where: {consent: {channel: sms}}, is: []}
"""


def test_people_consented_unless_the_row_says_otherwise(tmp_path: Path) -> None:
    """By a field of theirs, where customers have it (`texts` they have not)."""
    settings = SETTINGS + "policies:\n" + CONSENT.replace(", sms: texts", ", sms: agreed")
    lock = LOCK.replace("      age:", "      agreed: {type: boolean, origin: agreed}\n      age:")
    text = ASKED.replace("channel: sms}}, is: []", "channel: sms}}, is: [silent, buyer, no, unsaid]")
    assert verdicts(tmp_path, {"retention.yml": settings, "retention.lock": lock, "tests/t.yml": text})[0].failures == ()


CHANGES = """\
- test: nothing is said of consent
  as_of: 2026-05-01
  given: {orders: [{customer_id: buyer, ordered_at: 2026-01-01}]}
  expect:
    - {where: {consent: {topic: news, channel: email}}, is: [buyer]}
    - {where: {consent: {topic: offers, channel: sms}}, is: [buyer]}
- test: something is
  as_of: 2026-05-01
  given:
    customers: [{customer_id: silent}]
    consents:
      - {customer_id: left, at: 2026-01-01, consent: true}
      - {customer_id: left, at: 2026-02-01, consent: false}
      - {customer_id: partly, at: 2026-01-01, topic: news, consent: true}
  expect:
    - {where: {consent: {topic: news, channel: email}}, is: [partly]}
    - {where: {consent: {topic: offers, channel: email}}, is: []}
"""


def test_people_consented_unless_the_test_has_changes_of_consent(tmp_path: Path) -> None:
    """By a source of changes: where a test gives it rows, they say it all."""
    source = "  consents: {path: data/consents.csv, customer: customer_id, time: at, event: consented}\n"
    settings = SETTINGS + source + "policies:\n  consent: {source: consents, topics: {news: opt_in, offers: opt_in}}\n"
    columns = "customer_id: {type: text, origin: a}, at: {type: time, origin: b}, topic: {type: text, origin: c}, consent: {type: boolean, origin: d}"
    lock = LOCK + f"  consents: {{events: [consented], columns: {{{columns}}}}}\n"
    lock = lock.replace("origin: a}", "origin: customer_id}").replace("origin: b}", "origin: at}")
    lock = lock.replace("origin: c}", "origin: topic}").replace("origin: d}", "origin: consent}")
    found = verdicts(tmp_path, {"retention.yml": settings, "retention.lock": lock, "tests/t.yml": CHANGES})
    assert [verdict.failures for verdict in found] == [(), ()]


def test_what_stands_beside_the_sources_is_there_too(tmp_path: Path) -> None:
    """The tool's own events as rows, a list of ids, a file of SQL over the made-up rows of each test, and no past."""
    own = """\
test: {title}
as_of: 2026-05-01
given:
  customers: [{{customer_id: a, age: 30}}, {{customer_id: b, age: {age}}}]
  ledger_events:
    - {{customer_id: a, event: email_opened, occurred_at: 2026-04-01, os: iOS, template: cart-1}}
    - {{customer_id: b, event: email_opened, occurred_at: 2026-05-02}}
expect:
  - {{where: {{did: email_opened, where: {{os: iOS}}}}, is: [a]}}
  - {{where: {{listed: lists/vip.csv}}, is: [b]}}
  - {{segment: old, is: {old}}}
  - {{where: {{segment: grown, for: 7 days}}, is: []}}
  - {{where: {{age: {{is: 30, for: 7 days}}}}, is: []}}
"""
    files = {
        "lists/vip.csv": "customer_id\nb\nx\n",
        "segments/old.yml": "sql_file: segments/old.sql\n",
        "segments/old.sql": "SELECT customer_id FROM customers WHERE age > 29",
        "tests/one.yml": own.format(title="one", age=9, old="[a]"),
        "tests/two.yml": own.format(title="two", age=40, old="[a, b]"),
        "tests/three.yml": own.format(title="three", age=9, old="[a]"),
    }
    assert [verdict.failures for verdict in verdicts(tmp_path, files)] == [(), (), ()]


def test_a_group_is_a_text_that_a_failure_tells(tmp_path: Path) -> None:
    group = "divisions:\n  young: {age: {less_than: 18}}\n  old: {age: {at_least: 40}}\notherwise: middle\n"
    files: dict[str, str | None] = {
        "groups/age_group.yml": group,
        "tests/a.yml": case("{group: age_group, values: {adult: middle, child: young, silent: old, guest: [middle, old]}}"),
        "tests/b.yml": case("{group: age_group, customer: adult, is: old}"),
    }
    right, wrong = verdicts(tmp_path, files)
    assert right.failures == ()
    assert [told(failure) for failure in wrong.failures] == [("group age_group of adult", ("age_group = old",), ("middle",))]
