"""`trigger.FIELD` in conditions: what the row says that began a journey, as it is now where it is found again, else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.shell import retention
from support.tiny_shop import COLUMNS, SETTINGS, export, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

MORE = {
    "products": ("product_id", "title", "price", "stock", "in_stock"),
    "orders": ("order_id", "customer_id", "ordered_at", "total", "status", "gift"),
    "web": ("customer_id", "occurred_at", "event", "product_id", "cart_id", "value"),
}
GOALS = "goals: {back: {when: {did: order}, window: 30 days}}\n"
OLD = ("0", "c", "2020-01-01 10:00:00", "1.00", "paid", "false")
PRODUCTS = [("p1", "Cup", "10.00", "0", "false"), ("p2", "Plate", "20.00", "0", "false")]


@pytest.fixture(autouse=True)
def _wider_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, columns in MORE.items():
        monkeypatch.setitem(COLUMNS, name, columns)


def shop_of(folder: Path, campaign: str, **tables: Any) -> Path:
    """Write a shop with one campaign called `it`."""
    given = {"products": PRODUCTS, "orders": [OLD], "web": [("c", "2020-01-01 10:00:00", "view_item", "p1", "k", "1.00")], **tables}
    return make_shop(folder / "shop", {"retention.yml": SETTINGS, "campaigns/it.yml": f"name: it\n{campaign}{GOALS}"}, **given)


def tick(shop: Path, as_of: str) -> Any:
    """Run once; return what became of the campaign."""
    ran = retention(shop, "run", "--as-of", as_of, "--format", "json")
    assert ran.code in (0, 5), ran.said
    return ran.json["campaigns"][0]


def order(number: str, who: str, total: str = "10.00", status: str = "paid", gift: str = "false") -> tuple[str, ...]:
    """Return an order of the first of May."""
    return (number, who, "2026-05-01 10:00:00", total, status, gift)


def test_a_row_is_read_again_from_the_newest_export(tmp_path: Path) -> None:
    """An order that is refunded later ends the journey that it began, and no other."""
    waits = "trigger: {did: order, backfill: true}\nexit: {refunded: {trigger.status: refunded}}\nsteps: [{wait: 3 days}, {stop: done}]\n"
    shop = shop_of(tmp_path, waits, orders=[OLD, order("1", "a"), order("2", "b")])
    assert tick(shop, "2026-05-01T10:30")["enter"] == 2
    export(shop, orders=[OLD, order("1", "a", status="refunded"), order("2", "b")])
    assert tick(shop, "2026-05-04T10:31")["exit"] == {"refunded": 1}
    assert {row["reason"]: row["count"] for row in retention(shop, "status", "--format", "json").json["journeys"]} == {"refunded": 1, "done": 1}


def test_of_a_row_that_is_gone_it_is_what_it_was(tmp_path: Path) -> None:
    waits = "trigger: {did: order, backfill: true}\nexit: {refunded: {trigger.status: refunded}}\nsteps: [{wait: 3 days}, {stop: done}]\n"
    others = [order(f"x{n}", "nobody") for n in range(9)]
    shop = shop_of(tmp_path, waits, orders=[OLD, *others, order("1", "a", status="refunded"), order("2", "b")])
    assert tick(shop, "2026-05-01T10:30")["exit"] == {"refunded": 1}, "it enters, and is out before its first step"
    export(shop, orders=[OLD, *others, order("1", "a", status="refunded")])
    assert tick(shop, "2026-05-04T10:31")["exit"] == {}


def test_numbers_flags_and_times_are_compared_as_such(tmp_path: Path) -> None:
    """9 is less than 10.5, whatever a text would say."""
    steps = (
        "steps:\n  - {if: {trigger.total: {at_least: 10.5}}, then: [{stop: large}]}\n  - {if: {trigger.gift: true}, then: [{stop: gift}]}\n"
        "  - {if: {trigger.ordered_at: {within: 1 day}}, then: [{stop: fresh}]}\n  - stop: other\n"
    )
    orders = [OLD, order("1", "a", "9.00"), order("2", "b", "10.50"), ("3", "c", "2026-05-01 10:00:00", "9.00", "paid", "true")]
    shop = shop_of(tmp_path, "trigger: {did: order, backfill: true}\n" + steps, orders=orders)
    assert tick(shop, "2026-05-01T10:30")["enter"] == 3
    ended = {row["reason"]: row["count"] for row in retention(shop, "status", "--format", "json").json["journeys"]}
    assert ended == {"fresh": 1, "large": 1, "gift": 1}


def test_of_a_row_without_a_key_it_is_what_it_was(tmp_path: Path) -> None:
    viewed = ("a", "2026-05-01 10:00:00", "view_item", "p1", "k1", "12.00")
    campaign = "trigger: {did: view_item, backfill: true}\n"
    campaign += "steps: [{wait: 1 day}, {if: {trigger.value: {more_than: 10}}, then: [{stop: dear}]}, {stop: cheap}]\n"
    shop = shop_of(tmp_path, campaign, web=[viewed])
    assert tick(shop, "2026-05-01T10:30")["enter"] == 1
    tick(shop, "2026-05-02T10:31")
    assert [row["reason"] for row in retention(shop, "status", "--format", "json").json["journeys"]] == ["dear"]


def test_a_change_tells_what_was_before_and_what_is_now(tmp_path: Path) -> None:
    campaign = "trigger: {changes: {field: status, of: orders}}\n"
    campaign += "steps: [{if: {trigger.to: shipped, trigger.from: paid}, then: [{stop: went}]}, {stop: other}]\n"
    shop = shop_of(tmp_path, campaign, orders=[OLD, order("1", "a"), order("2", "b")])
    tick(shop, "2026-05-01T10:30")
    export(shop, orders=[OLD, order("1", "a", status="shipped"), order("2", "b", status="lost")])
    assert tick(shop, "2026-05-02T10:30")["enter"] == 2
    assert {row["reason"]: row["count"] for row in retention(shop, "status", "--format", "json").json["journeys"]} == {"went": 1, "other": 1}


def test_back_in_stock_ends_when_all_its_products_are_sold_out_again(tmp_path: Path) -> None:
    """A waits for one product, b for two: as long as one of them is there, the journey goes on."""
    view = "view_item"
    web = [(who, "2026-04-30 10:00:00", view, product, "k", "1.00") for who, product in (("a", "p1"), ("b", "p1"), ("b", "p2"))]
    campaign = (
        "trigger: {restocked: {interested: {did: view_item, within: 30 days}, at_least: 5}}\n"
        "exit: {sold_out: {trigger.in_stock: false}, few: {trigger.stock: {less_than: 2}}}\nsteps: [{wait: 1 day}, {wait: 1 day}, {stop: done}]\n"
    )
    shop = shop_of(tmp_path, campaign, web=web)
    tick(shop, "2026-05-01T09:00")
    full = [("p1", "Cup", "10.00", "9", "true"), ("p2", "Plate", "20.00", "9", "true")]
    export(shop, products=full)
    assert tick(shop, "2026-05-02T09:00")["enter"] == 2
    export(shop, products=[("p1", "Cup", "10.00", "0", "false"), full[1]])
    assert tick(shop, "2026-05-03T09:00")["exit"] == {"sold_out": 1}
    export(shop, products=[("p1", "Cup", "10.00", "0", "false"), ("p2", "Plate", "20.00", "1", "true")])
    assert tick(shop, "2026-05-04T09:00")["exit"] == {"few": 1}


def test_a_message_that_has_not_left_is_asked_again(tmp_path: Path) -> None:
    """Planned for the evening, stopped by the refund of the afternoon; of a year that no clock has come to yet."""
    campaign = "trigger: {did: order, backfill: true}\nexit: {refunded: {trigger.status: refunded}}\n"
    campaign += 'steps: [{send: letter, at: "18:00"}, {wait: 1 day}, {stop: done}]\n'
    shop = shop_of(tmp_path, campaign, orders=[OLD, ("1", "a", "2027-05-01 10:00:00", "10.00", "paid", "false")])
    assert tick(shop, "2027-05-01T10:30")["held_back"] == {"not yet": 1}
    export(shop, orders=[OLD, ("1", "a", "2027-05-01 10:00:00", "10.00", "refunded", "false")])
    assert tick(shop, "2027-05-01T15:00")["exit"] == {"refunded": 1}


WRONG = {
    "trigger: {did: order}\nexit: {x: {trigger.statsu: refunded}}\nsteps: [stop]\n": (
        "campaigns/it.yml:3:12",
        "what begins the campaign has no 'statsu'",
        "did you mean 'status'?",
    ),
    "trigger: {schedule: {every: monday}}\nexit: {x: {trigger.status: refunded}}\nsteps: [stop]\n": (
        "campaigns/it.yml:3:12",
        "nothing but the customer begins 'it', so that there is no trigger.status",
        "begin the campaign by an event",
    ),
    "trigger: {did: order}\nexit: {x: {trigger.total: soon}}\nsteps: [stop]\n": ("campaigns/it.yml:3:27", "'soon'", "number"),
}


@pytest.mark.parametrize("campaign", WRONG)
def test_what_the_row_does_not_have_is_an_error(tmp_path: Path, campaign: str) -> None:
    shop = shop_of(tmp_path, campaign, orders=[OLD, order("1", "a")])
    told = retention(shop, "data", "import", "--as-of", "2026-05-02").said
    for words in WRONG[campaign]:
        assert words in told


def test_a_segment_has_no_trigger(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, "trigger: {did: order}\nsteps: [stop]\n")
    write(shop, "segments/s.yml", "where: {trigger.total: {at_least: 1}}\n")
    told = retention(shop, "data", "import", "--as-of", "2026-05-02").said
    assert "'trigger.total' is of what began a journey, and is known in campaigns alone" in told
