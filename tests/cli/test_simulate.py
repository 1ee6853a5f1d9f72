"""`retention campaign simulate` and `retention test --coverage`: what is told, in which forms, and that nothing is written or sent."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING

import pytest

from proof.campaign_shop import make_shop as make_campaigns
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.rows import Suppression
from support.shell import retention
from support.tiny_shop import make_shop

if TYPE_CHECKING:
    from pathlib import Path

PERSON = """\
given: {customers: [{customer_id: anna, newsletter: true}]}
when:
  - {at: 2026-05-01T10:00, customer: anna, did: add_to_cart}
  - {at: 2026-05-01T20:00, customer: anna, did: order, total: 5}
"""
TOLD = """\
2026-05-01 00:00  nothing begins
2026-05-01 10:00  did add_to_cart  {file}:3
                  nothing begins
2026-05-01 10:30  enters  campaigns/campaigns.yml:2
                    ✓ newsletter = true (yes)  campaigns/campaigns.yml:6
                  sent cart-1  campaigns/campaigns.yml:13
                  waits at wait-1-day until 2026-05-02 10:30
2026-05-01 20:00  did order (total 5)  {file}:4
                  reaches the goal ordered
2026-05-01 20:30  still waits at wait-1-day until 2026-05-02 10:30
                    ✓ did order since entry (1)  campaigns/campaigns.yml:8
2026-05-02 00:00  still waits at wait-1-day until 2026-05-02 10:30
                    ✓ did order since entry (1)  campaigns/campaigns.yml:8
2026-05-02 10:30  ends by its exit ordered  campaigns/campaigns.yml:8
                    ✓ did order since entry (1)  campaigns/campaigns.yml:8
2026-05-03 00:00  nothing begins
"""
CART = """\
    name: cart
    trigger:
      did: add_to_cart
      not_followed_by: [{did: order, within: 30 minutes}]
    exit:
      ordered: {did: order, since: entry}
    goals:
      ordered: {when: {did: order}, window: 5 days}
    steps:
      - send: letter
      - wait: 1 day
      - send: letter
        id: again
"""
TESTS = """\
- test: the cart
  when: [{at: 2026-05-01T10:00, customer: anna, did: add_to_cart}]
  expect: {campaign: cart, customer: anna, until: 2026-05-04, sends: [cart-1, cart-2]}
- test: a segment
  as_of: 2026-05-01
  given: {customers: [{customer_id: anna, birthday: 1990-01-01}, {customer_id: bob}]}
  expect: {segment: grown, is: [anna]}
"""
SPAN = ("--from", "2026-05-01", "--until", "2026-05-03")


@pytest.fixture
def campaigns(tmp_path: Path) -> Path:
    return make_campaigns(tmp_path / "shop", {"tests/t.yml": TESTS})


@pytest.fixture
def person(tmp_path: Path) -> Path:
    file = tmp_path / "person.yml"
    file.write_text(PERSON, encoding="utf-8")
    return file


def test_a_made_up_person_is_told_day_by_day(campaigns: Path, person: Path) -> None:
    ran = retention(campaigns, "campaign", "simulate", "cart", "anna", "--given", str(person), *SPAN)
    assert (ran.code, ran.out) == (0, TOLD.format(file=person))
    assert ran.said == "cart for anna, from 2026-05-01 00:00 to 2026-05-03 00:00; nothing was written or sent\n"
    assert not (campaigns / ".retention").exists()


def test_the_same_as_json(campaigns: Path, person: Path) -> None:
    ran = retention(campaigns, "campaign", "simulate", "cart", "anna", "--given", str(person), *SPAN, "--every", "1 week", "--format", "json")
    found = ran.json
    assert (found["campaign"], found["customer"], found["from"], found["until"]) == (
        "cart",
        "anna",
        "2026-05-01T00:00:00+02:00",
        "2026-05-03T00:00:00+02:00",
    )
    assert [(scene["at"], scene["what"]) for scene in found["story"]][3:6] == [
        ("2026-05-01T10:30:00+02:00", "entered"),
        ("2026-05-01T10:30:00+02:00", "sent"),
        ("2026-05-01T10:30:00+02:00", "waits"),
    ]
    sent = found["story"][4]
    assert (sent["template"], sent["step"], sent["channel"], sent["file"], sent["line"]) == (
        "cart-1",
        "send-cart-1",
        "email",
        "campaigns/campaigns.yml",
        13,
    )
    [condition] = found["story"][3]["conditions"]
    assert (condition["text"], condition["holds"], condition["value"]) == ("newsletter = true", True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("crt", "anna"), "there is no campaign 'crt'"),
        (("cart", "ana"), "is the customer 'ana'"),
        (("cart", "anna", "--every", "often"), "'often' is not a length of time"),
        (("cart", "anna", "--every", "0 days"), "--every is no time at all"),
        (("cart", "anna", "--until", "2026-01-01"), "the simulation would end before it begins"),
    ],
)
def test_what_cannot_be_told_says_why(arguments: tuple[str, ...], said: str, campaigns: Path, person: Path) -> None:
    ran = retention(campaigns, "campaign", "simulate", *arguments, "--given", str(person))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "should be a mapping, not a list"),
        ("", "the file is empty"),
        ("as_of: 2026-05-01\ngivn: {}\n", "this version knows no key 'givn' of a made-up person"),
        ("when: [{at: 2026-05-01, customer: anna, did: ordr}]\n", "no source tells of an event 'ordr'"),
        ("given: {orders: [{customer_id: anna}]}\nas_of: 2026-05-01\n", "a row of orders needs 'ordered_at'"),
        ("when: []\n", "the test needs 'as_of'"),
    ],
)
def test_mistakes_in_the_file_have_their_place(text: str, said: str, campaigns: Path, person: Path) -> None:
    person.write_text(text, encoding="utf-8")
    ran = retention(campaigns, "campaign", "simulate", "cart", "anna", "--given", str(person))
    assert ran.code == 2
    assert f"{person}:" in ran.said
    assert said in ran.said


def test_a_customer_of_the_shop_is_told_and_nothing_is_written_or_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the exports as they are; the ledger's bytes stay, and no socket is opened."""
    web = [("a", "2026-05-01 10:00:00", "add_to_cart", "p1", "k1"), ("b", "2026-05-01 10:00:00", "add_to_cart", "p1", "k2")]
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=web)
    assert retention(shop, "run", "--as-of", "2026-04-30T09:00").code == 0
    ledger = shop / ".retention/ledger.db"
    before = hashlib.sha256(ledger.read_bytes()).hexdigest()

    def no_socket(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    ran = retention(shop, "campaign", "simulate", "cart", "a", "--from", "2026-05-01", "--until", "2026-05-03", "--every", "1 week")
    assert ran.code == 0
    assert [line.split("  ")[-2 if "campaigns/" in line else -1].strip() for line in ran.out.splitlines() if "✗" not in line] == [
        "nothing begins",
        "did add_to_cart",
        "nothing begins",
        "enters",
        "sent letter",
        "waits at wait-1-day until 2026-05-02 10:30",
        "sent letter",
        "ends: finished",
        "nothing begins",
    ]
    assert hashlib.sha256(ledger.read_bytes()).hexdigest() == before
    assert not (shop / "outbox").exists()


def test_whom_the_ledger_leaves_alone_gets_nothing_here_either(tmp_path: Path) -> None:
    web = [("a", "2026-05-01 10:00:00", "add_to_cart", "p1", "k1")]
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=web)
    assert retention(shop, "run", "--as-of", "2026-04-30T09:00").code == 0
    with open_ledger(Location.parse(None, shop)) as ledger:
        ledger.suppress([Suppression("email", "unsubscribed", "test", 0, address="ann@example.com")])
    ran = retention(shop, "campaign", "simulate", "cart", "a", "--from", "2026-05-01", "--until", "2026-05-03")
    assert "letter is suppressed: suppressed" in ran.out
    assert "sent" not in ran.out


def test_nobody_is_told_of_who_is_not_there(tmp_path: Path) -> None:
    web = [("a", "2026-05-01 10:00:00", "add_to_cart", "p1", "k1")]
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=web)
    ran = retention(shop, "campaign", "simulate", "cart", "zoe", "--from", "2026-05-01", "--until", "2026-05-03")
    assert ran.code == 2
    assert "there is no customer 'zoe'" in ran.said


def test_coverage_shows_what_no_test_came_by(campaigns: Path) -> None:
    ran = retention(campaigns, "test", "--coverage")
    assert (ran.code, ran.said) == (0, "2 tests passed\n")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["cart", "somebody", "enters", "campaigns/campaigns.yml:2", "1"] in lines
    assert ["cart", "not", "in", "the", "audience", "campaigns/campaigns.yml:6", "none"] in lines
    assert ["cart", "exit", "ordered", "campaigns/campaigns.yml:8", "none"] in lines
    assert ["cart", "send-cart-2", "campaigns/campaigns.yml:15", "1"] in lines
    assert ["cart", "5", "7", "71%"] in lines


def test_an_exit_that_stops_a_message_counts_and_a_timetable_comes_to_its_audience_alone(tmp_path: Path) -> None:
    exits = 'trigger: {did: add_to_cart}\nexit: {ordered: {did: order, since: entry}}\nsteps: [{send: cart-1, at: "20:00"}]\n'
    weekly = 'trigger: {schedule: {every: monday, at: "09:00"}}\naudience: {newsletter: true}\nsteps: [{send: tips}]\n'
    test = (
        "when:\n  - {at: 2026-05-01T10:00, customer: anna, did: add_to_cart}\n  - {at: 2026-05-01T11:00, customer: anna, did: order, total: 5}\n"
        "expect: {campaign: evening, customer: anna, until: 2026-05-02, sends: [], ends: finished}\n"
    )
    made = make_campaigns(tmp_path / "shop", {"campaigns/evening.yml": exits, "campaigns/weekly.yml": weekly, "tests/evening.yml": test})
    ran = retention(made, "test", "--coverage", "--format", "json")
    found = {(each["campaign"], each["kind"], each["name"]): each["tests"] for each in ran.json["coverage"]}
    assert found["evening", "exit", "ordered"] == 1
    assert ("weekly", "audience", "in the audience") in found
    assert ("weekly", "audience", "not in the audience") not in found


def test_coverage_as_json_and_its_least(campaigns: Path) -> None:
    ran = retention(campaigns, "test", "--coverage", "--format", "json")
    assert [one["passed"] for one in ran.json["tests"]] == [True, True]
    cart = [each for each in ran.json["coverage"] if each["campaign"] == "cart"]
    assert [(each["kind"], each["name"], each["tests"]) for each in cart] == [
        ("trigger", "entered", 1),
        ("audience", "in the audience", 1),
        ("audience", "not in the audience", 0),
        ("exit", "ordered", 0),
        ("step", "send-cart-1", 1),
        ("step", "wait-1-day", 1),
        ("step", "send-cart-2", 1),
    ]
    few = retention(campaigns, "test", "--coverage-min", "5%")
    assert few.code == 0
    many = retention(campaigns, "test", "--coverage-min", "80%")
    assert many.code == 2
    assert many.said.endswith("of the campaigns, and --coverage-min asks for 80%\n")
    wrong = retention(campaigns, "test", "--coverage-min", "most")
    assert (wrong.code, wrong.said) == (2, "error: --coverage-min 'most' is no share\nhint: write it like 80%\n")


def test_a_failing_campaign_is_told_whole(campaigns: Path) -> None:
    (campaigns / "tests/t.yml").write_text(TESTS.replace("[cart-1, cart-2]", "[cart-1]"), encoding="utf-8")
    ran = retention(campaigns, "test", "-k", "cart")
    assert (ran.code, ran.said) == (2, "1 of 1 test failed\n")
    assert ran.out.startswith("""\
✗ tests/t.yml:1: the cart
    line 3: campaign cart for anna
      expected  sends: cart-1
      found     sends: cart-1 at 2026-05-01 10:30, cart-2 at 2026-05-02 10:30
      what happened:
        2026-04-30 10:00  nothing begins
        2026-05-01 10:00  did add_to_cart  tests/t.yml:2
""")
    found = retention(campaigns, "test", "-k", "cart", "--format", "json").json[0]["failures"][0]
    assert (found["expected"], found["story"][1]["text"]) == (["sends: cart-1"], "did add_to_cart")
    assert "sends: cart-1 at 2026-05-01 10:30" in retention(campaigns, "test", "-k", "cart", "--format", "junit").out


def test_a_campaign_that_names_what_is_not_there_is_a_mistake_before_any_test(campaigns: Path) -> None:
    file = campaigns / "campaigns/campaigns.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("audience: {newsletter: true}", "audience: {newsleter: true}"), encoding="utf-8")
    ran = retention(campaigns, "test")
    assert (ran.code, ran.out) == (2, "")
    assert "campaigns/campaigns.yml:6" in ran.said
    assert "newsleter" in ran.said
