"""Facts that come late, are said again otherwise, or are missing, by the real command, run after run: nothing is guessed."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from retention_cli.ledger.location import Location
from support.ledgers import query
from support.planned_ledger import faults
from support.shell import retention
from support.tiny_shop import SETTINGS, export, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

EVERYBODY = "name: everybody\nwhere: {everyone: true}\n"
GOALS = "goals: {g: {when: {did: order}, window: 5 days}}\n"
TWO = "steps: [{send: letter}, {wait: 1 day}, {send: letter, id: second}, {wait: 1 day}, {stop: done}]\n"
CAPS = "policies: {caps: [{at_most: 1, per: 2 days}]}\n"
SEEN = [("nobody", "2026-04-01 10:00:00", event, "p1", "k0") for event in ("page_view", "add_to_cart", "refund")]
PEOPLE = [(who, f"{who}@example.com", who.upper(), "CZ", "2026-01-01") for who in "ab"]
OLD = [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-04-20 10:00:00", "50.00")]


def shop_of(folder: Path, campaign: str, settings: str = SETTINGS, **tables: Any) -> Path:
    """Write a shop with one campaign called `it`."""
    files = {"retention.yml": settings, "segments/everybody.yml": EVERYBODY, "campaigns/it.yml": f"name: it\n{campaign}{GOALS}"}
    return make_shop(folder / "shop", files, **{"customers": PEOPLE, "orders": OLD, "web": SEEN, **tables})


def tick(shop: Path, as_of: str, *more: str, codes: tuple[int, ...] = (0, 5)) -> Any:
    """Run once, as planned before; return what became of the campaign."""
    looked = retention(shop, "plan", "--as-of", as_of, "--format", "json")
    assert looked.code == 0, looked.said
    planned = looked.json
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json", *more)
    assert ran.code in codes, ran.said
    if not more:
        assert ran.json["campaigns"] == planned["campaigns"], "what plan says is what run does"
    assert faults(ledger(shop)) == []
    return next(each for each in ran.json["campaigns"] if each["campaign"] == "it")


def ledger(shop: Path) -> Location:
    """Return where the decisions are."""
    return Location.parse("sqlite", shop)


def messages(shop: Path) -> list[tuple[Any, ...]]:
    """Return (customer, step, state, reason) of every message."""
    return query(ledger(shop), "SELECT customer, step, state, reason FROM messages ORDER BY id")


def ends(shop: Path) -> list[tuple[Any, ...]]:
    """Return (customer, state, reason) of every journey."""
    return query(ledger(shop), "SELECT customer, state, reason FROM journeys ORDER BY id")


ENTERS = "trigger: {enters: everybody, backfill: true}\n"
FRESH = "exit: {ordered: {did: order, since: entry, max_data_age: 2 hours}}\n"


def newest(at: str) -> list[tuple[object, ...]]:
    """Return orders the newest of which somebody unknown made at that time."""
    return [*OLD, ("9", "b", at, "1.00")]


def written(shop: Path, at: str) -> None:
    """Have the export of orders written at a moment."""
    seconds = datetime.fromisoformat(f"{at}+02:00").timestamp()
    os.utime(shop / "data/orders.csv", (seconds, seconds))


def test_with_facts_that_are_too_old_nothing_leaves_and_with_new_ones_it_does(tmp_path: Path) -> None:
    """The journey waits with its message, and the wait begins anew when it is planned."""
    shop = shop_of(tmp_path, ENTERS + FRESH + TWO)
    report = tick(shop, "2026-05-01T09:00")
    assert (report["send"], report["held_back"], report["enter"]) == (0, {"data too old: orders": 2}, 2)
    assert retention(shop, "status", "--format", "json").json["held"] == [{"campaign": "it", "reason": "data too old: orders", "count": 2}]
    assert "data too old: orders" in retention(shop, "status").out
    report = tick(shop, "2026-05-02T10:00")
    assert (report["send"], report["held_back"]) == (0, {"data too old: orders": 2}), "the wait is over, but the journey stands"
    export(shop, orders=newest("2026-05-02 09:30:00"))
    report = tick(shop, "2026-05-02T11:00")
    assert (report["send"], report["exit"]) == (1, {"ordered": 1}), "b ordered after the entry"
    assert [row[:3] for row in messages(shop)] == [("a", "send-letter", "sent"), ("b", "send-letter", "suppressed")]
    export(shop, orders=newest("2026-05-03 10:00:00"))
    assert tick(shop, "2026-05-03T10:59")["send"] == 0
    assert tick(shop, "2026-05-03T11:01")["send"] == 1, "a day after the first has left"


def test_a_message_that_waits_is_held_too_when_its_facts_have_grown_old(tmp_path: Path) -> None:
    """What was planned for the evening and has not left is asked again before it does."""
    steps = 'steps: [{send: letter, at: "18:00"}, {wait: 1 day}, stop]\n'
    shop = shop_of(tmp_path, ENTERS + FRESH + steps, orders=newest("2027-05-01 10:30:00"))
    written(shop, "2027-05-01T11:00")
    assert tick(shop, "2027-05-01T11:00")["held_back"] == {"not yet": 2}
    assert [row[2] for row in messages(shop)] == ["planned", "planned"], "this evening has not come yet by any clock"
    assert tick(shop, "2027-05-01T13:00")["held_back"] == {"data too old: orders": 2}
    assert [row[2:] for row in messages(shop)] == [("held", "data too old: orders")] * 2
    export(shop, orders=newest("2027-05-01 13:30:00"))
    written(shop, "2027-05-01T14:00")
    assert tick(shop, "2027-05-01T14:00")["exit"] == {"ordered": 1}


def test_a_message_is_not_held_for_ever(tmp_path: Path) -> None:
    """After a week it expires, as behind a cap; the journey goes on."""
    shop = shop_of(tmp_path, ENTERS + FRESH + "steps: [{send: letter}, {wait: 1 day}, {stop: done}]\n")
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-07T09:00")["held_back"] == {"data too old: orders": 2}
    assert tick(shop, "2026-05-08T09:00")["held_back"] == {"held too long": 2}
    assert [row[2:] for row in messages(shop)] == [("expired", "held too long: data too old: orders")] * 2
    tick(shop, "2026-05-08T09:10")
    assert ends(shop) == [("a", "ended", "done"), ("b", "ended", "done")]


def test_what_is_too_old_to_be_held_is_not_held_first(tmp_path: Path) -> None:
    """Nobody ran for nine days: the message that waited for its evening expires in the next run, and the run after that has nothing to do."""
    shop = shop_of(tmp_path, ENTERS + FRESH + 'steps: [{send: letter, at: "18:00"}, {wait: 1 day}, stop]\n', orders=newest("2027-05-01 10:30:00"))
    written(shop, "2027-05-01T11:00")
    tick(shop, "2027-05-01T11:00")
    assert tick(shop, "2027-05-10T11:00")["held_back"] == {"held too long": 2}
    assert tick(shop, "2027-05-10T11:00")["held_back"] == {}
    assert [row[2:] for row in messages(shop)] == [("expired", "held too long: data too old: orders")] * 2


def test_what_is_held_for_old_facts_takes_no_room_of_a_cap(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, ENTERS + FRESH + "priority: 90\nsteps: [{send: letter}]\n", SETTINGS + CAPS)
    write(shop, "campaigns/low.yml", f"name: low\npriority: 10\n{ENTERS}steps: [{{send: letter}}]\n{GOALS}")
    tick(shop, "2026-05-01T09:00")
    assert query(ledger(shop), "SELECT campaign, state, count(*) FROM messages GROUP BY 1, 2 ORDER BY 1") == [(1, "held", 2), (2, "sent", 2)]
    export(shop, orders=[*OLD, ("9", "nobody", "2026-05-01 10:00:00", "1.00")])
    assert tick(shop, "2026-05-01T11:00")["held_back"] == {"capped: 1 per 2 days": 2}, "and the cap is asked when the facts are new"


def test_only_the_sources_of_the_event_must_be_young(tmp_path: Path) -> None:
    exits = "exit: {seen: {did: page_view, since: entry, max_data_age: 2 hours}, ordered: {did: order, since: entry}}\n"
    shop = shop_of(tmp_path, ENTERS + exits + TWO, web=[("nobody", "2026-05-01 08:00:00", "page_view", "p1", "k")])
    assert tick(shop, "2026-05-01T09:00")["send"] == 2, "the orders are old, and nobody asked"
    shop = shop_of(tmp_path / "two", ENTERS + FRESH.replace("did: order", "did: [order, page_view]") + TWO)
    assert tick(shop, "2026-05-01T09:00")["held_back"] == {"data too old: orders, web": 2}


def absent(*gone: str) -> list[tuple[str, ...]]:
    """Return the customers without some."""
    return [row for row in PEOPLE if row[0] not in gone]


def test_i13_who_is_missing_from_one_export_gets_nothing_and_goes_on_when_there_again(tmp_path: Path) -> None:
    """No exit, no second entry, and no message while nobody knows."""
    shop = shop_of(tmp_path, ENTERS + TWO)
    assert tick(shop, "2026-05-01T09:00")["send"] == 2
    export(shop, customers=absent("b"))
    report = tick(shop, "2026-05-02T09:01")
    assert (report["send"], report["held_back"], report["exit"]) == (1, {"absent from the export": 1}, {})
    assert tick(shop, "2026-05-02T10:00")["held_back"] == {"absent from the export": 1}, "the same export counts once"
    export(shop, customers=PEOPLE)
    report = tick(shop, "2026-05-03T09:00")
    assert (report["send"], report["enter"]) == (1, 0)
    assert Counter(row[0] for row in messages(shop) if row[2] == "sent") == {"a": 2, "b": 2}


def test_i14_who_is_gone_for_good_ends_as_deleted_and_gets_nothing(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, ENTERS + TWO)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=absent("b"))
    assert tick(shop, "2026-05-02T09:01")["held_back"] == {"absent from the export": 1}
    export(shop, customers=[*absent("b"), ("c", "c@example.com", "C", "CZ", "2026-01-01")])
    report = tick(shop, "2026-05-03T09:01")
    assert (report["exit"], report["send"]) == ({"deleted": 1}, 1), "c alone is written to"
    assert ("b", "second", "suppressed", "exit: deleted") in messages(shop)
    assert ("b", "ended", "deleted") in ends(shop)
    export(shop, customers=[*PEOPLE, ("c", "c@example.com", "C", "CZ", "2026-01-01")])
    assert tick(shop, "2026-05-04T09:02")["enter"] == 0, "who comes back has had their entry"


def test_i14_with_absent_runs_of_one_the_first_export_without_them_ends_it(tmp_path: Path) -> None:
    settings = SETTINGS.replace("key: customer_id}", "key: customer_id, guard: {absent_runs: 1}}", 1)
    shop = shop_of(tmp_path, ENTERS + TWO, settings)
    tick(shop, "2026-05-01T09:00")
    export(shop, customers=absent("b"))
    assert tick(shop, "2026-05-02T09:01")["exit"] == {"deleted": 1}


THANKS = "trigger: {did: order, backfill: true}\n"
HELD = "policies: {caps: [{at_most: 1, per: 7 days}]}\n"
REFUND = "refunded: {did: refund, since: entry}"
DELETED = "deleted_order: {did_not: order, within: 7 days}"
CHEAP = "cheap: {total_of: {did: order, within: 7 days, field: total, value: {less_than: 10}}}"
BOUGHT = [("11", "a", "2026-05-01 08:00:00", "90.00"), ("12", "b", "2026-05-01 08:00:00", "90.00")]


def thanked(folder: Path, **changes: Any) -> Path:
    """Return a shop whose first letters of thanks have left, and whose second ones wait for a cap; then its exports change."""
    campaign = THANKS + f"exit: {{{REFUND}, {DELETED}, {CHEAP}}}\n" + TWO
    orders = [*OLD, *((str(n), "nobody", "2026-04-01 10:00:00", "1.00") for n in range(20, 40)), *BOUGHT]
    shop = shop_of(folder, campaign, SETTINGS + HELD, orders=orders)
    assert tick(shop, "2026-05-01T09:00")["send"] == 2
    assert tick(shop, "2026-05-02T09:01")["held_back"] == {"capped: 1 per 7 days": 2}
    export(shop, **{name: rows(orders) if callable(rows) else rows for name, rows in changes.items()})
    return shop


def test_i11_a_refund_after_the_thanks_were_planned_stops_them(tmp_path: Path) -> None:
    shop = thanked(tmp_path, web=[*SEEN, ("b", "2026-05-02 12:00:00", "refund", "p1", "k")])
    assert tick(shop, "2026-05-02T13:00")["exit"] == {"refunded": 1}
    assert [row[1:] for row in messages(shop) if row[0] == "b"] == [("send-letter", "sent", None), ("second", "suppressed", "exit: refunded")]


def test_i11_an_order_that_is_deleted_stops_what_has_not_left_and_no_history_is_rewritten(tmp_path: Path) -> None:
    """The trigger's row is gone too; what was sent stays sent, and the order is not judged again when it comes back."""
    shop = thanked(tmp_path, orders=lambda orders: [*orders[:-1], ("13", "nobody", "2026-05-02 08:00:00", "1.00")])
    history = "SELECT count(*) FROM transitions WHERE to_state = 'sent'"
    before = query(ledger(shop), history)
    assert tick(shop, "2026-05-02T13:00")["exit"] == {"deleted_order": 1}
    assert [row[2:] for row in messages(shop) if row[0] == "b"] == [("sent", None), ("suppressed", "exit: deleted_order")]
    assert query(ledger(shop), history) == before
    export(
        shop, orders=[*OLD, *BOUGHT, ("13", "nobody", "2026-05-02 08:00:00", "1.00"), *((str(n), "nobody", "2026-04-01", "1") for n in range(20, 40))]
    )
    assert tick(shop, "2026-05-02T14:00")["enter"] == 0


def test_i11_an_amount_that_changes_is_asked_again(tmp_path: Path) -> None:
    shop = thanked(tmp_path, orders=lambda orders: [*orders[:-1], ("12", "b", "2026-05-01 08:00:00", "5.00")])
    report = tick(shop, "2026-05-02T13:00")
    assert (report["exit"], report["enter"]) == ({"cheap": 1}, 0), "the same order, said otherwise, begins nothing"


CART = "trigger: {did: add_to_cart, not_followed_by: {did: order, within: 30 minutes}, late: 3 days}\n"
ORDERED = "exit: {ordered: {did: order, since: entry}}\n"


def test_i12_an_order_that_arrives_days_late_stops_the_cart_letters(tmp_path: Path) -> None:
    """It counts by its own time: before the letter; the cart is not judged twice when its window is read again."""
    shop = shop_of(tmp_path, CART + ORDERED + TWO)
    tick(shop, "2026-05-01T09:00")
    cart = [("a", "2026-05-01 10:00:00", "add_to_cart", "p1", "k1"), ("b", "2026-05-01 10:00:00", "add_to_cart", "p1", "k2")]
    export(shop, web=[*SEEN, *cart])
    assert tick(shop, "2026-05-01T10:40")["send"] == 2
    late = [*OLD, ("5", "b", "2026-05-01 11:00:00", "9.00")]
    export(shop, orders=late)
    report = tick(shop, "2026-05-04T10:00")
    assert (report["send"], report["exit"], report["enter"]) == (1, {"ordered": 1}, 0)


def test_i12_an_order_from_before_the_entry_that_arrives_late_lets_nobody_in(tmp_path: Path) -> None:
    """The cart and its order come in one late export: there was no abandoned cart; read once more, there is none either."""
    shop = shop_of(tmp_path, CART + ORDERED + TWO)
    tick(shop, "2026-05-01T09:00")
    export(shop, web=[*SEEN, ("a", "2026-05-01 10:00:00", "add_to_cart", "p1", "k1")], orders=[*OLD, ("5", "a", "2026-05-01 10:20:00", "9.00")])
    for moment in ("2026-05-03T10:00", "2026-05-03T11:00"):
        assert tick(shop, moment)["enter"] == 0
