"""J06: an export that lost a column, or a segment that matches nobody, must not end every journey; a purchase always does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cli.test_late_facts import ENTERS, OLD, SEEN, TWO, ends, messages, shop_of, tick
from support.shell import retention
from support.tiny_shop import SETTINGS, export

if TYPE_CHECKING:
    from pathlib import Path

MANY = 150
EXIT = "exit: {moved: {country: SK}, ordered: {did: order, since: entry}}\n"
LAST = "2026-05-02T09:01"


def people(abroad: int = 0, count: int = MANY) -> list[tuple[str, ...]]:
    """Return customers, so many of whom have moved."""
    return [(f"c{n:03}", f"c{n}@example.com", "Ann", "SK" if n < abroad else "CZ", "2026-01-01") for n in range(count)]


def begun(folder: Path, settings: str = SETTINGS, exits: str = EXIT, **more: Any) -> Path:
    """Return a shop in which everybody got a first letter and waits a day for the second."""
    shop = shop_of(folder, ENTERS + exits + TWO, settings, customers=people(), **more)
    assert tick(shop, "2026-05-01T09:00", "--approve", "it")["send"] == MANY
    return shop


def test_when_too_many_would_leave_at_once_nothing_moves_until_somebody_approves(tmp_path: Path) -> None:
    shop = begun(tmp_path)
    export(shop, customers=[*people(101), ("new", "new@example.com", "New", "CZ", "2026-05-02")])
    report = tick(shop, LAST, codes=(3,))
    assert (report["send"], report["exit"], report["held_exits"], report["enter"]) == (0, {}, 101, 1)
    assert Counter(state for _, state, _ in ends(shop)) == {"open": MANY + 1}
    ran = retention(shop, "run", "--as-of", "2026-05-02T09:02")
    assert ran.code == 3
    assert "it: 101 journeys would end at once, so nothing of it moved; look at `retention plan`, then `retention run --approve it`" in ran.said
    assert "too many: nothing of it moves" in retention(shop, "plan", "--as-of", "2026-05-02T09:03").said
    report = tick(shop, "2026-05-02T09:04", "--approve", "it")
    assert (report["exit"], report["send"], report["held_exits"]) == ({"moved": 101}, MANY - 101 + 1, 0), "and who came meanwhile begins"


def test_when_the_export_is_mended_all_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    shop = begun(tmp_path)
    export(shop, customers=people(MANY))
    assert tick(shop, LAST, codes=(3,))["held_exits"] == MANY
    export(shop, customers=people())
    report = tick(shop, "2026-05-02T10:00")
    assert (report["send"], report["exit"]) == (MANY, {})
    assert Counter(row[1] for row in messages(shop)) == {"send-letter": MANY, "second": MANY}


def test_whoever_ordered_leaves_also_while_the_campaign_is_held(tmp_path: Path) -> None:
    """And however many order, that is no reason to hold anything."""
    shop = begun(tmp_path)
    orders = [*OLD, *((f"o{n}", f"c{n:03}", "2026-05-01 12:00:00", "9.00") for n in range(5))]
    export(shop, customers=people(120), orders=orders)
    report = tick(shop, LAST, codes=(3,))
    assert (report["exit"], report["held_exits"], report["send"]) == ({"ordered": 5}, 115, 0)
    shop = begun(tmp_path / "all")
    export(shop, orders=[*OLD, *((f"o{n}", f"c{n:03}", "2026-05-01 12:00:00", "9.00") for n in range(140))])
    report = tick(shop, LAST)
    assert (report["exit"], report["send"], report["held_exits"]) == ({"ordered": 140}, 10, 0)


def test_messages_of_a_held_campaign_are_held_and_leave_or_end_with_it(tmp_path: Path) -> None:
    exits = EXIT.replace("exit: {", "exit: {seen: {did: page_view, since: entry, max_data_age: 3 hours}, ")
    web = [*SEEN, ("nobody", "2026-05-01 08:00:00", "page_view", "p1", "k")]
    shop = begun(tmp_path, exits=exits, web=web)
    assert tick(shop, LAST)["held_back"] == {"data too old: web": MANY}
    export(shop, customers=people(110))
    assert tick(shop, "2026-05-02T10:00", codes=(3,))["held_back"] == {"too many exits": MANY}
    export(shop, customers=people(), web=[*web, ("nobody", "2026-05-02 10:30:00", "page_view", "p1", "k")])
    assert tick(shop, "2026-05-02T11:00")["send"] == MANY


def test_the_shops_own_surge_says_how_many_and_few_are_never_too_many(tmp_path: Path) -> None:
    """A share of all customers takes the place of the half and of the hundred."""
    shop = begun(tmp_path, SETTINGS + "policies: {surge: {at_most: 10%}}\n")
    export(shop, customers=people(16))
    assert tick(shop, LAST, codes=(3,))["held_exits"] == 16
    export(shop, customers=people(15))
    assert tick(shop, "2026-05-02T10:00")["exit"] == {"moved": 15}
    shop = begun(tmp_path / "usual")
    export(shop, customers=people(100))
    assert tick(shop, LAST)["exit"] == {"moved": 100}, "a hundred are few"
