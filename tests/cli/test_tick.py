"""Whole ticks by the real command: who enters, what is planned, what is sent, and what is never sent again."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from support.message_check import check
from support.shell import Ran, process, retention
from support.tiny_shop import SETTINGS, TEMPLATE, export, make_shop, write

CART = """\
    name: cart
    trigger:
      did: add_to_cart
      not_followed_by:
        - {did: order, within: 30 minutes}
        - {did: add_to_cart, within: 30 minutes}
    again: {after: 14 days, at_most: 6}
    exit:
      ordered: {did: order, since: entry}
    goals:
      ordered: {when: {did: order}, window: 5 days}
    steps:
      - send: letter
      - wait: 1 day
      - if: {total_spent: {at_least: 80}}
        then: [{send: letter, id: big}]
        else: [{send: letter, id: small}]
      - wait: 1 day
      - stop: enough
"""
ASLEEP = """\
    name: asleep
    where: {last_order_at: {older_than: 50 days}}
"""
WAKE = """\
    name: wake
    trigger: {enters: asleep}
    exit:
      ordered: {did: order, since: entry}
    goals: {back: {when: {did: order}, window: 30 days}}
    steps:
      - send: letter
"""


def tick(shop: Path, as_of: str, *more: str) -> Any:
    """Run one tick and return its JSON; it must have ended well."""
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json", *more)
    assert ran.code in (0, 5), ran.said
    return ran.json


def campaign(report: Any, name: str) -> Any:
    """Return one campaign of a report."""
    return next(each for each in report["campaigns"] if each["campaign"] == name)


def outbox(shop: Path) -> list[Path]:
    """Return the messages that left."""
    return sorted((shop / "outbox").glob("*.eml"))


def carts(*rows: tuple[str, str]) -> list[tuple[object, ...]]:
    """Return web rows: (customer, time) put p1 into a cart."""
    return [(customer, time, "add_to_cart", "p1", f"k{customer}") for customer, time in rows]


def test_a_left_cart_is_reminded_until_the_order(tmp_path: Path) -> None:
    """Enters when the window is over, is reminded a day later by branch, and stops at the order."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00")))
    assert campaign(tick(shop, "2026-05-01T09:00"), "cart")["enter"] == 0
    assert campaign(tick(shop, "2026-05-01T10:29"), "cart")["enter"] == 0, "the 30 minutes are not over"
    first = tick(shop, "2026-05-01T10:31")
    assert (campaign(first, "cart")["enter"], first["messages"]["sent"]) == (2, 2)
    orders = [("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-05-02 10:00:00", "50.00")]
    export(shop, orders=orders)
    second = tick(shop, "2026-05-02T11:00")
    assert campaign(second, "cart")["exit"] == {"ordered": 1}
    assert second["messages"]["sent"] == 1
    steps = retention(shop, "status", "--format", "json").json
    assert {"campaign": "cart", "state": "ended", "reason": "ordered", "count": 1} in steps["journeys"]
    third = tick(shop, "2026-05-03T11:30")
    assert third["messages"]["sent"] == 0
    assert {"campaign": "cart", "state": "ended", "reason": "enough", "count": 1} in retention(shop, "status", "--format", "json").json["journeys"]
    assert len(outbox(shop)) == 3


def test_an_order_between_the_window_and_the_tick_wins(tmp_path: Path) -> None:
    """An order after the entry, but before the tick that finds it, ends the journey before anything is sent."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("9", "a", "2026-05-01 10:45:00", "10.00")])
    report = tick(shop, "2026-05-01T12:00")
    assert campaign(report, "cart")["exit"] == {"ordered": 1}
    assert report["messages"]["sent"] == 0
    assert outbox(shop) == []


def test_t14_what_an_export_tells_ahead_of_time_counts_when_its_time_has_come(tmp_path: Path) -> None:
    """T14, T16: a tick knows one time, its own, from its first question to its last."""
    shop = make_shop(tmp_path, {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-02 00:00:00")))
    for as_of, sent in (("2026-05-01T10:00", 0), ("2026-05-01T23:59:59", 0), ("2026-05-02T00:29:59", 0), ("2026-05-02T00:30", 1)):
        assert campaign(tick(shop, as_of), "cart")["send"] == sent


def test_the_same_tick_again_sends_nothing(tmp_path: Path) -> None:
    """Once more at the same time, and once more later with the same files: nobody is written to twice (J07)."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-01T11:00")["messages"]["sent"] == 1
    before = {path.name: path.read_bytes() for path in outbox(shop)}
    for as_of in ("2026-05-01T11:00", "2026-05-01T11:00", "2026-05-01T12:00"):
        assert tick(shop, as_of)["messages"]["sent"] == 0
    assert {path.name: path.read_bytes() for path in outbox(shop)} == before


def test_an_event_read_again_does_not_enrol_again(tmp_path: Path) -> None:
    """The same events under other file bytes: an occurrence is judged once (J07, I12)."""
    rows = carts(("a", "2026-05-01 10:00:00"))
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART.replace("again: {after: 14 days, at_most: 6}", "again: always")}, web=rows)
    tick(shop, "2026-05-01T09:00")
    assert campaign(tick(shop, "2026-05-01T11:00"), "cart")["enter"] == 1
    export(shop, web=[*rows, ("b", "2026-05-01 09:00:00", "page_view", "p1", "k9")])
    assert campaign(tick(shop, "2026-05-01T11:30"), "cart")["enter"] == 0


def test_who_fits_at_the_first_run_is_a_baseline(tmp_path: Path) -> None:
    """J23: years of history send nothing at the first run; who comes in later is written to once, ever."""
    files = {"segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE}
    shop = make_shop(tmp_path / "shop", files)
    first = tick(shop, "2026-05-01T09:00")
    assert (campaign(first, "wake")["baseline"], first["messages"]["sent"]) == (1, 0)
    second = tick(shop, "2026-06-15T09:00")
    assert (campaign(second, "wake")["enter"], second["messages"]["sent"]) == (1, 1), "b fell asleep in between"
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-06-16 10:00:00", "50.00")])
    tick(shop, "2026-06-17T09:00")
    third = tick(shop, "2026-09-01T09:00")
    assert campaign(third, "wake")["turned_away"] == {"again": 1}, "enters never enrols the same person twice"


def test_backfill_enrols_who_already_fits(tmp_path: Path) -> None:
    """`backfill: true` writes to the baseline too, once."""
    files = {"segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE.replace("{enters: asleep}", "{enters: asleep, backfill: true}")}
    shop = make_shop(tmp_path / "shop", files)
    assert campaign(tick(shop, "2026-05-01T09:00"), "wake")["enter"] == 1
    assert campaign(tick(shop, "2026-05-01T09:30"), "wake")["enter"] == 0


def test_a_segment_that_means_something_else_is_a_new_baseline(tmp_path: Path) -> None:
    """J05: entrants of a changed definition are not written to."""
    files = {"segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE}
    shop = make_shop(tmp_path / "shop", files)
    tick(shop, "2026-05-01T09:00")
    write(shop, "segments/asleep.yml", ASLEEP.replace("50 days", "5 days"))
    report = tick(shop, "2026-05-01T10:00")
    assert (campaign(report, "wake")["enter"], campaign(report, "wake")["baseline"]) == (0, 2)


def test_running_journeys_finish_on_their_revision(tmp_path: Path) -> None:
    """A campaign edited while people are inside, and edited back: old journeys go on as they began, and nothing breaks."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-01T11:00")["messages"]["sent"] == 1
    write(shop, "campaigns/cart.yml", CART.replace("- wait: 1 day\n      - if", "- stop: short\n      - if").split("      - if")[0])
    assert tick(shop, "2026-05-01T12:00")["messages"]["sent"] == 0
    assert tick(shop, "2026-05-02T12:00")["messages"]["sent"] == 1, "the second letter of the revision it entered"
    write(shop, "campaigns/cart.yml", CART)
    assert tick(shop, "2026-05-02T13:00")["messages"]["sent"] == 0


def test_plan_is_run(tmp_path: Path) -> None:
    """J20: plan writes nothing to the ledger, and run then sends exactly what it said, with the same reasons."""
    files = {"campaigns/cart.yml": CART, "segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE}
    shop = make_shop(tmp_path / "shop", files, web=carts(("a", "2026-05-01 10:00:00"), ("c", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    ledger = shop / ".retention" / "ledger.db"
    before = hashlib.sha256(ledger.read_bytes()).hexdigest()
    pointer = {path: path.read_bytes() for path in (shop / ".retention").rglob("*.json") if "snapshots" in path.parts}
    planned = retention(shop, "plan", "--as-of", "2026-05-01T11:00", "--format", "json").json
    dry = retention(shop, "run", "--dry-run", "--as-of", "2026-05-01T11:00", "--format", "json").json
    assert planned == dry
    assert hashlib.sha256(ledger.read_bytes()).hexdigest() == before
    assert {path: path.read_bytes() for path in pointer} == pointer
    ran = tick(shop, "2026-05-01T11:00")
    assert ran["campaigns"] == planned["campaigns"]
    assert ran["messages"]["sent"] == sum(each["send"] for each in planned["campaigns"]) == 1
    assert campaign(ran, "cart")["held_back"] == {"no address": 1}, "a row with its reason, not silence"


def test_plan_before_the_first_run_needs_no_ledger(tmp_path: Path) -> None:
    """A first plan leaves no ledger, no lock file and no signing key behind."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    assert retention(shop, "plan", "--as-of", "2026-05-01T09:00").code == 0
    assert not (shop / ".retention" / "ledger.db").exists()
    assert not (shop / "retention.lock").exists()
    assert not (shop / ".retention" / "signing.key").exists()


@pytest.mark.parametrize("command", [("plan",), ("validate",), ("run", "--dry-run"), ("segment", "size")])
def test_looking_opens_no_socket(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Against a server that counts: only run and send may call it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        target = f'{{ledger: sqlite, deliver: {{email: {{to: smtp, url: "smtp://127.0.0.1:{server.getsockname()[1]}"}}}}}}'
        settings = SETTINGS.split("targets:")[0] + f"targets:\n  default: {target}\n"
        shop = make_shop(tmp_path / "shop", {"retention.yml": settings, "campaigns/wake.yml": WAKE, "segments/asleep.yml": ASLEEP})
        extra = () if command[0] == "validate" else ("--as-of", "2026-05-01T09:00")
        ran: Ran = process(shop, *command, *extra)
        assert ran.code == 0, ran.said
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_guard_stops_before_anything(tmp_path: Path) -> None:
    """A shrunk export ends the run with exit 3; nothing is decided and the ledger knows no later run (I01, R7)."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    settings = (shop / "retention.yml").read_text(encoding="utf-8")
    write(shop, "retention.yml", settings.replace("event: order}", "event: order, guard: {max_shrink: 10%}}"))
    tick(shop, "2026-05-01T09:00")
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00")])
    stopped = retention(shop, "run", "--as-of", "2026-05-01T11:00")
    assert (stopped.code, outbox(shop)) == (3, [])
    assert "orders" in stopped.said
    assert len(retention(shop, "status", "--format", "json").json["runs"]) == 1


def test_a_run_never_goes_back(tmp_path: Path) -> None:
    """T10: a clock that was set back ends the run with exit 3."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-02T09:00")
    assert retention(shop, "run", "--as-of", "2026-05-01T09:00").code == 3


def test_every_message_that_leaves_is_sound(tmp_path: Path) -> None:
    """What lies in the outbox passes the raw-byte rules, also for a hostile name (R9, SEC13)."""
    people = [
        ("a", "ann@example.com", "=?UTF-8?Q?=0A?=Bcc: evil@x.test", "CZ", "2026-01-01"),
        ("b", "bob@example.com", "<b>Bob</b>\u2028\x07", "SK", "2026-01-02"),
    ]
    shop = make_shop(
        tmp_path / "shop", {"campaigns/cart.yml": CART}, customers=people, web=carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00"))
    )
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-01T11:00")["messages"]["sent"] == 2
    for path in outbox(shop):
        raw = path.read_bytes()
        to = "ann@example.com" if b"ann@example.com" in raw else "bob@example.com"
        assert check(raw, to=to, sender_domain="example.com", kind="performance", host="mail.example.com") == []


def test_goals_are_counted_from_the_entry(tmp_path: Path) -> None:
    """An order inside the window reaches the goal; one before the entry does not."""
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": CART}, web=carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    tick(shop, "2026-05-01T11:00")
    assert retention(shop, "status", "--format", "json").json["goals"] == []
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-05-02 10:00:00", "50.00")])
    tick(shop, "2026-05-02T11:00")
    assert retention(shop, "status", "--format", "json").json["goals"] == [{"campaign": "cart", "goal": "ordered", "count": 1, "total": None}]


def test_a_template_that_only_an_old_revision_sends_is_still_sent(tmp_path: Path) -> None:
    """A journey finishes as it began, with the letters of its own revision; a letter that is gone is a row with its reason."""
    second = {"templates/second.html": TEMPLATE.replace("Hello {{", "Again {{")}
    cart = CART.replace("send: letter, id: big", "send: second").replace("send: letter, id: small", "send: second")
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": cart, **second}, web=carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-01T11:00")["messages"]["sent"] == 2
    write(shop, "campaigns/cart.yml", cart.split("      - wait: 1 day")[0])
    assert tick(shop, "2026-05-02T11:00")["messages"]["sent"] == 2
    subjects = [path.read_text(encoding="utf-8") for path in outbox(shop)]
    assert sum("Subject: Again" in text for text in subjects) == 2


def test_a_letter_that_is_gone_is_a_row_with_its_reason(tmp_path: Path) -> None:
    second = {"templates/second.html": TEMPLATE}
    cart = CART.replace("send: letter, id: big", "send: second").replace("send: letter, id: small", "send: second")
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": cart, **second}, web=carts(("a", "2026-05-01 10:00:00")))
    tick(shop, "2026-05-01T09:00")
    tick(shop, "2026-05-01T11:00")
    write(shop, "campaigns/cart.yml", cart.split("      - wait: 1 day")[0])
    (shop / "templates" / "second.html").unlink()
    report = tick(shop, "2026-05-02T11:00")
    assert campaign(report, "cart")["held_back"] == {"no template: second": 1}
    assert (report["messages"]["sent"], report["messages"]["suppressed"]) == (0, 1)


def test_a_campaign_that_is_off_sends_nothing_and_the_purchase_still_wins(tmp_path: Path) -> None:
    """What was planned is held while the campaign is off, stopped by an order, and goes on when it is on again (J08, J21)."""
    settings = SETTINGS.replace("{to: folder, path: outbox}", '{to: smtp, url: "smtp://127.0.0.1:9"}').replace(
        "default: {", "default: {ledger: sqlite, "
    )
    rows = carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00"))
    shop = make_shop(tmp_path / "shop", {"retention.yml": settings, "campaigns/cart.yml": CART}, web=rows)
    tick(shop, "2026-05-01T09:00")
    assert tick(shop, "2026-05-01T11:00")["messages"]["deferred"] == 2
    write(shop, "retention.yml", SETTINGS.replace("default: {", "default: {ledger: sqlite, "))
    write(shop, "campaigns/cart.yml", CART.replace("name: cart\n", "name: cart\n    enabled: false\n"))
    export(shop, orders=[("1", "a", "2026-01-10 10:00:00", "100.00"), ("2", "b", "2026-05-01 12:00:00", "50.00")])
    off = tick(shop, "2026-05-01T13:00")
    assert (off["messages"]["sent"], off["messages"]["held"], off["messages"]["suppressed"]) == (0, 1, 1)
    assert tick(shop, "2026-05-01T14:00")["messages"]["sent"] == 0
    write(shop, "campaigns/cart.yml", CART)
    on = tick(shop, "2026-05-01T15:00")
    assert (on["messages"]["sent"], len(outbox(shop))) == (1, 1)


def test_a_goal_may_ask_for_the_same_product(tmp_path: Path) -> None:
    """`same:` compares with the event that began the journey."""
    cart = CART.replace("ordered: {when: {did: order}, window: 5 days}", "looked: {when: {did: view_item, same: product_id}, window: 5 days}")
    rows = [*carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00")), ("a", "2026-04-01 10:00:00", "view_item", "p1", "k")]
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": cart}, web=rows)
    tick(shop, "2026-05-01T09:00")
    tick(shop, "2026-05-01T11:00")
    export(shop, web=[*rows, ("a", "2026-05-01 12:00:00", "view_item", "p1", "k"), ("b", "2026-05-01 12:00:00", "view_item", "p2", "k")])
    tick(shop, "2026-05-01T13:00")
    assert retention(shop, "status", "--format", "json").json["goals"] == [{"campaign": "cart", "goal": "looked", "count": 1, "total": None}]


def test_a_total_is_settled_when_its_window_is_over(tmp_path: Path) -> None:
    cart = CART.replace("ordered: {when: {did: order}, window: 5 days}", "money: {total_of: {did: order, field: total}, window: 5 days}")
    shop = make_shop(tmp_path / "shop", {"campaigns/cart.yml": cart}, web=carts(("a", "2026-05-01 10:00:00"), ("b", "2026-05-01 10:00:00")))
    for as_of in ("2026-05-01T09:00", "2026-05-01T11:00"):
        tick(shop, as_of)
    orders = [("1", "a", "2026-05-01 09:00:00", "7.00"), ("2", "a", "2026-05-02 10:00:00", "50.00"), ("3", "a", "2026-05-08 10:00:00", "9.00")]
    export(shop, orders=orders)
    tick(shop, "2026-05-03T11:00")
    assert retention(shop, "status", "--format", "json").json["goals"] == []
    tick(shop, "2026-05-09T11:00")
    assert retention(shop, "status", "--format", "json").json["goals"] == [{"campaign": "cart", "goal": "money", "count": 2, "total": 50.0}]


def test_a_rehearsal_is_not_a_sending(tmp_path: Path) -> None:
    """Targets that say `sqlite` have a file each: what went into a folder was not sent by another target."""
    settings = SETTINGS + "  other: {ledger: sqlite, deliver: {email: {to: folder, path: elsewhere}}, public_url: https://mail.example.com}\n"
    files = {"retention.yml": settings, "segments/asleep.yml": ASLEEP, "campaigns/wake.yml": WAKE.replace("asleep}", "asleep, backfill: true}")}
    shop = make_shop(tmp_path / "shop", files)
    assert tick(shop, "2026-05-01T09:00")["messages"]["sent"] == 1
    assert tick(shop, "2026-05-01T09:00", "--target", "other")["messages"]["sent"] == 1
    assert len(list((shop / "elsewhere").glob("*.eml"))) == 1
