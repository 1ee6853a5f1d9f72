"""I15: two customers turn out to be one while both are under way; what was said to either, and by either, counts for the one that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.test_late_facts import ENTERS, EVERYBODY, FRESH, GOALS, OLD, SEEN, TWO, ends, ledger, messages, newest, tick, written
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.rows import Suppression
from support.ledgers import query
from support.shell import retention
from support.tiny_shop import SETTINGS, export, make_shop

if TYPE_CHECKING:
    from pathlib import Path

IDENTITIES = "  identities: {path: data/identities.csv}\n"
WITH = SETTINGS.replace("sources:\n", "sources:\n" + IDENTITIES)
NOBODY, B_IS_A = [("v0", "a")], [("b", "a")]
TRIGGER_ORDER = "trigger: {did: order}\nagain: always\n"


def person(who: str) -> tuple[object, ...]:
    """Return a row of the customers."""
    return (who, f"{who}@example.com", who.upper(), "CZ", "2026-01-01")


def shop_of(folder: Path, campaign: str, people: str, settings: str = WITH, **tables: Any) -> Path:
    """Write a shop of these people with one campaign called `it`."""
    assert IDENTITIES in settings
    files = {"retention.yml": settings, "segments/everybody.yml": EVERYBODY, "campaigns/it.yml": f"name: it\n{campaign}{GOALS}"}
    known = {"identities": NOBODY, "customers": [person(who) for who in people], "orders": OLD, "web": SEEN}
    return make_shop(folder / "shop", files, **{**known, **tables})


def merge(shop: Path, people: str = "a") -> None:
    """Have the next exports say that b is a."""
    export(shop, identities=B_IS_A)
    export(shop, customers=[person(who) for who in people])


def test_i15_of_two_journeys_the_furthest_goes_on_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, ENTERS + TWO, "b")
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=[person("a"), person("b")])
    tick(shop, "2026-05-02T08:00")
    assert messages(shop) == [("b", "send-letter", "sent", None), ("a", "send-letter", "sent", None)]
    merge(shop)
    assert tick(shop, "2026-05-02T09:00")["exit"] == {"merged": 1}
    assert ends(shop) == [("b", "open", None), ("a", "ended", "merged")]
    assert messages(shop)[2:] == [("a", "second", "sent", None)], "the journey of b is a's now, and a's own is over"
    assert query(ledger(shop), "SELECT address FROM messages WHERE step = 'second'") == [("a@example.com",)]
    tick(shop, "2026-05-03T09:30")
    tick(shop, "2026-05-04T09:30")
    assert len(messages(shop)) == 3
    assert ends(shop) == [("b", "ended", "done"), ("a", "ended", "merged")]


def test_i15_a_message_of_the_journey_that_ends_does_not_leave(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, ENTERS + FRESH + TWO, "b", orders=newest("2026-05-01 09:00:00"))
    written(shop, "2026-05-01 10:00:00")
    tick(shop, "2026-05-01T10:00")
    export(shop, customers=[person("a"), person("b")])
    tick(shop, "2026-05-02T09:00")
    assert messages(shop) == [("b", "send-letter", "sent", None), ("a", "send-letter", "held", "data too old: orders")]
    merge(shop)
    assert tick(shop, "2026-05-02T09:30")["exit"] == {"merged": 1}
    assert messages(shop)[1] == ("a", "send-letter", "suppressed", "exit: merged")
    assert [row[1] for row in ends(shop)] == ["open", "ended"]


def test_i15_whoever_said_no_under_the_older_id_is_left_alone(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, ENTERS + TWO, "b")
    tick(shop, "2026-05-01T09:00")
    with open_ledger(ledger(shop)) as book:
        book.suppress([Suppression(channel="email", reason="unsubscribed", source="test", at=0, customer="b")])
    merge(shop)
    tick(shop, "2026-05-02T10:00")
    assert messages(shop)[1:] == [("a", "second", "suppressed", "suppressed")]


def test_i15_caps_count_what_either_was_sent(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, TRIGGER_ORDER + TWO, "ab", WITH + "policies: {caps: [{at_most: 1, per: 2 days}]}\n")
    tick(shop, "2026-05-01T09:00")
    export(shop, orders=[*OLD, ("3", "b", "2026-05-01 09:30:00", "10.00")])
    tick(shop, "2026-05-01T10:00")
    merge(shop)
    export(shop, orders=[*OLD, ("3", "b", "2026-05-01 09:30:00", "10.00"), ("4", "a", "2026-05-01 10:30:00", "10.00")])
    tick(shop, "2026-05-01T11:00")
    assert [row[:3] for row in messages(shop)] == [("b", "send-letter", "sent"), ("a", "send-letter", "held")]
    tick(shop, "2026-05-01T12:00")
    assert [row[1] for row in ends(shop)] == ["open", "open"], "each order has its journey, also where one customer made both"


def test_i15_what_b_did_begins_nothing_again_for_a(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, TRIGGER_ORDER + "steps: [{send: letter}]\n", "ab")
    tick(shop, "2026-05-01T09:00")
    rows = [*OLD, ("3", "b", "2026-05-01 09:30:00", "10.00")]
    export(shop, orders=rows)
    assert tick(shop, "2026-05-01T10:00")["enter"] == 1
    merge(shop)
    assert tick(shop, "2026-05-01T11:00")["enter"] == 0, "the order is a's now, and was judged"
    export(shop, orders=[*rows, ("4", "b", "2026-05-01 11:30:00", "10.00")])
    assert tick(shop, "2026-05-01T12:00")["enter"] == 1
    assert [row[0] for row in messages(shop)] == ["b", "a"]


def test_a_customer_who_is_another_one_is_nobody_else(tmp_path: Path) -> None:
    """Also where the export of customers still has both: else b would be somebody without orders."""
    shop = shop_of(tmp_path, ENTERS + TWO, "ab")
    merge(shop, "ab")
    checked = retention(shop, "data", "check", "--format", "json").json
    told = next(each for each in checked if each["source"] == "customers")
    assert (told["rows"], told["left_out"]) == (1, {"of a customer who is another one by identities": 1})
    assert tick(shop, "2026-05-01T09:00")["enter"] == 1
